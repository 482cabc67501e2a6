import { useEffect } from 'react'
import { toAnswer } from '../../api/answer'
import type { Provider } from '../../api/comparison'
import {
  type LedgerEntry,
  type LedgerFigures,
  type LedgerGroup,
  type LedgerScope,
  type LedgerTotals,
  type LinesPage,
  useGetLedgerLinesInfiniteQuery,
  useGetLedgerTotalsQuery,
} from '../../api/ledger'
import { Button } from '../../components/button'
import { CopyButton } from '../../components/copy-button'
import { type Column, DataTable } from '../../components/data-table'
import { FirstLoadFailure } from '../../components/failure'
import { Evidence, versus } from '../../components/proof'
import { Saving } from '../../components/saving'
import { SkeletonRows } from '../../components/skeleton'
import { Why } from '../../components/why'
import { downloadCsv, toCsv } from '../../lib/csv'
import { messages } from '../../lib/messages'
import { formatFixed, formatUsd } from '../../lib/money'
import { formatDate, formatExactInstant, nextDate } from '../../lib/time'
import { type AskedWhy, type Quantity, writeWhy, type WhyQuestion } from '../../lib/why'
import { whetherTheyAddUp } from './adds-up'
import { Formula } from './formula'
import { figuresOf, HOURS_DECIMALS, hoursOf, type LedgerLine, linesOf } from './ledger-line'
import { LedgerLines } from './ledger-lines'
import { proofRows, proofText } from './proof-text'
import { useFileName, useIsSampleData } from '../../state/use-sample-data'

const text = messages.why

interface UsageProofProps {
  readonly question: WhyQuestion
  readonly provider: Provider
  readonly title: string
}

function scopeOf(question: WhyQuestion, provider: Provider): LedgerScope {
  const { instance, gpu, from, to, asOf } = question
  return { provider, instance, gpu, from, to, asOf }
}

/** What a part of the ledger comes to: its formula, its groups, and the lines behind it. */
export function UsageProof({ question, provider, title }: UsageProofProps) {
  const scope = scopeOf(question, provider)
  const answer = toAnswer(useGetLedgerTotalsQuery(scope))
  if (answer.state === 'loading') return <SkeletonRows rows={6} />
  if (answer.state === 'failed') {
    return <FirstLoadFailure problem={answer.problem} retry={answer.retry} />
  }
  return <Opened question={question} title={title} totals={answer.data} scope={scope} />
}

interface OpenedProps {
  readonly question: WhyQuestion
  readonly title: string
  readonly totals: LedgerTotals
  readonly scope: LedgerScope
}

