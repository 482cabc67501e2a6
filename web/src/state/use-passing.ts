import { useEffect, useState } from 'react'

const PASSES_MS = 5000

/** A message that passes by itself. */
export function usePassing(): [string | null, (message: string) => void] {
  const [message, setMessage] = useState<string | null>(null)
  useEffect(() => {
    if (message === null) return
    const timer = setTimeout(() => {
      setMessage(null)
    }, PASSES_MS)
    return () => {
      clearTimeout(timer)
    }
  }, [message])
  return [message, setMessage]
}
