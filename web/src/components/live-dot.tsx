import { useEffect, useRef } from 'react'
import { nextSecond, onFramesDue } from '../lib/frame-loop'

/** Seconds from one ring to the next; each is seen for one of them. */
const RING_EVERY = 2

/**
 * Says by a pulse that something runs; the words beside it say it too.
 *
 * The ring changes in the frames in which durations do: an animation would have the browser draw
 * frames of its own for it, and they cost more than everything that ticks.
 */
export function LiveDot() {
  const ring = useRef<HTMLSpanElement>(null)

  useEffect(
    () =>
      onFramesDue((now) => {
        const isSeen = Math.floor(now / 1000) % RING_EVERY === 0
        ring.current?.toggleAttribute('data-seen', isSeen)
        return nextSecond(now)
      }),
    [],
  )

  return (
    <span aria-hidden="true" className="pulse">
      <span ref={ring} className="pulse-ring" />
    </span>
  )
}