function Opened({ question, title, totals, scope }: OpenedProps) {
  // Totals count disks and every grade: what a part of them comes to is known from all its lines.
  const isCompute = question.isComputeOnly && question.quantity !== 'use'
  const isPart = isCompute || question.isSubstitutesOnly
  // The lines are of the instant that the totals are of, or they would not add up to them.
  const query = useGetLedgerLinesInfiniteQuery({ ...scope, asOf: totals.asOf })
  const isSampleData = useIsSampleData()
  const fileName = useFileName()
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query
  const pages = query.currentData?.pages ?? []
  const isWhole = pages.length > 0 && !hasNextPage
  const lines = linesAsked(
    pages.flatMap((page) => page.entries),
    question,
  )
  const ofPart = isWhole ? partFigures(lines, question, totals) : null
  const figures = isPart ? ofPart : totals.figures

  useEffect(() => {
    if (isPart && hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [isPart, hasNextPage, isFetchingNextPage, fetchNextPage])

  const allLines = async () => linesAsked(await loadAll(query), question)
  const against = versus(totals.provider, totals.comparison)
  const asText = async () => {
    const all = await allLines()
    return proofText({
      title,
      isSampleData,
      versus: against,
      provider: totals.provider,
      figures: figures ?? partFigures(all, question, totals),
      quantity: question.quantity,
      lines: all,
      asOf: totals.asOf,
      timeZone: totals.timezone,
    })
  }
  const asCsv = async () => toCsv(proofRows(await allLines(), question.quantity))

  return (
    <div className="space-y-5">
      <div className="space-y-2">
        <p className="text-caption text-ink-faint">
          {against}
          {' · '}
          {text.asOf(formatExactInstant(totals.asOf, totals.timezone))}
        </p>
        {!isPart && (
          <Evidence
            coverage={totals.coverage}
            oldestPriceRetrievedAt={null}
            asOf={totals.asOf}
            about={{ ...question, provider: totals.provider }}
          />
        )}
      </div>
      {figures === null ? (
        <SkeletonRows rows={2} />
      ) : (
        <Formula figures={figures} provider={totals.provider} quantity={question.quantity} />
      )}
      <div className="flex flex-wrap gap-2">
        <CopyButton label={text.copyText} text={asText} />
        <CopyButton label={text.copyCsv} text={asCsv} />
        <CopyButton label={text.copyLink} text={() => permanentLink(question, totals)} />
        <Button
          onClick={() => {
            void asCsv().then((csv) => {
              downloadCsv(fileName('lines.csv'), csv)
            })
          }}
        >
          {text.downloadCsv}
        </Button>
      </div>
      {!isPart && totals.groups.length > 1 && (
        <Groups question={question} provider={totals.provider} groups={totals.groups} />
      )}
      <section aria-label={text.lines}>
        <h3 className="mb-2 text-sm font-medium">{text.lines}</h3>
        <LinesState query={query} />
        {pages.length > 0 && lines.length === 0 && (
          <p className="text-sm text-ink-soft">
            {question.instance === null ? text.noLines : text.noLinesOf(question.instance)}
          </p>
        )}
        {lines.length > 0 && (
          <>
            <LedgerLines
              lines={lines}
              timeZone={totals.timezone}
              provider={totals.provider}
              asOf={totals.asOf}
              quantity={question.quantity}
            />
            {isWhole && figures !== null && (
              <AddsUp lines={lines} figures={figures} quantity={question.quantity} />
            )}
            {hasNextPage && (
              <div className="flex flex-wrap items-center gap-4 pt-3 text-caption text-ink-soft">
                {text.partial(lines.length)}
                <Button disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
                  {text.moreLines}
                </Button>
              </div>
            )}
          </>
        )}
      </section>
    </div>
  )
}

/** Return what a part of the ledger comes to: by its lines, but for the figure that is known apart. */
function partFigures(
  lines: readonly LedgerLine[],
  { isComputeOnly, isSubstitutesOnly }: WhyQuestion,
  { coverage }: LedgerTotals,
): LedgerFigures {
  const added = figuresOf(lines)
  // Or else the lines would be held against nothing but themselves.
  return isSubstitutesOnly && !isComputeOnly
    ? { ...added, saving: coverage.substitutesSaving, gpuHours: coverage.grades.D }
    : added
}

/** Lay entries out as lines, and leave those that are asked about. */
function linesAsked(
  entries: readonly LedgerEntry[],
  { isComputeOnly, isSubstitutesOnly, quantity }: WhyQuestion,
): LedgerLine[] {
  // Disks are on without being used.
  const isCompute = isComputeOnly || quantity === 'use'
  return linesOf(entries).filter(
    ({ actual, other }) =>
      (!isCompute || (actual ?? other)?.component === 'compute') &&
      (!isSubstitutesOnly || gradeOf(other) === 'D'),
  )
}

function gradeOf(entry: LedgerEntry | null): string | null {
  return entry?.proof?.kind === 'machine' ? entry.proof.grade : null
}

interface LoadedPages {
  readonly pages: readonly LinesPage[]
}

/** What is used here of the query of the lines. */
interface LinesQuery {
  readonly currentData?: LoadedPages | undefined
  readonly error?: unknown
  readonly refetch: () => unknown
  readonly fetchNextPage: () => PromiseLike<{ data?: LoadedPages | undefined; error?: unknown }>
}

/** Fetch the pages that have not come yet, and return all entries. */
async function loadAll(query: LinesQuery) {
  let pages = query.currentData?.pages ?? []
  while (pages.length === 0 || pages.at(-1)?.nextCursor !== null) {
    const { data, error } = await query.fetchNextPage()
    if (error !== undefined || data === undefined) throw new Error(text.refused)
    pages = data.pages
  }
  return pages.flatMap((page) => page.entries)
}

/** Where this proof is, as it is now, for ever: with the instant that it is of. */
function permanentLink(question: WhyQuestion, { asOf, provider }: LedgerTotals): string {
  const search = writeWhy(location.search, { ...question, provider, asOf })
  return `${location.origin}${location.pathname}${search}`
}

function LinesState({ query }: { readonly query: LinesQuery }) {
  const answer = toAnswer(query)
  if (answer.state === 'loading') return <SkeletonRows rows={4} />
  if (answer.state === 'failed') {
    return <FirstLoadFailure problem={answer.problem} retry={answer.retry} />
  }
  return null
}

interface AddsUpProps {
  readonly lines: readonly LedgerLine[]
  readonly figures: LedgerFigures
  /** Which of the figures is asked about. */
  readonly quantity: Quantity
}

/** Whether the lines add up to the figure; where they do not, that is said, and not hidden. */
function AddsUp({ lines, figures, quantity }: AddsUpProps) {
  const { isProven, words } = whetherTheyAddUp(lines, figures, quantity)
  return (
    <p
      role="status"
      data-figure="adds-up"
      data-proven={isProven}
      className={`pt-3 text-caption ${isProven ? 'text-saved' : 'text-loss'}`}
    >
      {words}
      {isProven && quantity !== 'use' && (
        <span className="block text-ink-faint">{text.addsUpDetail}</span>
      )}
    </p>
  )
}

/** Say whether nothing of a group is compared: then a zero would read as a price of nothing. */
function isUnpriced({ paid, paidCompared, comparison }: LedgerFigures): boolean {
  return Number(paid) !== 0 && Number(paidCompared) === 0 && Number(comparison) === 0
}

function NoComparison() {
  return <span className="text-ink-faint">{messages.figures.noComparison}</span>
}

const AMOUNT_COLUMNS: readonly Column<LedgerGroup>[] = [
  {
    key: 'comparison',
    header: text.quantities.comparison,
    isNumber: true,
    cell: (group) => (isUnpriced(group) ? <NoComparison /> : formatUsd(group.comparison)),
  },
  {
    key: 'paid',
    header: text.quantities.paid,
    isNumber: true,
    cell: ({ paid }) => formatUsd(paid),
  },
  {
    key: 'saving',
    header: text.quantities.saving,
    isNumber: true,
    cell: (group) => (isUnpriced(group) ? '–' : <Saving amount={group.saving} />),
  },
]

const USE_COLUMNS: readonly Column<LedgerGroup>[] = [
  {
    key: 'use',
    header: text.quantities.use,
    isNumber: true,
    cell: ({ use }) => formatFixed(hoursOf(use), HOURS_DECIMALS),
  },
  {
    key: 'gpu-hours',
    header: text.ofGpus,
    isNumber: true,
    cell: ({ gpuHours }) => formatFixed(gpuHours, HOURS_DECIMALS),
  },
]

interface GroupsProps {
  readonly question: WhyQuestion
  readonly provider: Provider
  readonly groups: readonly LedgerGroup[]
}

function Groups({ question, provider, groups }: GroupsProps) {
  const isByDay = question.instance !== null
  const openGroup = (key: string): AskedWhy =>
    isByDay
      ? { ...question, provider, from: key, to: nextDate(key) }
      : { ...question, provider, instance: key }
  const columns: Column<LedgerGroup>[] = [
    {
      key: 'key',
      header: isByDay ? messages.history.date : messages.instances.instance,
      cell: ({ key }) => (
        <span className="block max-w-56 truncate font-medium" title={key}>
          <Why about={openGroup(key)}>{isByDay ? formatDate(key) : key}</Why>
        </span>
      ),
    },
    ...(question.quantity === 'use' ? USE_COLUMNS : AMOUNT_COLUMNS),
  ]
  const title = isByDay ? text.groupsByDay : text.groupsByInstance
  return (
    <div>
      <h3 className="mb-1 text-sm font-medium">{title}</h3>
      <div className="overflow-hidden rounded-xl border border-line">
        <DataTable
          caption={title}
          columns={columns}
          rows={groups}
          rowKey={({ key }) => key}
          isLong={groups.length > 8}
        />
      </div>
    </div>
  )
}
