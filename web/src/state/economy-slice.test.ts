import { describe, expect, it } from 'vitest'
import { makeStore } from '../app/store'
import {
  selectPollingInterval,
  selectProvider,
  selectRangeDays,
  setProvider,
  setRange,
  startEconomyPolling,
  stopEconomyPolling,
} from './economy-slice'

describe('the economy slice', () => {
  it('compares with AWS over thirty days until told otherwise, and does not poll', () => {
    const state = makeStore().getState()

    expect(selectProvider(state)).toBe('AWS')
    expect(selectRangeDays(state)).toBe(30)
    expect(selectPollingInterval(state)).toBe(0)
  })

  it.each([
    [0, 60_000],
    [1, 30_000],
    [12, 30_000],
  ])('polls with %i active instances every %i ms', (activeInstances, interval) => {
    const store = makeStore()

    store.dispatch(startEconomyPolling({ activeInstances, isLive: false, isFailing: false }))

    expect(selectPollingInterval(store.getState())).toBe(interval)
  })

  it.each([
    { isLive: true, isFailing: false },
    { isLive: false, isFailing: true },
  ])('does not poll where something else decides when to ask: %o', (pace) => {
    const store = makeStore()

    store.dispatch(startEconomyPolling({ activeInstances: 1, ...pace }))

    expect(selectPollingInterval(store.getState())).toBe(0)
  })

  it('stops polling', () => {
    const store = makeStore()
    store.dispatch(startEconomyPolling({ activeInstances: 1, isLive: false, isFailing: false }))

    store.dispatch(stopEconomyPolling())

    expect(selectPollingInterval(store.getState())).toBe(0)
  })

  it('remembers the chosen provider for the next visit', () => {
    makeStore().dispatch(setProvider('GCP'))

    expect(selectProvider(makeStore().getState())).toBe('GCP')
  })

  it('takes a remembered provider that it does not know for none', () => {
    localStorage.setItem('dumont-economy.provider', 'Oracle')

    expect(selectProvider(makeStore().getState())).toBe('AWS')
  })

  it('holds the range', () => {
    const store = makeStore()

    store.dispatch(setRange(365))

    expect(selectRangeDays(store.getState())).toBe(365)
  })
})
