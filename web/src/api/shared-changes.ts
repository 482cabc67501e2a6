import { AnswerReader } from '../lib/parse'
import { type ChangeListener, CHANGES, followChanges, readChanges } from './change-stream'

/** The tab that holds the stream says something every 10 s; after this it is taken for gone. */
const SILENCE_MS = 25_000

type Told =
  | { readonly kind: 'live'; readonly id: string }
  | { readonly kind: 'changed'; readonly data: string; readonly id: string }
  | { readonly kind: 'lost' }
  | { readonly kind: 'asked' }

const KINDS = ['live', 'changed', 'lost', 'asked'] as const

function readTold(raw: unknown): Told {
  const message = new AnswerReader(raw)
  const kind = message.oneOf('kind', KINDS)
  if (kind === 'live') return { kind, id: message.text('id') }
  if (kind === 'changed') return { kind, data: message.text('data'), id: message.text('id') }
  return { kind }
}

/**
 * Listen to an account's changes while the page is seen; returns how to stop.
 *
 * Of all tabs that are seen, one holds the stream and tells the others: a browser gives a server
 * few connections, and a server a user few streams. Where the browser cannot share (outside secure
 * contexts) each tab has its own.
 */
export function shareChanges(accountId: string, listener: ChangeListener): () => void {
  let visit: Visit | null = null
  let heldId: string | null = null
  const remembering: ChangeListener = {
    ...listener,
    onChange: (changed, id) => {
      heldId = id
      listener.onChange(changed, id)
    },
  }
  const look = () => {
    if (document.hidden) {
      visit?.end()
      visit = null
    } else {
      visit ??= new Visit(`dumont-economy.changes.${accountId}`, remembering, () => heldId)
    }
  }
  look()
  document.addEventListener('visibilitychange', look)
  return () => {
    document.removeEventListener('visibilitychange', look)
    visit?.end()
  }
}

/** The time during which a tab is seen: it waits for its turn to hold the stream, and then does. */
class Visit {
  readonly #listener: ChangeListener
  readonly #heldId: () => string | null
  readonly #others: BroadcastChannel
  readonly #left = new AbortController()
  #holdsStream = false
  #isLive = false
  #silence: ReturnType<typeof setTimeout> | undefined

  constructor(name: string, listener: ChangeListener, heldId: () => string | null) {
    this.#listener = listener
    this.#heldId = heldId
    this.#others = new BroadcastChannel(name)
    this.#others.onmessage = ({ data }) => {
      this.#hear(readTold(data))
    }
    this.#tell({ kind: 'asked' })
    void this.#takeTurn(name)
  }

  end(): void {
    clearTimeout(this.#silence)
    this.#setLive(false)
    if (this.#holdsStream) this.#tell({ kind: 'lost' })
    this.#left.abort()
    this.#others.close()
  }

  async #takeTurn(name: string): Promise<void> {
    const { signal } = this.#left
    // Outside secure contexts a browser has none.
    const locks = (navigator as { readonly locks?: LockManager }).locks
    if (locks === undefined) return this.#hold()
    try {
      await locks.request(name, { signal }, () => this.#hold())
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  async #hold(): Promise<void> {
    clearTimeout(this.#silence)
    this.#holdsStream = true
    const told: ChangeListener = {
      onLive: (isLive) => {
        this.#setLive(isLive)
        this.#report()
      },
      onChange: (changed, id) => {
        this.#listener.onChange(changed, id)
        this.#tell({ kind: 'changed', data: JSON.stringify({ changed }), id })
      },
      onSignedOut: () => {
        this.#listener.onSignedOut()
      },
    }
    await followChanges(told, this.#left.signal, this.#heldId)
    this.#holdsStream = false
  }

  #hear(told: Told): void {
    if (told.kind === 'asked') {
      if (this.#holdsStream) this.#report()
      return
    }
    // Two that hold a stream, each its own, are told by the server.
    if (this.#holdsStream) return
    this.#setLive(told.kind !== 'lost')
    if (told.kind === 'lost') return
    clearTimeout(this.#silence)
    this.#silence = setTimeout(() => {
      this.#setLive(false)
    }, SILENCE_MS)
    if (told.kind === 'changed') this.#listener.onChange(readChanges(told.data), told.id)
    else if (told.id !== this.#heldId()) this.#listener.onChange(CHANGES, told.id)
  }

  /** Tell the others whether the stream that is held is live, and what it told last. */
  #report(): void {
    const id = this.#heldId()
    if (!this.#isLive) this.#tell({ kind: 'lost' })
    else if (id !== null) this.#tell({ kind: 'live', id })
  }

  #setLive(isLive: boolean): void {
    if (isLive === this.#isLive) return
    this.#isLive = isLive
    this.#listener.onLive(isLive)
  }

  #tell(told: Told): void {
    // What is held on to while it ends may have a last word.
    if (!this.#left.signal.aborted) this.#others.postMessage(told)
  }
}
