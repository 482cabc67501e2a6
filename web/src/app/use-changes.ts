import { useEffect, useState } from 'react'
import { useStore } from 'react-redux'
import { economyApi } from '../api/economy-api'
import type { Change } from '../api/change-stream'
import { shareChanges } from '../api/shared-changes'
import { Refresher } from './refresher'
import { type makeStore, siteOfStore } from './store'

/** Ask again for what changes, as it does; says whether changes are told. */
export function useChanges(accountId: string): boolean {
  const store = useStore() as ReturnType<typeof makeStore>
  const [isLive, setLive] = useState(false)

  useEffect(() => {
    const refresher = new Refresher(store)
    const listener = {
      onLive: setLive,
      onChange: (changed: readonly Change[]) => {
        refresher.changed(changed)
      },
      onSignedOut: () => {
        store.dispatch(economyApi.util.invalidateTags(['Session']))
      },
    }
    const stop = shareChanges(accountId, listener, siteOfStore(store))
    return () => {
      stop()
      refresher.stop()
    }
  }, [store, accountId])

  return isLive
}
