import type { Validity } from './live-counter'

/** How fast two good clocks may drift apart. */
const DRIFT = 0.0002

/**
 * Places the server's instants on the browser's monotonic clock.
 *
 * An answer is older than its receipt by its way through the network. The fastest answer so far
 * tells the distance of the two clocks best, so all answers are placed by it: two of them about
 * the same state lie on one line. The browser's wall clock, which may say anything, is not asked.
 */
export class ServerClock {
  #distance: number | null = null
  #measuredAt = 0

  /**
   * Take note that the server's clock showed an instant between two of the monotonic one.
   *
   * No answer comes before it is asked for: where one says so, a clock was set.
   */
  observe(serverTime: number, askedAt: number, receivedAt: number): void {
    const measured = receivedAt - serverTime
    const known = (this.#distance ?? measured) + DRIFT * (receivedAt - this.#measuredAt)
    this.#distance = known < askedAt - serverTime ? measured : Math.min(measured, known)
    this.#measuredAt = receivedAt
  }

  /** Return when an answer holds; one that was asked for with the browser's clocks so far apart. */
  place(asOf: number, validUntil: number, clockGap: number): Validity {
    const distance = this.#distance ?? -asOf
    return { startsAt: asOf + distance, endsAt: validUntil + distance, asOf, clockGap }
  }

  /** Return the server's time at a monotonic instant, null where no answer has told it. */
  at(now: number): number | null {
    return this.#distance === null ? null : now - this.#distance
  }
}
