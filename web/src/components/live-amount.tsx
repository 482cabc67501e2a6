import { useLayoutEffect, useRef } from 'react'
import { onFramesDue, tablesFrom } from '../lib/frame-loop'
import { formatScaledUsd, type LiveValue, scaled, type Validity } from '../lib/live-counter'
import { messages } from '../lib/messages'
import { outcomeOf } from '../lib/money'
import { TickingFigure } from '../lib/ticking-figure'
import { writeText } from '../lib/write-text'

interface LiveAmountProps {
  readonly live: LiveValue
  readonly validity: Validity
  readonly decimals: number
  /** Names the figure for tests and styles. */
  readonly figure: string
  /** What the figure is of: with another one it begins anew, and nothing is corrected. */
  readonly of?: string
  readonly className?: string
  readonly showLossNote?: boolean
  /** What was paid, or would have been: it is no saving and no loss, and has no colour of one. */
  readonly isCost?: boolean
  /** How many decimals the value is told with, where these are not all. */
  readonly told?: number
  /** A large figure, drawn as its digits change, whose fastest ones stand back. */
  readonly isHeadline?: boolean
}

const CENTS = 2

/** Live values have ten decimals. */
const ALL_TOLD = 10

/** Return a unit of the last of some decimals, scaled: so far two told values may be apart. */
function unitOf(decimals: number): bigint {
  return scaled('1') / 10n ** BigInt(decimals)
}

/** So long a correction stands beside the figure. */
const CORRECTION_MS = 10_000

/**
 * A saving or a cost that ticks as its shown digits change.
 *
 * The frame loop writes the text straight to the page, past React. It is silent to assistive
 * technology: a calm status beside it says the same once a minute. A correction against its slope
 * is written beside it.
 */
export function LiveAmount({
  live,
  validity,
  decimals,
  figure,
  of = '',
  className = '',
  showLossNote = false,
  isCost = false,
  isHeadline = false,
  told = ALL_TOLD,
}: LiveAmountProps) {
  const root = useRef<HTMLSpanElement>(null)
  const head = useRef<HTMLSpanElement>(null)
  const tail = useRef<HTMLSpanElement>(null)
  const loss = useRef<HTMLSpanElement>(null)
  const note = useRef<HTMLSpanElement>(null)
  const ticking = useRef<{ of: string; figure: TickingFigure; notedUntil: number } | null>(null)

  useLayoutEffect(() => {
    const shownAs = (value: bigint) => formatScaledUsd(value, decimals)
    if (ticking.current?.of !== of) {
      ticking.current = { of, figure: new TickingFigure(shownAs, unitOf(told)), notedUntil: 0 }
    }
    const { current } = ticking
    const correction = current.figure.take(live, validity, performance.now())
    if (correction !== null && note.current) {
      const unit = correction.amount < 0n ? -unitOf(decimals) : unitOf(decimals)
      // The last digit went back, also where the amount is written as nothing.
      const isNothing = shownAs(correction.amount) === shownAs(0n)
      const amount = isNothing ? unit : correction.amount
      note.current.textContent = messages.figures.corrected(
        (amount > 0n ? '+' : '') + shownAs(amount),
      )
      current.notedUntil = performance.now() + CORRECTION_MS
    }
    return onFramesDue((now) => {
      const value = current.figure.at(now)
      const text = shownAs(value)
      const cut = text.length - Math.max(decimals - CENTS, 0)
      if (root.current && head.current && tail.current && note.current) {
        writeText(head.current, text.slice(0, cut))
        writeText(tail.current, text.slice(cut))
        if (loss.current) {
          const outcome = outcomeOf(value)
          if (root.current.dataset['outcome'] !== outcome) root.current.dataset['outcome'] = outcome
          // A minus sign is often not read out: a loss is said.
          writeText(loss.current, outcome === 'loss' ? ` ${messages.figures.costsMore}` : '')
        }
        const isOver = now >= current.notedUntil
        if (note.current.hidden !== isOver) note.current.hidden = isOver
      }
      const changes = current.figure.changesAt(now, decimals)
      // Those of a table in one frame: two figures of one amount agree.
      const due = isHeadline ? changes : tablesFrom(changes)
      return now < current.notedUntil ? Math.min(due, current.notedUntil) : due
    })
  }, [live, validity, decimals, of, isHeadline, told])

  return (
    <span
      ref={root}
      className={isCost ? className : `saving ${className}`}
      data-figure={figure}
      aria-live="off"
    >
      <span className="ticking">
        <span ref={head} />
        <span ref={tail} className={isHeadline ? 'tail' : ''} />
      </span>
      {!isCost && (
        <span
          ref={loss}
          className={
            showLossNote ? 'loss-note ml-2 text-sm font-normal tracking-normal' : 'sr-only'
          }
        />
      )}
      <span ref={note} className="correction" hidden />
    </span>
  )
}
