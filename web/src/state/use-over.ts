import { useEffect, useState } from 'react'

/** An answer that should have come by then is late: the last one says nothing of the present. */
const LATE_AFTER_MS = 5000

/**
 * Say whether an answer has been over for a while, as a page that somebody sees knows it.
 *
 * It is asked for again at its end, and where nobody looked, when somebody does: no answer is late
 * that was not asked for.
 *
 * @param endsAt on the monotonic clock; null where there is no answer
 */
export function useOver(endsAt: number | null): boolean {
  const [overAt, setOverAt] = useState<number | null>(null)
  useEffect(() => {
    if (endsAt === null) return
    let timer: ReturnType<typeof setTimeout> | undefined
    const waitAnew = () => {
      clearTimeout(timer)
      if (document.hidden) return
      const wait = Math.max(endsAt - performance.now(), 0) + LATE_AFTER_MS
      timer = setTimeout(() => {
        setOverAt(endsAt)
      }, wait)
    }
    waitAnew()
    document.addEventListener('visibilitychange', waitAnew)
    return () => {
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', waitAnew)
    }
  }, [endsAt])
  return endsAt !== null && overAt === endsAt
}
