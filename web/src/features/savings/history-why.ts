import type { Provider } from '../../api/comparison'
import { daysBefore, localDate, nextDate } from '../../lib/time'
import type { AskedWhy, Quantity } from '../../lib/why'
import { LONGEST_RANGE, type RangeDays } from '../../state/economy-slice'
import type { History } from '../../api/history'

/** The question why a day's figure is what it is. */
export function whyOfDay(date: string, provider: Provider, quantity: Quantity): AskedWhy {
  return { about: 'usage', provider, quantity, from: date, to: nextDate(date) }
}

/** The question why the whole range's figure is what it is; the longest range is all time. */
export function whyOfRange(history: History, rangeDays: RangeDays, quantity: Quantity): AskedWhy {
  const { provider, asOf, timezone } = history
  const today = localDate(asOf, timezone)
  const from = rangeDays === LONGEST_RANGE ? null : daysBefore(today, rangeDays - 1)
  return { about: 'usage', provider, quantity, from }
}
