import { useLayoutEffect, useRef } from 'react'
import { nextSecond, onFramesDue } from '../lib/frame-loop'
import { type Validity, scaled, toDecimalText } from '../lib/live-counter'
import { TickingFigure } from '../lib/ticking-figure'
import { formatDuration } from '../lib/time'
import { writeText } from '../lib/write-text'

interface LiveDurationProps {
  /** Hours of use at the start of the validity, summed over the instances. */
  readonly hours: number
  /** How many instances use time at once. */
  readonly instances: number
  readonly validity: Validity
}

/** Hours are told with four decimals. */
const HOURS_PER_UNIT = 10_000n
const SECONDS_PER_HOUR = 3600n

/** Half a unit is lost by rounding the hours, of each of two answers that are one line. */
const ROUNDING = scaled('0.36')

const shownAs = (seconds: bigint) => formatDuration(Number(toDecimalText(seconds)))

/** A duration that runs while its answer holds, and never backwards while as many run. */
export function LiveDuration({ hours, instances, validity }: LiveDurationProps) {
  const node = useRef<HTMLSpanElement>(null)
  const ticking = useRef<{ of: number; figure: TickingFigure } | null>(null)

  useLayoutEffect(() => {
    if (ticking.current?.of !== instances) {
      ticking.current = { of: instances, figure: new TickingFigure(shownAs, ROUNDING) }
    }
    const { figure } = ticking.current
    const units = BigInt(Math.round(hours * Number(HOURS_PER_UNIT)))
    const seconds = (units * SECONDS_PER_HOUR * scaled('1')) / HOURS_PER_UNIT
    const live = { value: toDecimalText(seconds), perSecond: toDecimalText(scaled(`${instances}`)) }
    figure.take(live, validity, performance.now())
    return onFramesDue((now) => {
      const value = figure.at(now)
      if (node.current) writeText(node.current, shownAs(value))
      if (instances === 0 || now >= validity.endsAt) return Infinity
      return nextSecond(now)
    })
  }, [hours, instances, validity])

  return <span ref={node} data-figure="session-duration" aria-live="off" />
}
