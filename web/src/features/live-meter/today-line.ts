import { LiveCounter, type LiveValue, toDecimalText, type Validity } from '../../lib/live-counter'

/** What a day has come to, from an instant on. */
export interface TodayLine {
  readonly live: LiveValue
  readonly validity: Validity
  /** The answer with the day's figure that the line begins with. */
  readonly began: Validity
}

/** What one answer tells of a day, and while it holds. */
interface DayAnswer {
  readonly saved: LiveValue['value']
  readonly validity: Validity
}

/** What another tells of how fast that goes on. */
interface SlopeAnswer {
  readonly perSecond: LiveValue['perSecond']
  readonly validity: Validity
}

/**
 * Return the line that today's figure is on, from the one before.
 *
 * The day's value and its slope come in two answers. A slope that is newer than the value, as after
 * a start, holds from its own answer on: with it from the beginning, the figure would have risen by
 * what was not yet running.
 */
export function todayLine(before: TodayLine | null, day: DayAnswer, slope: SlopeAnswer): TodayLine {
  const { perSecond, validity } = slope
  if (before?.began !== day.validity) {
    return { live: { value: day.saved, perSecond }, validity: day.validity, began: day.validity }
  }
  if (before.live.perSecond === perSecond) return before
  const value = new LiveCounter(before.live, before.validity).atServerTime(validity.asOf)
  return {
    live: { value: toDecimalText(value), perSecond },
    validity: { ...validity, endsAt: Math.min(validity.endsAt, before.validity.endsAt) },
    began: before.began,
  }
}
