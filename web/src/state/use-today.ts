import { useEffect } from 'react'
import { type Answer, toAnswer } from '../api/answer'
import type { Provider } from '../api/comparison'
import { type History, useGetHistoryQuery } from '../api/history'
import { usePolling } from './use-savings'

/** A clock that is placed a little early would ask again and again until midnight has come. */
const SHORTEST_WAIT_MS = 1000

/**
 * Ask for the history of today alone, and ask anew when it ends to be today's: an answer is valid
 * until midnight at most.
 */
export function useToday(provider: Provider): Answer<History> {
  const query = useGetHistoryQuery({ provider, days: 1 }, usePolling())
  const { refetch } = query
  const endsAt = query.data?.validity.endsAt ?? null

  useEffect(() => {
    const left = endsAt === null ? 0 : endsAt - performance.now()
    // What came too late already is polled for.
    if (left <= 0) return
    const timer = setTimeout(
      () => {
        if (!document.hidden) void refetch()
      },
      Math.max(left, SHORTEST_WAIT_MS),
    )
    return () => {
      clearTimeout(timer)
    }
  }, [endsAt, refetch])

  return toAnswer(query)
}
