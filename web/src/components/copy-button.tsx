import { useEffect, useState } from 'react'
import { messages } from '../lib/messages'
import { Button } from './button'

const SAID_MS = 2500

interface CopyButtonProps {
  readonly label: string
  /** What is copied; it may have to be fetched first. */
  readonly text: () => string | Promise<string>
}

/** Copies a text, and says so for a moment. */
export function CopyButton({ label, text }: CopyButtonProps) {
  const [outcome, setOutcome] = useState<'copied' | 'refused' | 'working' | null>(null)

  useEffect(() => {
    if (outcome !== 'copied' && outcome !== 'refused') return
    const timer = setTimeout(() => {
      setOutcome(null)
    }, SAID_MS)
    return () => {
      clearTimeout(timer)
    }
  }, [outcome])

  const copy = async () => {
    setOutcome('working')
    try {
      await navigator.clipboard.writeText(await text())
      setOutcome('copied')
    } catch {
      setOutcome('refused')
    }
  }

  return (
    <>
      <Button
        disabled={outcome === 'working'}
        onClick={() => {
          void copy()
        }}
      >
        {outcome === 'copied' ? messages.why.copied : label}
      </Button>
      <span role="status" className="sr-only">
        {outcome === 'copied' && messages.why.copied}
        {outcome === 'refused' && messages.why.refused}
      </span>
    </>
  )
}
