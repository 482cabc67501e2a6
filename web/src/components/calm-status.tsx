import { useEffect, useRef, useState } from 'react'

const CALM_MS = 60_000

/** Tells assistive technology what ticks, at most once a minute. */
export function CalmStatus({ summary }: { readonly summary: () => string }) {
  const [text, setText] = useState(summary)
  const latest = useRef(summary)

  useEffect(() => {
    latest.current = summary
  }, [summary])

  useEffect(() => {
    const timer = setInterval(() => {
      setText(latest.current())
    }, CALM_MS)
    return () => {
      clearInterval(timer)
    }
  }, [])

  return (
    <p role="status" className="sr-only">
      {text}
    </p>
  )
}
