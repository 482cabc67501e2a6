import {
  clockGapAt,
  isClockJump,
  LiveCounter,
  type LiveValue,
  scaled,
  type Validity,
} from './live-counter'

/** What two answers on one line may differ by: a unit of the last digit that each was told with. */
const ROUNDING = scaled('0.0000000010')

/** Instants are read to the millisecond. */
const INSTANT_MS = 2n

/** Use is billed by begun seconds: within one, an answer may be off the line of the others by it. */
const SECOND_MS = 1000n

/** Writes a scaled value with the digits that are shown. */
export type ShownAs = (value: bigint) => string

/** A shown value that was wrong: how much it is more now than it would have been. */
export interface Correction {
  readonly amount: bigint
}

const signOf = (value: bigint) => (value > 0n ? 1 : value < 0n ? -1 : 0)
const sizeOf = (value: bigint) => (value < 0n ? -value : value)

/**
 * A figure on the screen that ticks, from one answer to the next.
 *
 * It follows the latest answer and never moves against its slope, unless what the server says has
 * changed: that is a correction, to be shown as one. Two answers about the same state are on one
 * line, and where the later one is placed a little behind, the figure waits for it.
 * When the machine slept or its clock was set, nobody knows how old an answer is: the figure stands
 * until another one comes.
 */
export class TickingFigure {
  readonly #shownAs: ShownAs
  /** How much a value may have been rounded when it was told. */
  readonly #rounding: bigint
  #counter: LiveCounter | null = null
  #shown: bigint | null = null
  #trustedAt = 0
  #floor: bigint | null = null

  constructor(shownAs: ShownAs, rounding = ROUNDING) {
    this.#shownAs = shownAs
    this.#rounding = rounding
  }

  /** Take an answer in place of the last one; returns the correction of what is shown, if any. */
  take(live: LiveValue, validity: Validity, now: number): Correction | null {
    const last = this.#counter
    const next = new LiveCounter(live, validity)
    const shown = this.#shown
    this.#counter = next
    this.#floor = null
    this.#trustedAt = now
    if (last === null || shown === null) return null

    const amount = next.at(now) - shown
    const direction = signOf(amount)
    if (direction === 0 || !isAgainst(direction, last, next)) return null
    if (signOf(last.perSecond) === signOf(next.perSecond) && this.#isOneLine(last, next)) {
      this.#floor = shown
      return null
    }
    if (this.#shownAs(next.at(now)) === this.#shownAs(shown)) return null
    const isLessThanADigit = this.#shownAs(amount) === this.#shownAs(0n)
    if (isLessThanADigit && signOf(next.perSecond) === -direction) {
      // It comes back to what is shown by itself, and what digits cannot tell need not be corrected.
      this.#floor = shown
      return null
    }
    return { amount }
  }

  /** Return the value to show at a monotonic instant, as a scaled integer. */
  at(now: number, clockGap = clockGapAt(now)): bigint {
    const counter = this.#counter
    if (counter === null) return 0n
    if (!isClockJump(counter.validity.clockGap, clockGap)) this.#trustedAt = now
    let value = counter.at(this.#trustedAt)
    if (this.#floor !== null) {
      const isBehind = signOf(value - this.#floor) === -signOf(counter.perSecond)
      if (isBehind) value = this.#floor
      else this.#floor = null
    }
    this.#shown = value
    return value
  }

  /** Return the instant after `now` at which the shown digits change. */
  changesAt(now: number, decimals: number): number {
    return this.#counter?.changesAt(now, decimals) ?? Infinity
  }

  #isOneLine(last: LiveCounter, next: LiveCounter): boolean {
    const off = sizeOf(next.value - last.atServerTime(next.validity.asOf))
    const inexact = isWholeSecond(last) && isWholeSecond(next) ? INSTANT_MS : SECOND_MS
    return off <= this.#rounding + (sizeOf(last.perSecond) * inexact) / SECOND_MS
  }
}

function isWholeSecond({ validity }: LiveCounter): boolean {
  return validity.asOf % Number(SECOND_MS) === 0
}

/** Say whether a step goes against the slope of one of two answers, or where none has one. */
function isAgainst(direction: number, last: LiveCounter, next: LiveCounter): boolean {
  const [before, after] = [signOf(last.perSecond), signOf(next.perSecond)]
  if (before === 0 && after === 0) return true
  // That the slope might change at the end of an answer was known when it came.
  const hasEnded = next.validity.asOf >= last.validity.asOf + lengthOf(last)
  if (hasEnded && after !== 0) return direction === -after
  return direction === -before || direction === -after
}

function lengthOf({ validity: { startsAt, endsAt } }: LiveCounter): number {
  return Math.round(endsAt - startsAt)
}
