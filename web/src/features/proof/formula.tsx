import type { LedgerFigures } from '../../api/ledger'
import { Saving } from '../../components/saving'
import { difference } from '../../lib/decimal'
import { messages } from '../../lib/messages'
import { columnRates } from '../../lib/money'
import type { Quantity } from '../../lib/why'
import { ALL_DECIMALS, hoursUsedInWords } from './ledger-line'

const text = messages.why

interface FormulaProps {
  readonly figures: LedgerFigures
  readonly provider: string
  readonly quantity: Quantity
}

/** How the figure comes about, with its numbers: a saving as the difference that it is. */
export function Formula({ figures, provider, quantity }: FormulaProps) {
  if (quantity === 'use') return <FormulaOfUse figures={figures} />
  return <FormulaOfSaving figures={figures} provider={provider} quantity={quantity} />
}

/** Hours of use as the seconds that they are. */
function FormulaOfUse({ figures }: Pick<FormulaProps, 'figures'>) {
  return (
    <section aria-label={text.formula} className="rounded-xl bg-sunken p-4 text-sm">
      <p className="font-semibold" data-figure="why-use">
        {hoursUsedInWords(figures)}
      </p>
      <p className="text-ink-soft">{text.useDetail}</p>
    </section>
  )
}

function FormulaOfSaving({ figures, provider, quantity }: FormulaProps) {
  const apart = difference(figures.paid, figures.paidCompared)
  const { comparison, paidCompared, saving, paid } = figures
  const usd = columnRates([comparison, paidCompared, saving, paid, apart], ALL_DECIMALS)
  const isLoss = Number(figures.saving) < 0
  const asked = (name: Quantity) => (name === quantity ? 'font-semibold' : '')
  return (
    <section aria-label={text.formula} className="rounded-xl bg-sunken p-4 text-sm">
      <dl className="formula">
        <dt className="text-ink-soft">{text.would(provider)}</dt>
        <dd className={`sm:text-right ${asked('comparison')}`} data-figure="why-comparison">
          {usd(comparison)}
        </dd>
        <dt className="text-ink-soft">− {text.paidCompared}</dt>
        <dd className="sm:text-right" data-figure="why-paid-compared">
          {usd(paidCompared)}
        </dd>
        <dt className="border-t border-line-strong pt-1.5 font-medium">
          = {isLoss ? text.equalsLoss : text.equals}
        </dt>
        <dd className={`border-t border-line-strong pt-1.5 sm:text-right ${asked('saving')}`}>
          <Saving amount={saving} decimals={usd} figure="why-saving" />
        </dd>
      </dl>
      {(Number(apart) !== 0 || quantity === 'paid') && (
        <dl className="formula mt-3 border-t border-line pt-3">
          <dt className="text-ink-soft">{text.paidTotal}</dt>
          <dd className={`sm:text-right ${asked('paid')}`} data-figure="why-paid">
            {usd(paid)}
          </dd>
          <dt className="text-ink-soft">{text.paidApart}</dt>
          <dd className="sm:text-right">{usd(apart)}</dd>
        </dl>
      )}
    </section>
  )
}
