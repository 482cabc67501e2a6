import { configureStore } from '@reduxjs/toolkit'
import { setupListeners } from '@reduxjs/toolkit/query'
import { economyApi } from '../api/economy-api'
import {
  economyReducer,
  initialEconomyState,
  keepChosenProvider,
  readChosenProvider,
} from '../state/economy-slice'

/** The checks of development look at every state; how long they take says nothing about a page. */
const CHECKS = { immutableCheck: { warnAfter: 1000 }, serializableCheck: { warnAfter: 1000 } }

/** Make the store: server data in RTK Query, screen state in one slice. */
export function makeStore() {
  const store = configureStore({
    reducer: { [economyApi.reducerPath]: economyApi.reducer, economy: economyReducer },
    middleware: (defaults) => defaults(CHECKS).concat(economyApi.middleware),
    preloadedState: { economy: { ...initialEconomyState, provider: readChosenProvider() } },
  })
  setupListeners(store.dispatch)

  let kept = store.getState().economy.provider
  store.subscribe(() => {
    const { provider } = store.getState().economy
    if (provider === kept) return
    kept = provider
    keepChosenProvider(provider)
  })
  return store
}
