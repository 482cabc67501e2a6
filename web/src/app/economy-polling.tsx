import { useEffect, useRef } from 'react'
import type { Dispatch } from '@reduxjs/toolkit'
import { useDispatch, useSelector } from 'react-redux'
import { economyApi } from '../api/economy-api'
import { onClockJump } from '../lib/frame-loop'
import { selectProvider, startEconomyPolling, stopEconomyPolling } from '../state/economy-slice'
import { useSavings } from '../state/use-savings'
import { useChanges } from './use-changes'

/** The server is asked again no sooner than this after a counter stopped, or an answer failed. */
const SHORTEST_WAIT_MS = 1000

/** And no later than this, while the answer that should have come does not. */
const LONGEST_WAIT_MS = 20_000

/** How soon the server is asked whether it is there when its stream of changes is cut. */
const AFTER_CUT_MS = 1000

/** Up to this share of a wait is added, so that those whose answers failed at once part. */
const LONGEST_DELAY = 0.25

/** Ask for the figures that are shown, where somebody sees them. */
function askForLedger(dispatch: Dispatch): void {
  if (!document.hidden) dispatch(economyApi.util.invalidateTags(['Ledger']))
}

/**
 * Keeps the figures fresh while a page shows them.
 *
 * Asks when the server tells that something has changed. Where it cannot, polls, faster while
 * instances are active. Asks soon when the server is cut off from telling, or the browser from its
 * network: a server that is lost is to be seen as lost, not at the next poll. Asks at the end of an
 * answer's validity, so that no counter waits, and at once when the machine slept or the page is
 * seen again. Where no answer comes, or the same again, it asks at growing distances.
 */
export function EconomyPolling({ accountId }: { readonly accountId: string }) {
  const dispatch = useDispatch()
  const isLive = useChanges(accountId)
  const answer = useSavings(useSelector(selectProvider))
  const savings = answer.state === 'ready' ? answer.data : null
  const isFailing =
    answer.state === 'failed' || (answer.state === 'ready' && answer.staleSince !== null)
  const activeInstances = savings?.activeInstancesCount ?? 0
  const endsAt = savings?.validity.endsAt ?? null

  useEffect(() => {
    dispatch(startEconomyPolling({ activeInstances, isLive, isFailing }))
  }, [dispatch, activeInstances, isLive, isFailing])

  useEffect(
    () => () => {
      dispatch(stopEconomyPolling())
    },
    [dispatch],
  )

  const wasLive = useRef(false)
  useEffect(() => {
    const isCut = wasLive.current && !isLive
    wasLive.current = isLive
    if (!isCut) return
    // Those that were cut off at once come back apart.
    const timer = setTimeout(
      () => {
        askForLedger(dispatch)
      },
      AFTER_CUT_MS * (1 + Math.random()),
    )
    return () => {
      clearTimeout(timer)
    }
  }, [dispatch, isLive])

  useEffect(() => {
    const onOffline = () => {
      askForLedger(dispatch)
    }
    window.addEventListener('offline', onOffline)
    return () => {
      window.removeEventListener('offline', onOffline)
    }
  }, [dispatch])

  useEffect(() => {
    if (endsAt === null && !isFailing) return
    const waitMs = () => Math.max((endsAt ?? 0) - performance.now(), 0)
    const ask = () => {
      askForLedger(dispatch)
    }
    let timer: ReturnType<typeof setTimeout>
    const askIn = (wait: number, next: number) => {
      timer = setTimeout(() => {
        ask()
        const delay = 1 + Math.random() * LONGEST_DELAY
        askIn(next * delay, Math.min(next * 2, LONGEST_WAIT_MS))
      }, wait)
    }
    askIn(isFailing ? SHORTEST_WAIT_MS : Math.max(waitMs(), SHORTEST_WAIT_MS), SHORTEST_WAIT_MS)
    // What ended while nobody looked is asked for when somebody does.
    const onSeen = () => {
      if (isFailing || waitMs() === 0) ask()
    }
    document.addEventListener('visibilitychange', onSeen)
    return () => {
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', onSeen)
    }
  }, [dispatch, endsAt, isFailing])

  useEffect(
    () =>
      onClockJump(() => {
        dispatch(economyApi.util.invalidateTags(['Ledger']))
      }),
    [dispatch],
  )

  return null
}
