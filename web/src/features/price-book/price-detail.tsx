import type { ReactNode } from 'react'
import { toAnswer } from '../../api/answer'
import { type HeldPrice, useGetPriceHistoryQuery } from '../../api/price-history'
import { Button } from '../../components/button'
import { type Column, DataTable, toCsvRows } from '../../components/data-table'
import { FirstLoadFailure, StaleNotice } from '../../components/failure'
import { GradeChip } from '../../components/grade-chip'
import { PriceDate } from '../../components/proof'
import { ReasonWords } from '../../components/reason-words'
import { SkeletonRows } from '../../components/skeleton'
import { SourceLink } from '../../components/source-link'
import { StepChart } from '../../components/step-chart'
import { downloadCsv, toCsv } from '../../lib/csv'
import { messages } from '../../lib/messages'
import {
  columnRates,
  type DecimalText,
  formatPercent,
  formatQuantity,
  formatRate,
} from '../../lib/money'
import { formatDate, STALE_AFTER_DAYS } from '../../lib/time'
import { useTimeZone } from '../../state/use-time-zone'
import {
  type Explanation,
  type PriceQuestion,
  useGetExplanationQuery,
  type Way,
} from './prices-api'

const text = messages.prices

const ALL_DECIMALS = 12

/** Why GPUs are compared as they are: the price, what else was weighed, and its history. */
export function PriceDetail({ question }: { readonly question: PriceQuestion }) {
  const answer = toAnswer(useGetExplanationQuery(question))
  const timeZone = useTimeZone()
  if (answer.state === 'loading') return <SkeletonRows rows={8} />
  if (answer.state === 'failed') {
    return <FirstLoadFailure problem={answer.problem} retry={answer.retry} />
  }
  const { data: explanation, staleSince, retry } = answer
  return (
    <div className={`space-y-6 ${staleSince === null ? '' : 'stale'}`}>
      {staleSince !== null && <StaleNotice since={staleSince} timeZone={timeZone} retry={retry} />}
      <Chosen explanation={explanation} />
      <Section title={text.history}>
        {explanation.sku === null || explanation.region === null ? (
          <p className="text-sm text-ink-soft">{text.noHistory}</p>
        ) : (
          <History
            sku={explanation.sku}
            region={explanation.region}
            provider={explanation.provider}
            pricingModel={explanation.pricingModel}
          />
        )}
      </Section>
      {explanation.conflicts.length > 0 && (
        <Section title={text.conflicts}>
          <Bordered>
            <DataTable
              caption={text.conflictsCaption}
              columns={conflictColumns(explanation.conflicts)}
              rows={explanation.conflicts}
              rowKey={({ number }) => String(number)}
            />
          </Bordered>
        </Section>
      )}
      {explanation.candidates.length > 0 && (
        <Section title={text.candidates}>
          <Bordered>
            <DataTable
              caption={text.candidatesCaption}
              columns={candidateColumns(explanation.candidates)}
              rows={explanation.candidates}
              rowKey={(way) => [way.sku, way.how, way.machines].join(' ')}
              isLong={explanation.candidates.length > 6}
            />
          </Bordered>
        </Section>
      )}
      {explanation.rejected.length > 0 && (
        <Section title={text.rejected}>
          <Bordered>
            <DataTable
              caption={text.rejectedCaption}
              columns={REJECTED_COLUMNS}
              rows={explanation.rejected}
              rowKey={({ gpuType }) => gpuType}
              isLong={explanation.rejected.length > 6}
            />
          </Bordered>
        </Section>
      )}
    </div>
  )
}

function Section({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section aria-label={title}>
      <h3 className="mb-2 text-sm font-medium">{title}</h3>
      {children}
    </section>
  )
}

function Bordered({ children }: { readonly children: ReactNode }) {
  return <div className="overflow-hidden rounded-xl border border-line">{children}</div>
}

/** What is rented: so many machines, or a share of one. */
function wayInWords({ sku, machines, how }: Way): string {
  if (sku === null) return '–'
  if (how === 'share') return messages.instances.share(sku)
  return machines === null || Number(machines) === 1
    ? sku
    : messages.instances.machines(Number(machines), sku)
}

function ratio(multiple: DecimalText | null): string {
  return multiple === null ? messages.instances.unknownRatio : `${formatQuantity(multiple, 2)}×`
}

