import { useEffect, useRef } from 'react'

const RETRY_EVERY_MS = 10_000

/** Ask again while newer answers fail to come; never from a hidden tab. */
export function useRetry(isStale: boolean, retry: () => void): void {
  const latest = useRef(retry)

  useEffect(() => {
    latest.current = retry
  }, [retry])

  useEffect(() => {
    if (!isStale) return
    const timer = setInterval(() => {
      if (!document.hidden) latest.current()
    }, RETRY_EVERY_MS)
    return () => {
      clearInterval(timer)
    }
  }, [isStale])
}
