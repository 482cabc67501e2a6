import { configureStore } from '@reduxjs/toolkit'
import { setupListeners } from '@reduxjs/toolkit/query'
import { economyApi } from '../api/economy-api'
import type { Site } from '../lib/site'
import {
  economyReducer,
  initialEconomyState,
  keepChosenProvider,
  readChosenProvider,
} from '../state/economy-slice'

/** The checks of development look at every state; how long they take says nothing about a page. */
const CHECKS = { immutableCheck: { warnAfter: 1000 }, serializableCheck: { warnAfter: 1000 } }

/** Make a store of a site's figures: server data in RTK Query, screen state in one slice. */
export function makeQuietStore(site: Site) {
  return configureStore({
    reducer: { [economyApi.reducerPath]: economyApi.reducer, economy: economyReducer },
    middleware: (defaults) =>
      defaults({ ...CHECKS, thunk: { extraArgument: site } }).concat(economyApi.middleware),
    // Answers are told of as they come: told of in a frame, as is usual, they have what they change
    // drawn within that frame, which is then one long task with the layout and the paint of it all.
    enhancers: (defaults) => defaults({ autoBatch: { type: 'tick' } }),
    preloadedState: { economy: { ...initialEconomyState, provider: readChosenProvider() } },
  })
}

/** Make the screen's store, which follows the window and keeps what is chosen for the next visit. */
export function makeStore(site: Site = new URL('/', location.href)) {
  const store = makeQuietStore(site)
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

/** Return the site whose figures a store holds. */
export function siteOfStore(store: ReturnType<typeof makeQuietStore>): Site {
  return store.dispatch((_dispatch, _getState, site) => site)
}
