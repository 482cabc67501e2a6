import type { Savings } from '../api/savings'
import { formatScaledUsd, LiveCounter } from '../lib/live-counter'
import { messages } from '../lib/messages'

/** Say a saving so that a loss is heard as one: a minus sign is often not read out. */
export function savingInWords(amount: bigint, decimals = 2): string {
  return amount < 0n
    ? messages.figures.lost(formatScaledUsd(-amount, decimals))
    : messages.figures.saved(formatScaledUsd(amount, decimals))
}

/** What the meter shows, in a sentence; while newer answers fail to come, of then. */
export function meterSummary(savings: Savings, isStale: boolean): string {
  const { liveSession, liveLifetime, validity, activeInstancesCount, provider } = savings
  const now = performance.now()
  const { summary, summaryThen } = messages.widget
  return (isStale ? summaryThen : summary)(
    savingInWords(new LiveCounter(liveSession, validity).at(now)),
    activeInstancesCount,
    savingInWords(new LiveCounter(liveLifetime, validity).at(now)),
    provider,
  )
}
