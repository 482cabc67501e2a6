import type { Projections } from '../api/savings'
import { messages } from '../lib/messages'
import { formatQuantity } from '../lib/money'

/** Say in words how a projection was made. */
export function projectionMethod({ method, daysMeasured, dailyHours }: Projections): string {
  const text = messages.widget
  switch (method) {
    case 'measured':
      return text.projection.measured(text.days(formatQuantity(daysMeasured ?? 0)))
    case 'hourly':
      return text.projection.hourly(formatQuantity(dailyHours ?? 0))
    case 'assumed_8_hours':
      return text.projection.assumed
    case 'none':
      return text.projection.none
  }
}
