import { useLayoutEffect, useRef } from 'react'
import { nextSecond, onFramesDue } from '../lib/frame-loop'
import type { Validity } from '../lib/live-counter'
import { formatDuration } from '../lib/time'
import { writeText } from '../lib/write-text'

interface LiveDurationProps {
  /** Hours of use at the start of the validity, summed over the instances. */
  readonly hours: number
  /** How many instances use time at once. */
  readonly instances: number
  readonly validity: Validity
}

/** A duration that runs while its answer holds. */
export function LiveDuration({ hours, instances, validity }: LiveDurationProps) {
  const node = useRef<HTMLSpanElement>(null)

  useLayoutEffect(() => {
    return onFramesDue((now) => {
      const elapsed =
        Math.min(Math.max(now, validity.startsAt), validity.endsAt) - validity.startsAt
      const seconds = hours * 3600 + (instances * elapsed) / 1000
      if (node.current) writeText(node.current, formatDuration(seconds))
      if (instances === 0 || now >= validity.endsAt) return Infinity
      return nextSecond(now)
    })
  }, [hours, instances, validity])

  return <span ref={node} data-figure="session-duration" aria-live="off" />
}
