import { datesBetween, daysBefore, localDate } from '../../lib/time'
import { LONGEST_RANGE, type RangeDays } from '../../state/economy-slice'
import type { History } from '../../api/history'

/** One bar: parts that stack up; a day without use has none. */
export interface HistoryBar {
  readonly date: string
  /** Paid, up to what the comparison would have cost. */
  readonly paid: number | null
  /** The gap above it: saved. */
  readonly saved: number | null
  /** The gap above it: paid beyond the comparison. */
  readonly costsMore: number | null
  /** Paid without a comparison. */
  readonly uncompared: number | null
}

function firstDateOf(history: History, rangeDays: RangeDays, today: string): string {
  const oldest = history.days.at(-1)?.date ?? today
  const start = daysBefore(today, rangeDays - 1)
  // The longest range means "all": it begins where the use does.
  return rangeDays === LONGEST_RANGE || start > today ? oldest : start
}

/** Lay the days of a history out, oldest first; days without use stay as gaps. */
export function historyBars(history: History, rangeDays: RangeDays): HistoryBar[] {
  const today = localDate(history.asOf, history.timezone)
  const days = new Map(history.days.map((day) => [day.date, day]))
  return datesBetween(firstDateOf(history, rangeDays, today), today).map((date) => {
    const day = days.get(date)
    if (day === undefined) {
      return { date, paid: null, saved: null, costsMore: null, uncompared: null }
    }
    return {
      date,
      paid: Math.min(day.comparableCost, day.providerCost),
      saved: Math.max(day.savings, 0),
      costsMore: Math.max(-day.savings, 0),
      uncompared: Math.max(day.cost - day.comparableCost, 0),
    }
  })
}
