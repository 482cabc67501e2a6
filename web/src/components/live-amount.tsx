import { useLayoutEffect, useRef } from 'react'
import { nextSecond, onFramesDue } from '../lib/frame-loop'
import { formatScaledUsd, LiveCounter, type LiveValue, type Validity } from '../lib/live-counter'
import { messages } from '../lib/messages'
import { outcomeOf } from '../lib/money'
import { writeText } from '../lib/write-text'

interface LiveAmountProps {
  readonly live: LiveValue
  readonly validity: Validity
  readonly decimals: number
  /** Names the figure for tests and styles. */
  readonly figure: string
  readonly className?: string
  readonly showLossNote?: boolean
  /** A large figure, drawn as its digits change, whose fastest ones stand back. */
  readonly isHeadline?: boolean
}

const CENTS = 2

/**
 * A saving that ticks as its shown digits change.
 *
 * The frame loop writes the text straight to the page, past React. It is silent to assistive
 * technology: a calm status beside it says the same once a minute.
 */
export function LiveAmount({
  live,
  validity,
  decimals,
  figure,
  className = '',
  showLossNote = false,
  isHeadline = false,
}: LiveAmountProps) {
  const root = useRef<HTMLSpanElement>(null)
  const head = useRef<HTMLSpanElement>(null)
  const tail = useRef<HTMLSpanElement>(null)

  useLayoutEffect(() => {
    const counter = new LiveCounter(live, validity)
    return onFramesDue((now) => {
      const value = counter.at(now)
      const text = formatScaledUsd(value, decimals)
      const cut = text.length - Math.max(decimals - CENTS, 0)
      if (root.current && head.current && tail.current) {
        writeText(head.current, text.slice(0, cut))
        writeText(tail.current, text.slice(cut))
        const outcome = outcomeOf(value)
        if (root.current.dataset['outcome'] !== outcome) root.current.dataset['outcome'] = outcome
      }
      const due = counter.changesAt(now, decimals)
      return isHeadline ? due : Math.max(due, nextSecond(now))
    })
  }, [live, validity, decimals, isHeadline])

  return (
    <span ref={root} className={`saving ${className}`} data-figure={figure} aria-live="off">
      <span className="ticking">
        <span ref={head} />
        <span ref={tail} className={isHeadline ? 'tail' : ''} />
      </span>
      {showLossNote && (
        <span className="loss-note ml-2 text-sm font-normal tracking-normal">
          {messages.figures.costsMore}
        </span>
      )}
    </span>
  )
}
