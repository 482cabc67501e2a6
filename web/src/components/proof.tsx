import type { ReactNode } from 'react'
import { type Comparison, type Coverage, GRADES, type Notice } from '../api/comparison'
import { messages } from '../lib/messages'
import { formatPercent, formatQuantity, formatUsd } from '../lib/money'
import { daysBetween, formatDate, STALE_AFTER_DAYS } from '../lib/time'
import { GradeChip } from './grade-chip'
import { ServerWords } from './server-words'

const text = messages.figures

/** Say what a saving is against. */
export function versus(provider: string, comparison: Comparison): string {
  if (comparison.rateCard === 'reference') return text.versusReference(provider)
  const model = text.pricingModels[comparison.pricingModel] ?? comparison.pricingModel
  return text.versus(provider, model, comparison.region)
}

/** Write a share of a whole; nearly all is not all. */
function formatShare(share: number): string {
  const percent = share * 100
  return formatPercent(percent > 99.9 && percent < 100 ? 99.9 : percent)
}

/** The date of a price, in amber when it is old. */
export function PriceDate({ children, isStale }: { children: ReactNode; isStale: boolean }) {
  if (!isStale) return <span>{children}</span>
  return (
    <span className="text-loss" title={text.stale}>
      {children} <span className="sr-only">({text.stale})</span>
    </span>
  )
}

interface EvidenceProps {
  readonly coverage: Coverage
  readonly oldestPriceRetrievedAt: string | null
  readonly asOf: string
}

/** How sure a figure is: grades, coverage, substitutes, the age of the oldest price. */
export function Evidence({ coverage, oldestPriceRetrievedAt, asOf }: EvidenceProps) {
  const gradedHours = GRADES.reduce((sum, grade) => sum + coverage.grades[grade], 0)
  const isPartial = (coverage.gpuTime ?? 1) < 1 || (coverage.cost ?? 1) < 1
  if (gradedHours === 0 && !isPartial && oldestPriceRetrievedAt === null) return null
  return (
    <ul className="flex flex-wrap items-center gap-x-4 gap-y-1.5 text-[13px] text-ink-soft">
      {GRADES.filter((grade) => coverage.grades[grade] > 0).map((grade) => {
        const share = formatShare(coverage.grades[grade] / gradedHours)
        return (
          <li key={grade}>
            <GradeChip
              grade={grade}
              note={share}
              title={text.gradeShare(grade, text.grades[grade], share)}
            />
          </li>
        )
      })}
      {isPartial && (
        <li>
          {text.coverage(formatShare(coverage.gpuTime ?? 1), formatShare(coverage.cost ?? 1))}
        </li>
      )}
      {coverage.substitutesSaving !== null && coverage.grades.D > 0 && (
        <li>{text.substitutes(formatUsd(coverage.substitutesSaving))}</li>
      )}
      {oldestPriceRetrievedAt !== null && (
        <li>
          <PriceDate isStale={daysBetween(oldestPriceRetrievedAt, asOf) > STALE_AFTER_DAYS}>
            {text.oldestPrice(formatDate(oldestPriceRetrievedAt))}
          </PriceDate>
        </li>
      )}
    </ul>
  )
}

/** What was left out of the figures: unpriced GPUs, and the server's notices. */
export function LeftOut({
  coverage,
  notices,
}: {
  readonly coverage: Coverage
  readonly notices: readonly Notice[]
}) {
  if (coverage.unpriced.length === 0 && notices.length === 0) return null
  return (
    <section aria-label={text.notices} className="text-[13px] text-ink-soft">
      <h3 className="font-medium text-ink">{text.notices}</h3>
      <ul className="mt-1.5 space-y-1">
        {coverage.unpriced.length > 0 && (
          <li>
            {text.unpricedLead}{' '}
            {coverage.unpriced
              .map(({ gpuType, gpuHours }) => text.unpriced(gpuType, formatQuantity(gpuHours)))
              .join(', ')}
          </li>
        )}
        {notices.map((notice) => (
          <li key={notice.code + notice.message}>
            <ServerWords inOurWords={messages.server.notices[notice.code]}>
              {notice.message}
            </ServerWords>
          </li>
        ))}
      </ul>
    </section>
  )
}
