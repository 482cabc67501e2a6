import type { ReactNode } from 'react'
import type { Comparison, Coverage } from '../api/comparison'
import { messages } from '../lib/messages'
import { formatQuantity, formatShare, formatUsd } from '../lib/money'
import { type Notice, noticeInWords } from '../lib/notice'
import { daysBetween, formatDate, STALE_AFTER_DAYS } from '../lib/time'
import type { AskedWhy } from '../lib/why'
import { GradeShare } from './grade-chip'
import { gradeShares } from './grade-shares'
import { ServerWords } from './server-words'
import { Why } from './why'

/** Say what a saving is against. */
export function versus(provider: string, comparison: Comparison): string {
  if (comparison.rateCard === 'reference') return messages.figures.versusReference(provider)
  const model = messages.figures.pricingModels[comparison.pricingModel] ?? comparison.pricingModel
  return messages.figures.versus(provider, model, comparison.region)
}

/** The date of a price, in amber when it is old. */
export function PriceDate({ children, isStale }: { children: ReactNode; isStale: boolean }) {
  if (!isStale) return <span>{children}</span>
  return (
    <span className="text-loss" title={messages.figures.stale}>
      {children} <span className="sr-only">({messages.figures.stale})</span>
    </span>
  )
}

interface EvidenceProps {
  readonly coverage: Coverage
  readonly oldestPriceRetrievedAt: string | null
  readonly asOf: string
  /** The figure that this is the evidence of. */
  readonly about: AskedWhy
}

/** How sure a figure is: grades, coverage, substitutes, the age of the oldest price. */
export function Evidence({ coverage, oldestPriceRetrievedAt, asOf, about }: EvidenceProps) {
  const shares = gradeShares(coverage.grades)
  const isPartial = coverage.gpuTime < 1 || coverage.cost < 1
  if (shares.length === 0 && !isPartial && oldestPriceRetrievedAt === null) return null
  return (
    <ul className="flex flex-wrap items-center gap-x-4 gap-y-1.5 text-caption text-ink-soft">
      {shares.map(({ grade, share }) => (
        <li key={grade}>
          <GradeShare grade={grade} share={share} />
        </li>
      ))}
      {isPartial && (
        <li>
          {messages.figures.coverage(formatShare(coverage.gpuTime), formatShare(coverage.cost))}
        </li>
      )}
      {coverage.grades.D > 0 && (
        <li>
          <Why about={{ ...about, quantity: 'saving', isSubstitutesOnly: true }}>
            {messages.figures.substitutes(formatUsd(coverage.substitutesSaving))}
          </Why>
        </li>
      )}
      {oldestPriceRetrievedAt !== null && (
        <li>
          <PriceDate isStale={daysBetween(oldestPriceRetrievedAt, asOf) > STALE_AFTER_DAYS}>
            {messages.figures.oldestPrice(formatDate(oldestPriceRetrievedAt))}
          </PriceDate>
        </li>
      )}
    </ul>
  )
}

/** A lost stop would save money for ever, so silence stands out. */
const LOOKS: Record<string, string | undefined> = { silent_instances: 'text-loss' }

interface Omissions {
  readonly coverage: Coverage
  readonly notices: readonly Notice[]
}

interface LeftOutProps extends Omissions {
  readonly timeZone: string
}

/** Say whether something was left out of the figures. */
export function hasLeftOut({ coverage, notices }: Omissions): boolean {
  return coverage.unpriced.length > 0 || notices.length > 0
}

/** What was left out of the figures: unpriced GPUs, and the server's notices. */
export function LeftOut(props: LeftOutProps) {
  if (!hasLeftOut(props)) return null
  return (
    <section aria-label={messages.figures.notices} className="text-caption text-ink-soft">
      <h3 className="font-medium text-ink">{messages.figures.notices}</h3>
      <LeftOutList {...props} />
    </section>
  )
}

/** The list of it alone, where a heading would have no place among those of the page. */
export function LeftOutList({ coverage, notices, timeZone }: LeftOutProps) {
  return (
    <ul className="mt-1.5 space-y-1">
      {coverage.unpriced.length > 0 && (
        <li>
          {messages.figures.unpricedLead}{' '}
          {coverage.unpriced
            .map(({ gpuType, gpuHours }) =>
              messages.figures.unpriced(gpuType, formatQuantity(gpuHours)),
            )
            .join(', ')}
        </li>
      )}
      {notices.map((notice) => (
        <li key={notice.code + notice.text} className={LOOKS[notice.code]}>
          {noticeInWords(notice, timeZone) ?? <ServerWords>{notice.text}</ServerWords>}
        </li>
      ))}
    </ul>
  )
}
