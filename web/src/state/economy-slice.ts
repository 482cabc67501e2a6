import { createSlice, type PayloadAction } from '@reduxjs/toolkit'
import { type Provider, PROVIDERS } from '../api/comparison'

/** The ranges of the history, in days; a range counts back from today. */
export const RANGE_DAYS = [1, 7, 30, 365, 3660] as const
export type RangeDays = (typeof RANGE_DAYS)[number]

/** The longest range means "all". */
export const LONGEST_RANGE = 3660

const ACTIVE_INTERVAL_MS = 30_000
const QUIET_INTERVAL_MS = 60_000
const PROVIDER_KEY = 'dumont-economy.provider'

export interface EconomyState {
  provider: Provider
  rangeDays: RangeDays
  polling: {
    isPolling: boolean
    intervalMs: number
  }
}

/** What decides how often the server is asked. */
export interface Pace {
  readonly activeInstances: number
  /** Changes are told as they happen. */
  readonly isLive: boolean
  /** The last answer did not come. */
  readonly isFailing: boolean
}

/** The part of the store's state that this slice is. */
export interface WithEconomy {
  economy: EconomyState
}

/** Read the provider that was chosen last in this browser. */
export function readChosenProvider(): Provider {
  try {
    const chosen = localStorage.getItem(PROVIDER_KEY)
    return PROVIDERS.find((provider) => provider === chosen) ?? 'AWS'
  } catch {
    // A browser may refuse storage; then nothing was ever chosen.
    return 'AWS'
  }
}

/** Keep the chosen provider for the next visit. */
export function keepChosenProvider(provider: Provider): void {
  try {
    localStorage.setItem(PROVIDER_KEY, provider)
  } catch {
    // A browser may refuse storage; then the choice lasts as long as the page.
  }
}

const initialState: EconomyState = {
  provider: 'AWS',
  rangeDays: 30,
  polling: { isPolling: false, intervalMs: QUIET_INTERVAL_MS },
}

const economySlice = createSlice({
  name: 'economy',
  initialState,
  reducers: {
    setProvider(state, action: PayloadAction<Provider>) {
      state.provider = action.payload
    },
    setRange(state, action: PayloadAction<RangeDays>) {
      state.rangeDays = action.payload
    },
    /**
     * Poll, and faster while instances are active.
     *
     * Not while changes are told, nor while answers fail to come: then it is not for a steady pace
     * to ask (`app/economy-polling.tsx`).
     */
    startEconomyPolling(state, action: PayloadAction<Pace>) {
      const { activeInstances, isLive, isFailing } = action.payload
      state.polling.isPolling = !isLive && !isFailing
      state.polling.intervalMs = activeInstances > 0 ? ACTIVE_INTERVAL_MS : QUIET_INTERVAL_MS
    },
    stopEconomyPolling(state) {
      state.polling.isPolling = false
    },
  },
})

export const economyReducer = economySlice.reducer
export const initialEconomyState = initialState
export const { setProvider, setRange, startEconomyPolling, stopEconomyPolling } =
  economySlice.actions

export const selectProvider = (state: WithEconomy) => state.economy.provider
export const selectRangeDays = (state: WithEconomy) => state.economy.rangeDays

/** The polling interval in milliseconds; 0 is RTK Query's word for "do not poll". */
export const selectPollingInterval = ({ economy: { polling } }: WithEconomy) =>
  polling.isPolling ? polling.intervalMs : 0