function Chosen({ explanation }: { readonly explanation: Explanation }) {
  const { pricePerGpuHour, pricePerHour, ratios, priceRange } = explanation
  if (pricePerGpuHour === null || pricePerHour === null) {
    return (
      <p className="text-sm text-ink-soft">
        <GradeChip grade="N" />
        {explanation.reason !== null && (
          <span className="mt-1 block">
            <ReasonWords reason={explanation.reason} sentences={messages.reasons.unpriced} />
          </span>
        )}
      </p>
    )
  }
  return (
    <div className="space-y-4">
      <div>
        <p className="flex flex-wrap items-baseline gap-x-3">
          <GradeChip grade={explanation.grade} />
          <span className="text-2xl font-semibold tracking-tight" data-figure="price-per-gpu-hour">
            {formatRate(pricePerGpuHour, ALL_DECIMALS)}
          </span>
          <span className="text-sm text-ink-faint">{text.perGpuHour}</span>
        </p>
        <p className="mt-1 text-sm text-ink-soft">
          {messages.figures.grades[explanation.grade]}
          {': '}
          <span className="font-mono text-xs">{wayInWords(explanation)}</span>
        </p>
        {ratios !== null && explanation.comparedGpu !== null && (
          <p className="text-sm text-ink-soft">
            {messages.instances.ratios(
              explanation.comparedGpu,
              ratio(ratios.memory),
              ratio(ratios.fp16),
              ratio(ratios.bandwidth),
            )}
          </p>
        )}
      </div>
      <dl className="formula rounded-xl bg-sunken p-4 text-sm">
        {explanation.gpuCount > 1 && (
          <Fact label={text.perHour(String(explanation.gpuCount))}>
            {formatRate(pricePerHour, ALL_DECIMALS)}
          </Fact>
        )}
        {explanation.priceSmallestInstance !== null && (
          <Fact
            label={
              explanation.smallestInstanceSku === null
                ? text.smallest
                : `${text.smallest}: ${text.smallestDetail(explanation.smallestInstanceSku)}`
            }
          >
            {formatRate(explanation.priceSmallestInstance, ALL_DECIMALS)}
          </Fact>
        )}
        {Number(explanation.discount) !== 0 && (
          <Fact label={text.discount}>{formatPercent(Number(explanation.discount) * 100, 2)}</Fact>
        )}
        {priceRange !== null && (
          <Fact label={text.range}>
            {priceRange.low === priceRange.high
              ? `${formatRate(priceRange.expected, ALL_DECIMALS)}, ${text.rangeOne}`
              : text.rangeOf(
                  formatRate(priceRange.low, ALL_DECIMALS),
                  formatRate(priceRange.high, ALL_DECIMALS),
                )}
          </Fact>
        )}
        {explanation.region !== null && <Fact label={text.region}>{explanation.region}</Fact>}
        {explanation.effectiveFrom !== null && (
          <Fact label={text.effective}>{formatDate(explanation.effectiveFrom)}</Fact>
        )}
        {explanation.publishedAt !== null && (
          <Fact label={text.knownSince}>{formatDate(explanation.publishedAt)}</Fact>
        )}
        {explanation.retrievedAt !== null && (
          <Fact label={text.retrieved}>
            <PriceDate isStale={(explanation.ageDays ?? 0) > STALE_AFTER_DAYS}>
              {formatDate(explanation.retrievedAt)}
            </PriceDate>
          </Fact>
        )}
      </dl>
      {explanation.source !== null && (
        <p className="text-caption wrap-anywhere text-ink-soft">
          {text.source}: <SourceName name={explanation.source} address={explanation.sourceUrl} />
        </p>
      )}
    </div>
  )
}

function Fact({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <>
      <dt className="text-ink-soft">{label}</dt>
      <dd className="sm:text-right">{children}</dd>
    </>
  )
}

interface SourceNameProps {
  readonly name: string
  readonly address: string | null
  readonly isCut?: boolean
}

function SourceName({ name, address, isCut = false }: SourceNameProps) {
  if (address === null) return <span lang="en">{name}</span>
  return (
    <SourceLink href={address} lang="en" isCut={isCut}>
      {name}
    </SourceLink>
  )
}

type Candidate = Explanation['candidates'][number]

function candidateColumns(candidates: readonly Candidate[]): Column<Candidate>[] {
  const prices = columnRates(candidates.map(({ pricePerHour }) => pricePerHour))
  return [
    {
      key: 'way',
      header: text.way,
      cell: (way) => (
        <span className="block min-w-32">
          <span className="flex items-center gap-2">
            <GradeChip grade={way.grade} />
            <span className="font-mono text-xs">{wayInWords(way)}</span>
          </span>
          <span className="block text-ink-faint">{way.comparedGpu}</span>
        </span>
      ),
    },
    {
      key: 'price',
      header: text.price,
      isNumber: true,
      cell: ({ pricePerHour }) => (pricePerHour === null ? '–' : prices(pricePerHour)),
    },
    {
      key: 'why-not',
      header: text.whyNot,
      cell: ({ whyNot }) =>
        whyNot === null ? (
          <span className="font-medium text-saved">{text.chosen}</span>
        ) : (
          <ReasonWords reason={whyNot} sentences={messages.reasons.whyNot} />
        ),
    },
  ]
}

