import type { LedgerEntry, PriceSource } from '../../api/ledger'
import { GradeChip } from '../../components/grade-chip'
import { PriceDate } from '../../components/proof'
import { Saving } from '../../components/saving'
import { ReasonWords } from '../../components/reason-words'
import { SourceLink } from '../../components/source-link'
import { difference } from '../../lib/decimal'
import { messages } from '../../lib/messages'
import { formatQuantity } from '../../lib/money'
import type { Quantity } from '../../lib/why'
import { daysBetween, formatDate, formatExactInstant, STALE_AFTER_DAYS } from '../../lib/time'
import { exactUsd, formulaOf, type LedgerLine, hoursUsedFormula } from './ledger-line'

const text = messages.why

interface LedgerLinesProps {
  readonly lines: readonly LedgerLine[]
  readonly timeZone: string
  readonly provider: string
  readonly asOf: string
  readonly quantity: Quantity
}

/** Lines of the ledger, each with the price that it rests on and its formula filled in. */
export function LedgerLines({ lines, timeZone, provider, asOf, quantity }: LedgerLinesProps) {
  return (
    <ol className="divide-y divide-line border-y border-line">
      {lines.map((line) => {
        const { key, actual, other } = line
        const shown = actual ?? other
        if (shown === null) return null
        const isOfUse = quantity === 'use'
        return (
          <li key={key} className="space-y-1.5 py-3 text-caption">
            <p className="flex flex-wrap items-baseline justify-between gap-x-4">
              <span className="font-medium">
                {shown.instance}
                <span className="font-normal text-ink-soft">
                  {' · '}
                  {shown.component === 'compute'
                    ? `${shown.gpu} × ${shown.gpuCount}`
                    : text.components[shown.component]}
                </span>
              </span>
              {!isOfUse && actual?.amount != null && other?.amount != null && (
                <Saving amount={difference(other.amount, actual.amount)} decimals={4} />
              )}
            </p>
            <p className="text-ink-faint">
              {formatExactInstant(shown.from, timeZone)} – {formatExactInstant(shown.to, timeZone)}
            </p>
            {isOfUse && <p>{hoursUsedFormula(line)}</p>}
            {!isOfUse && actual !== null && <Side label={text.paid} entry={actual} asOf={asOf} />}
            {!isOfUse && other !== null && (
              <Side
                label={other.side === 'unpriced' ? text.unpriced : provider}
                entry={other}
                asOf={asOf}
              />
            )}
          </li>
        )
      })}
    </ol>
  )
}

interface SideProps {
  readonly label: string
  readonly entry: LedgerEntry
  readonly asOf: string
}

function Side({ label, entry, asOf }: SideProps) {
  const formula = formulaOf(entry)
  const { proof, exchange, reason } = entry
  return (
    <div className="grid grid-cols-1 gap-x-3 sm:grid-cols-facts">
      <p className="text-ink-soft">{label}</p>
      <div>
        {formula !== null && entry.amount !== null && (
          <p className="wrap-anywhere">
            {formula} = <span className="font-medium">{exactUsd(entry.amount)}</span>
          </p>
        )}
        {proof?.kind === 'machine' && (
          <p className="flex flex-wrap items-center gap-x-2 text-ink-soft">
            <GradeChip grade={proof.grade} />
            {proof.sku !== null && <span className="font-mono text-xs">{proof.sku}</span>}
            {proof.gpu}
          </p>
        )}
        {proof !== null && <Source source={proof.source} asOf={asOf} />}
        {exchange !== null && (
          <>
            <p className="text-ink-soft">
              {text.exchange(formatQuantity(exchange.rate, 12), exchange.currency)}
            </p>
            <Source source={exchange.source} asOf={asOf} />
          </>
        )}
        {Number(entry.padSeconds) > 0 && (
          <p className="text-ink-faint">{text.padded(formatQuantity(entry.padSeconds, 6))}</p>
        )}
        {reason !== null && (
          <p className="text-ink-faint">
            <GradeChip grade="N" />{' '}
            <ReasonWords reason={reason} sentences={messages.reasons.unpriced} />
          </p>
        )}
      </div>
    </div>
  )
}

function Source({ source, asOf }: { readonly source: PriceSource; readonly asOf: string }) {
  const { region, name, url, effectiveFrom, retrievedAt } = source
  return (
    <p className="flex flex-wrap gap-x-2 text-ink-faint">
      {region !== null && <span>{region}</span>}
      {effectiveFrom !== null && <span>{text.inForceSince(formatDate(effectiveFrom))}</span>}
      {retrievedAt !== null && (
        <PriceDate isStale={daysBetween(retrievedAt, asOf) > STALE_AFTER_DAYS}>
          {text.retrieved(formatDate(retrievedAt))}
        </PriceDate>
      )}
      {url === null ? (
        <span>{name}</span>
      ) : (
        <SourceLink href={url} title={name} isCut>
          {name}
        </SourceLink>
      )}
    </p>
  )
}
