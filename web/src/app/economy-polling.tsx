import { useEffect } from 'react'
import { useDispatch, useSelector } from 'react-redux'
import { economyApi } from '../api/economy-api'
import { onClockJump } from '../lib/frame-loop'
import { selectProvider, startEconomyPolling, stopEconomyPolling } from '../state/economy-slice'
import { useSavings } from '../state/use-savings'

/** The server is asked again no sooner than this after a counter stopped. */
const SHORTEST_WAIT_MS = 1000

/** And no later than this, while the answer that should have come does not. */
const LONGEST_WAIT_MS = 30_000

/**
 * Keeps the figures fresh while a page shows them.
 *
 * Polls faster while instances are active, asks at the end of an answer's validity so that no
 * counter waits for the next poll, and asks at once when the machine slept. Where the same answer
 * comes again, or none, it asks again, at growing distances.
 */
export function EconomyPolling() {
  const dispatch = useDispatch()
  const answer = useSavings(useSelector(selectProvider))
  const savings = answer.state === 'ready' ? answer.data : null
  const activeInstances = savings?.activeInstancesCount ?? 0
  const endsAt = savings?.validity.endsAt ?? null

  useEffect(() => {
    dispatch(startEconomyPolling({ activeInstances }))
  }, [dispatch, activeInstances])

  useEffect(
    () => () => {
      dispatch(stopEconomyPolling())
    },
    [dispatch],
  )

  useEffect(() => {
    if (endsAt === null) return
    let timer: ReturnType<typeof setTimeout>
    const askIn = (wait: number, next: number) => {
      timer = setTimeout(() => {
        if (!document.hidden) dispatch(economyApi.util.invalidateTags(['Ledger']))
        askIn(next, Math.min(next * 2, LONGEST_WAIT_MS))
      }, wait)
    }
    askIn(Math.max(endsAt - performance.now(), SHORTEST_WAIT_MS), SHORTEST_WAIT_MS)
    return () => {
      clearTimeout(timer)
    }
  }, [dispatch, endsAt])

  useEffect(
    () =>
      onClockJump(() => {
        dispatch(economyApi.util.invalidateTags(['Ledger']))
      }),
    [dispatch],
  )

  return null
}
