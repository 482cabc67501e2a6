import { useEffect, useState } from 'react'
import { useStore } from 'react-redux'
import { economyApi } from '../api/economy-api'
import { shareChanges } from '../api/shared-changes'
import { Refresher } from './refresher'
import type { makeStore } from './store'

/** Ask again for what changes, as it does; says whether changes are told. */
export function useChanges(accountId: string): boolean {
  const store = useStore() as ReturnType<typeof makeStore>
  const [isLive, setLive] = useState(false)

  useEffect(() => {
    const refresher = new Refresher(store)
    const stop = shareChanges(accountId, {
      onLive: setLive,
      onChange: (changed) => {
        refresher.changed(changed)
      },
      onSignedOut: () => {
        store.dispatch(economyApi.util.invalidateTags(['Session']))
      },
    })
    return () => {
      stop()
      refresher.stop()
    }
  }, [store, accountId])

  return isLive
}
