import { type DecimalText, formatUsd } from './money'

/** Decimals of the scaled integers: as many as the finest slope of the API has. */
const SCALE = 16
const UNIT = 10n ** BigInt(SCALE)
const MICROSECONDS = 1_000_000n

/** A value with its exact slope, as the server gives it. */
export interface LiveValue {
  readonly value: DecimalText
  readonly perSecond: DecimalText
}

/** When an answer holds, in milliseconds. */
export interface Validity {
  /** From when to when, on the browser's monotonic clock. */
  readonly startsAt: number
  readonly endsAt: number
  /** Its beginning on the server's clock. */
  readonly asOf: number
  /** How far the browser's clocks were apart when it was placed on one of them. */
  readonly clockGap: number
}

/** The browser's clocks may come this much further apart without one having been set or stopped. */
const CLOCK_JUMP_MS = 2000

/** Return how far the browser's wall clock is ahead of its monotonic one, in milliseconds. */
export function clockGapAt(now: number): number {
  return Date.now() - now
}

/** Say whether the machine slept, or its clock was set, between two distances of its clocks. */
export function isClockJump(before: number, after: number): boolean {
  return Math.abs(after - before) > CLOCK_JUMP_MS
}

/** Parse decimal text into a scaled integer; digits beyond the scale are cut off. */
export function scaled(text: DecimalText): bigint {
  const negative = text.startsWith('-')
  const [whole = '0', fraction = ''] = (negative ? text.slice(1) : text).split('.')
  const size = BigInt(whole) * UNIT + BigInt(fraction.slice(0, SCALE).padEnd(SCALE, '0'))
  return negative ? -size : size
}

/** Write a scaled integer as decimal text. */
export function toDecimalText(value: bigint): DecimalText {
  const size = value < 0n ? -value : value
  const fraction = (size % UNIT).toString().padStart(SCALE, '0')
  return `${value < 0n ? '-' : ''}${size / UNIT}.${fraction}` as DecimalText
}

/** Return what one live value is more than another; null where that is nothing, and stays so. */
export function liveDifference(one: LiveValue, other: LiveValue): LiveValue | null {
  const value = scaled(one.value) - scaled(other.value)
  const perSecond = scaled(one.perSecond) - scaled(other.perSecond)
  if (value === 0n && perSecond === 0n) return null
  return { value: toDecimalText(value), perSecond: toDecimalText(perSecond) }
}

/**
 * A live value while its answer holds.
 *
 * It stands still outside the validity: before it nothing is known, and after it the slope may
 * have changed.
 */
export class LiveCounter {
  readonly value: bigint
  readonly perSecond: bigint
  readonly validity: Validity

  constructor(live: LiveValue, validity: Validity) {
    this.value = scaled(live.value)
    this.perSecond = scaled(live.perSecond)
    this.validity = validity
  }

  /** Return the value at a monotonic instant, as a scaled integer. */
  at(now: number): bigint {
    const { startsAt, endsAt } = this.validity
    return this.#after(Math.min(Math.max(now, startsAt), endsAt) - startsAt)
  }

  /** Return the value at an instant of the server's clock, also at one before the answer. */
  atServerTime(instant: number): bigint {
    const { startsAt, endsAt, asOf } = this.validity
    return this.#after(Math.min(instant - asOf, endsAt - startsAt))
  }

  /** Return the instant after `now` at which the value, rounded to some decimals, or its sign changes. */
  changesAt(now: number, decimals: number): number {
    if (this.perSecond === 0n || now >= this.validity.endsAt) return Infinity
    const step = 10n ** BigInt(SCALE - decimals)
    const isRising = this.perSecond > 0n
    const ahead = isRising ? this.at(now) : -this.at(now)
    // Distance to the next tie of the rounding, in the direction of the slope.
    const shifted = ahead + step / 2n
    const toTie = step - (((shifted % step) + step) % step)
    // A loss becomes a saving between two ties.
    const toSign = ahead < 0n ? -ahead : ahead === 0n ? 1n : toTie
    const distance = toSign < toTie ? toSign : toTie
    const seconds = Number(distance) / Number(isRising ? this.perSecond : -this.perSecond)
    return Math.min(Math.max(now, this.validity.startsAt) + seconds * 1000, this.validity.endsAt)
  }

  #after(milliseconds: number): bigint {
    const microseconds = BigInt(Math.round(milliseconds * 1000))
    return this.value + (this.perSecond * microseconds) / MICROSECONDS
  }
}

/** Format a scaled amount of USD. */
export function formatScaledUsd(value: bigint, decimals: number): string {
  return formatUsd(toDecimalText(value), decimals)
}
