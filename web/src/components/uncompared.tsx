import { difference } from '../lib/decimal'
import { messages } from '../lib/messages'
import { type Amount, amountText, formatRate, formatUsd } from '../lib/money'
import type { AskedWhy } from '../lib/why'
import { Why } from './why'

const CENT = 0.01

interface UncomparedProps {
  readonly paid: Amount
  /** The part of it that has a comparison. */
  readonly compared: Amount
  /** What opens: what was paid, with and without a comparison. */
  readonly about: AskedWhy
}

/**
 * Why a saving is not what would have been charged less what was paid: a part of what was paid has
 * no comparison. Nothing where all of it has one.
 */
export function Uncompared({ paid, compared, about }: UncomparedProps) {
  const apart = difference(amountText(paid), amountText(compared))
  if (Number(apart) === 0) return null
  return (
    <span className="mt-1 block text-[13px] leading-5 font-normal tracking-normal whitespace-normal text-ink-soft">
      <Why about={{ ...about, quantity: 'paid' }}>
        {/* Less than a cent is not nothing. */}
        {messages.figures.uncompared(Number(apart) < CENT ? formatRate(apart) : formatUsd(apart))}
      </Why>
    </span>
  )
}
