import { messages } from '../lib/messages'
import { type Amount, formatRate, formatUsd, outcomeOf } from '../lib/money'

interface SavingProps {
  readonly amount: Amount
  /** Decimals; a rate shows as many as it has. */
  readonly decimals?: number | 'rate'
  readonly className?: string
  readonly figure?: string
  readonly showLossNote?: boolean
}

/** A saving that stands still, in green, or in amber where the comparison costs less. */
export function Saving({
  amount,
  decimals = 2,
  className = '',
  figure,
  showLossNote = false,
}: SavingProps) {
  return (
    <span className={`saving ${className}`} data-outcome={outcomeOf(amount)} data-figure={figure}>
      {decimals === 'rate' ? formatRate(amount) : formatUsd(amount, decimals)}
      {showLossNote && (
        <span className="loss-note ml-2 text-xs font-normal">{messages.figures.costsMore}</span>
      )}
    </span>
  )
}
