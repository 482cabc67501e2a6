import { messages } from '../lib/messages'
import { type Amount, formatRate, formatUsd, outcomeOf, type RateFormat } from '../lib/money'

interface SavingProps {
  readonly amount: Amount
  /** Decimals; a rate shows as many as it has, or as its column. */
  readonly decimals?: number | 'rate' | RateFormat
  readonly className?: string
  readonly figure?: string
  readonly showLossNote?: boolean
}

function write(amount: Amount, decimals: number | 'rate' | RateFormat): string {
  if (typeof decimals === 'function') return decimals(amount)
  return decimals === 'rate' ? formatRate(amount) : formatUsd(amount, decimals)
}

/** A saving that stands still, in green, or in amber where the comparison costs less. */
export function Saving({
  amount,
  decimals = 2,
  className = '',
  figure,
  showLossNote = false,
}: SavingProps) {
  const outcome = outcomeOf(amount)
  return (
    <span className={`saving ${className}`} data-outcome={outcome} data-figure={figure}>
      {write(amount, decimals)}
      {/* A minus sign is often not read out: a loss is said, also where it is not written. */}
      {outcome === 'loss' && (
        <span className={showLossNote ? 'ml-2 text-xs font-normal' : 'sr-only'}>
          {' '}
          {messages.figures.costsMore}
        </span>
      )}
    </span>
  )
}
