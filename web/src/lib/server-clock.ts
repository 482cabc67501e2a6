import type { Validity } from './live-counter'

/** A distance that grew by more than this is a clock that was set, not a slow answer. */
const RESET_AFTER_MS = 2000

/** How fast two good clocks may drift apart. */
const DRIFT = 0.0002

/**
 * Places the server's instants on the browser's monotonic clock.
 *
 * An answer is older than its receipt by its way through the network. The fastest answer so far
 * tells the distance of the two clocks best, so all answers are placed by it: two of them about
 * the same state lie on one line, and a slower poll never makes a counter step back.
 */
export class ServerClock {
  #distance: number | null = null
  #measuredAt = 0

  /** Return when an answer holds that was received at a monotonic instant. */
  place(asOf: string, validUntil: string, receivedAt: number): Validity {
    const measured = receivedAt - Date.parse(asOf)
    const drifted = (this.#distance ?? measured) + DRIFT * (receivedAt - this.#measuredAt)
    this.#distance = measured - drifted > RESET_AFTER_MS ? measured : Math.min(measured, drifted)
    this.#measuredAt = receivedAt
    return {
      startsAt: Date.parse(asOf) + this.#distance,
      endsAt: Date.parse(validUntil) + this.#distance,
    }
  }
}
