import { useEffect, useRef, useState } from 'react'

const CALM_MS = 60_000

interface CalmStatusProps {
  readonly summary: () => string
  /** Newer answers fail to come. */
  readonly isStale: boolean
}

/**
 * Tells assistive technology what ticks, at most once a minute.
 *
 * That newer answers fail to come is told at once. That they come again is not: a feed that comes
 * and goes would be told of each time.
 */
export function CalmStatus({ summary, isStale }: CalmStatusProps) {
  const [said, setSaid] = useState(() => ({ text: summary(), isStale }))
  const latest = useRef({ summary, isStale })
  if (isStale && !said.isStale) setSaid({ text: summary(), isStale })

  useEffect(() => {
    latest.current = { summary, isStale }
  }, [summary, isStale])

  useEffect(() => {
    const timer = setTimeout(() => {
      const { summary, isStale } = latest.current
      setSaid({ text: summary(), isStale })
    }, CALM_MS)
    return () => {
      clearTimeout(timer)
    }
  }, [said])

  return (
    <p role="status" className="sr-only">
      {said.text}
    </p>
  )
}
