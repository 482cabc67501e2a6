import type { Provider } from '../api/comparison'
import type { Instance, Match } from '../api/instances'
import { messages } from '../lib/messages'
import { type DecimalText, formatQuantity } from '../lib/money'
import { formatDate, STALE_AFTER_DAYS } from '../lib/time'
import { GradeChip } from './grade-chip'
import { PriceDate } from './proof'
import { ReasonWords } from './reason-words'
import { SourceLink } from './source-link'
import { WeighedLink } from './weighed-link'

const text = messages.instances

function skuInWords({ form, machines, sku, source }: Match): string {
  if (sku === null) return source
  if (form === 'share') return text.share(sku)
  return machines > 1 ? text.machines(machines, sku) : sku
}

function ratio(multiple: DecimalText | null): string {
  return multiple === null ? text.unknownRatio : `${formatQuantity(multiple, 2)}×`
}

interface MatchCellProps {
  readonly instance: Pick<Instance, 'match' | 'unpriced' | 'gpuType' | 'gpuCount'>
  /** Whom it is compared with. */
  readonly against: Provider
}

/** What an instance is compared with and how sure that is, or why there is no comparison. */
export function MatchCell({ instance, against }: MatchCellProps) {
  const { match, unpriced } = instance
  if (match === null) {
    return (
      <span className="block max-w-64 sm:min-w-40 text-ink-faint">
        <GradeChip grade="N" />
        <span className="block">
          {unpriced === null ? (
            text.unknownReason
          ) : (
            <ReasonWords reason={unpriced} sentences={messages.reasons.unpriced} />
          )}
        </span>
        <span className="block">
          <WeighedLink instance={instance} against={against}>
            {messages.figures.weighed}
          </WeighedLink>
        </span>
      </span>
    )
  }
  return (
    <span className="block max-w-72 sm:min-w-44 xl:max-w-96">
      <span className="flex items-center gap-2">
        <GradeChip grade={match.grade} />
        <span className="min-w-0 font-mono text-xs wrap-anywhere">{skuInWords(match)}</span>
      </span>
      <span className="mt-0.5 block text-ink-faint">
        {match.region}
        {match.region !== null && match.retrievedAt !== null && ' · '}
        {match.retrievedAt !== null && (
          <PriceDate isStale={(match.ageDays ?? 0) > STALE_AFTER_DAYS}>
            {match.sourceUrl === null ? (
              text.priceReadOn(formatDate(match.retrievedAt))
            ) : (
              <SourceLink href={match.sourceUrl} title={match.source}>
                {text.priceReadOn(formatDate(match.retrievedAt))}
              </SourceLink>
            )}
          </PriceDate>
        )}
        <WeighedLink instance={instance} against={against} lead=" · ">
          {messages.figures.weighed}
        </WeighedLink>
      </span>
      {match.ratios !== null && (
        <span className="block text-ink-soft">
          {text.ratios(
            match.gpuType,
            ratio(match.ratios.memory),
            ratio(match.ratios.fp16),
            ratio(match.ratios.bandwidth),
          )}
        </span>
      )}
    </span>
  )
}
