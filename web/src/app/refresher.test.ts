import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { economyApi } from '../api/economy-api'
import { Refresher } from './refresher'
import { makeStore } from './store'

/** When each of the two answers was asked for, in ms since the test began. */
let askedForLedger: number[] = []
let askedForPolicy: number[] = []
let answersIn = 0
let began = 0

const asked = (times: number[]) => async () => {
  times.push(performance.now() - began)
  if (answersIn > 0) await new Promise((resolve) => setTimeout(resolve, answersIn))
  return { data: null }
}

const testApi = economyApi.injectEndpoints({
  endpoints: (build) => ({
    testLedger: build.query<null, void>({
      queryFn: () => asked(askedForLedger)(),
      providesTags: ['Ledger'],
    }),
    testPolicy: build.query<null, void>({
      queryFn: () => asked(askedForPolicy)(),
      providesTags: ['Policy'],
    }),
  }),
})

let store = makeStore()
let refresher = new Refresher(store)
const wait = (ms: number) => vi.advanceTimersByTimeAsync(ms)

beforeEach(async () => {
  vi.useFakeTimers()
  began = performance.now()
  askedForLedger = []
  askedForPolicy = []
  answersIn = 0
  store = makeStore()
  refresher = new Refresher(store)
  void store.dispatch(testApi.endpoints.testLedger.initiate())
  void store.dispatch(testApi.endpoints.testPolicy.initiate())
  await wait(0)
})

afterEach(() => {
  refresher.stop()
  store.dispatch(economyApi.util.resetApiState())
  vi.useRealTimers()
})

describe('what may have changed', () => {
  it('is asked for at once, and nothing else is', async () => {
    refresher.changed(['ledger'])
    await wait(10)

    expect(askedForLedger).toHaveLength(2)
    expect(askedForPolicy).toHaveLength(1)
  })

  it('is asked for once a second at most, and at last after the last change', async () => {
    for (let change = 0; change < 30; change += 1) {
      refresher.changed(['ledger'])
      await wait(100)
    }
    await wait(1000)

    expect(askedForLedger.length).toBeGreaterThanOrEqual(4)
    expect(askedForLedger.length).toBeLessThanOrEqual(5)
    expect(askedForLedger.at(-1)).toBeGreaterThanOrEqual(2900)
  })

  it('is all that is compared, where the policy has changed', async () => {
    refresher.changed(['policy'])
    await wait(10)

    expect(askedForLedger).toHaveLength(2)
    expect(askedForPolicy).toHaveLength(2)
  })

  it('is asked for within ten seconds where prices have, for they change for everybody', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.5)
    refresher.changed(['prices'])

    await wait(4900)
    expect(askedForLedger).toHaveLength(1)
    await wait(200)

    expect(askedForLedger).toHaveLength(2)
    vi.mocked(Math.random).mockRestore()
  })

  it('does not wait for prices where the ledger has changed too', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.5)
    refresher.changed(['prices'])
    await wait(1000)
    refresher.changed(['ledger'])
    await wait(10)

    expect(askedForLedger).toHaveLength(2)
    vi.mocked(Math.random).mockRestore()
  })

  it('is asked for again where an answer was on its way, which may be from before', async () => {
    answersIn = 700
    void store.dispatch(testApi.endpoints.testLedger.initiate(undefined, { forceRefetch: true }))
    await wait(100)
    refresher.changed(['ledger'])

    await wait(550)
    expect(askedForLedger).toHaveLength(2)
    await wait(1500)

    expect(askedForLedger).toHaveLength(3)
    await wait(10_000)
    expect(askedForLedger).toHaveLength(3)
  })

  it('is asked for by nobody who has left', async () => {
    refresher.changed(['ledger'])
    refresher.stop()
    await wait(20_000)

    expect(askedForLedger).toHaveLength(1)
  })
})