const REJECTED_COLUMNS: readonly Column<Explanation['rejected'][number]>[] = [
  { key: 'gpu', header: text.gpu, cell: ({ gpuType }) => gpuType },
  {
    key: 'reason',
    header: text.reason,
    cell: ({ reason }) => <ReasonWords reason={reason} sentences={messages.reasons.rejected} />,
  },
]

type Conflict = Explanation['conflicts'][number]

function conflictColumns(conflicts: readonly Conflict[]): Column<Conflict>[] {
  const prices = columnRates(
    conflicts.map(({ pricePerInstanceHour }) => pricePerInstanceHour),
    ALL_DECIMALS,
  )
  return [
    { key: 'source', header: text.source, cell: ({ source }) => source },
    {
      key: 'price',
      header: text.perInstanceHour,
      isNumber: true,
      cell: ({ pricePerInstanceHour }) => prices(pricePerInstanceHour),
    },
    {
      key: 'reason',
      header: text.reason,
      cell: ({ doubt }) => <ReasonWords reason={doubt} sentences={messages.reasons.doubts} />,
    },
  ]
}

interface HistoryProps {
  readonly sku: string
  readonly region: string
  readonly provider: PriceQuestion['provider']
  readonly pricingModel: string
}

function History({ sku, region, provider, pricingModel }: HistoryProps) {
  const answer = toAnswer(useGetPriceHistoryQuery({ sku, region, provider, pricingModel }))
  if (answer.state === 'loading') return <SkeletonRows rows={3} />
  if (answer.state === 'failed') {
    return <FirstLoadFailure problem={answer.problem} retry={answer.retry} />
  }
  const { timeline, asOf } = answer.data
  const columns = heldColumns(timeline)
  const rows = timeline.toReversed()
  const fileName = `price-history-${sku}-${region}`.replace(/[^\w.-]+/g, '-')
  return (
    <div className="space-y-3">
      {timeline.length > 1 && (
        <StepChart
          label={text.historyChart(sku)}
          steps={timeline.map((held) => ({
            from: Date.parse(held.effectiveFrom),
            to: Date.parse(held.until ?? asOf),
            value: Number(held.pricePerInstanceHour),
          }))}
          formatValue={(value) => formatRate(value)}
          formatTime={(time) => formatDate(new Date(time).toISOString())}
          openEnd={timeline.at(-1)?.until === null ? text.now : null}
          picture={{ name: fileName, title: text.historyCaption(sku), caution: null }}
        />
      )}
      <Bordered>
        <DataTable
          caption={text.historyCaption(sku)}
          columns={columns}
          rows={rows}
          rowKey={({ effectiveFrom }) => effectiveFrom}
          isLong={timeline.length > 6}
        />
      </Bordered>
      <Button
        onClick={() => {
          downloadCsv(`${fileName}.csv`, toCsv(toCsvRows(rows, columns)))
        }}
      >
        {messages.history.csv}
      </Button>
    </div>
  )
}

function heldColumns(held: readonly HeldPrice[]): Column<HeldPrice>[] {
  const prices = columnRates(
    held.map(({ pricePerInstanceHour }) => pricePerInstanceHour),
    ALL_DECIMALS,
  )
  return [
    {
      key: 'from',
      header: text.effective,
      cell: ({ effectiveFrom }) => formatDate(effectiveFrom),
      csv: ({ effectiveFrom }) => effectiveFrom,
    },
    {
      key: 'until',
      header: text.until,
      cell: ({ until }) => (until === null ? text.now : formatDate(until)),
      csv: ({ until }) => until ?? '',
    },
    {
      key: 'price',
      header: text.perInstanceHour,
      isNumber: true,
      cell: ({ pricePerInstanceHour }) => prices(pricePerInstanceHour),
      csv: ({ pricePerInstanceHour }) => pricePerInstanceHour,
    },
    {
      key: 'source',
      header: text.source,
      csv: ({ source, sourceUrl }) => [source, sourceUrl].filter(Boolean).join(' '),
      cell: ({ source, sourceUrl }) => (
        <span lang="en" className="block max-w-56 truncate" title={source}>
          <SourceName name={source} address={sourceUrl} isCut />
        </span>
      ),
    },
  ]
}
