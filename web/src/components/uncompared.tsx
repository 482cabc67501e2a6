import type { ReactNode } from 'react'
import { difference } from '../lib/decimal'
import { liveDifference, type LiveValue, type Validity } from '../lib/live-counter'
import { messages } from '../lib/messages'
import { type Amount, amountText, formatRate, formatUsd } from '../lib/money'
import type { AskedWhy } from '../lib/why'
import { LiveAmount } from './live-amount'
import { Sentence } from './sentence'
import { Why } from './why'

/** Less than a cent is not nothing. */
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
    <Apart about={about}>
      {messages.figures.uncompared(Number(apart) < CENT ? formatRate(apart) : formatUsd(apart))}
    </Apart>
  )
}

interface LiveUncomparedProps {
  readonly paid: LiveValue
  readonly compared: LiveValue
  readonly validity: Validity
  /** What the figure is of, as a live amount takes it. */
  readonly of: string
  readonly about: AskedWhy
}

/** The same beside a saving that ticks: it ticks as what was paid does. */
export function LiveUncompared({ paid, compared, validity, of, about }: LiveUncomparedProps) {
  const apart = liveDifference(paid, compared)
  if (apart === null) return null
  return (
    <Apart about={about}>
      <Sentence words={messages.figures.uncompared}>
        <LiveAmount
          figure="uncompared"
          of={of}
          live={apart}
          validity={validity}
          decimals={Number(apart.value) < CENT ? 4 : 2}
          isCost
        />
      </Sentence>
    </Apart>
  )
}

function Apart({ about, children }: { readonly about: AskedWhy; readonly children: ReactNode }) {
  return (
    <span className="mt-1 block text-caption leading-5 font-normal tracking-normal whitespace-normal text-ink-soft">
      <Why about={{ ...about, quantity: 'paid' }}>{children}</Why>
    </span>
  )
}
