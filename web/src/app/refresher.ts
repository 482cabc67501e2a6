import type { Store } from '@reduxjs/toolkit'
import { QueryStatus } from '@reduxjs/toolkit/query'
import { type Change, CHANGES } from '../api/change-stream'
import { economyApi } from '../api/economy-api'

/** Changes that follow each other faster share their questions. */
const APART_MS = 1000

/** Prices change for everybody at once: whoever listens asks at another moment of this time. */
const SPREAD_MS = 10_000

/** How often it is looked whether an answer has come that was on its way when something changed. */
const LOOKS_EVERY_MS = 250

type EconomyState = ReturnType<typeof economyApi.reducer>
type EconomyStore = Store<{ economyApi: EconomyState }>

/** Asks again for what a page shows when it may have changed. */
export class Refresher {
  readonly #store: EconomyStore
  readonly #waiting = new Set<Change>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #lateTimer: ReturnType<typeof setTimeout> | undefined
  #dueAt = Infinity
  #askedAt = -Infinity

  constructor(store: EconomyStore) {
    this.#store = store
  }

  /** Ask for what depends on these: soon, and once for all that comes until then. */
  changed(changes: readonly Change[]): void {
    for (const change of changes) this.#waiting.add(change)
    const isOfPrices = changes.every((change) => change === 'prices')
    const spread = isOfPrices ? Math.random() * SPREAD_MS : 0
    this.#askAt(Math.max(performance.now() + spread, this.#askedAt + APART_MS))
  }

  stop(): void {
    clearTimeout(this.#timer)
    clearTimeout(this.#lateTimer)
  }

  #askAt(at: number): void {
    if (at >= this.#dueAt) return
    clearTimeout(this.#timer)
    this.#dueAt = at
    this.#timer = setTimeout(() => {
      this.#ask()
    }, at - performance.now())
  }

  #ask(): void {
    const onTheirWay = this.#requestsOnTheirWay()
    const isOfLedger = [...this.#waiting].every((change) => change === 'ledger')
    this.#waiting.clear()
    this.#dueAt = Infinity
    this.#askedAt = performance.now()
    this.#store.dispatch(
      economyApi.util.invalidateTags(isOfLedger ? ['Ledger'] : ['Ledger', 'Policy']),
    )
    if (onTheirWay.size > 0) this.#askAfter(onTheirWay)
  }

  /**
   * Ask once more when these requests have ended: what they bring may be from before the change,
   * and a question whose answer is on its way is not asked twice.
   */
  #askAfter(requests: ReadonlySet<string>): void {
    clearTimeout(this.#lateTimer)
    this.#lateTimer = setTimeout(() => {
      if ([...this.#requestsOnTheirWay()].some((one) => requests.has(one))) this.#askAfter(requests)
      else this.changed(CHANGES)
    }, LOOKS_EVERY_MS)
  }

  #requestsOnTheirWay(): Set<string> {
    const { queries } = this.#store.getState().economyApi
    const found = new Set<string>()
    for (const query of Object.values(queries)) {
      if (query?.status === QueryStatus.pending) found.add(query.requestId)
    }
    return found
  }
}
