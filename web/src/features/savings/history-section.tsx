import { memo, type ReactNode, useState } from 'react'
import type { Provider } from '../../api/comparison'
import { unreachable } from '../../api/problem'
import { Button } from '../../components/button'
import { Card } from '../../components/card'
import { type Column, DataTable, toCsvRows } from '../../components/data-table'
import { FirstLoadFailure, StaleAnswer } from '../../components/failure'
import { LatePart } from '../../components/late-part'
import { Evidence, versus } from '../../components/proof'
import { Saving } from '../../components/saving'
import { Segmented } from '../../components/segmented'
import { Skeleton } from '../../components/skeleton'
import { Uncompared } from '../../components/uncompared'
import { Why } from '../../components/why'
import { downloadCsv, toCsv } from '../../lib/csv'
import { messages } from '../../lib/messages'
import { formatFixed, formatQuantity, formatUsd, plainAmount } from '../../lib/money'
import { formatDate, formatExactInstant } from '../../lib/time'
import { RANGE_DAYS, type RangeDays } from '../../state/economy-slice'
import { useAnswer } from '../../state/use-answer'
import { useFileName } from '../../state/use-sample-data'
import { usePolling } from '../../state/use-savings'
import { type History, type HistoryDay, useGetHistoryQuery } from '../../api/history'
import { whyOfDay, whyOfRange } from './history-why'
import { type DayMarks, useDayMarks } from './day-marks'
import { MARK_SIGNS } from './history-parts'

const text = messages.history

const TOTALS_LOOK = 'grid grid-cols-2 gap-x-6 gap-y-3 px-4 pb-2 sm:px-5 md:grid-cols-4'
/** As high as it will be, so that what is below it stays where it is. */
const PROOF_LOOK = 'min-h-35 space-y-1.5 px-4 pb-4 text-caption leading-5 sm:px-5 md:min-h-16'

const loadHistoryChart = () => import('./history-chart')

const columnsFor = (provider: Provider, marks: DayMarks): readonly Column<HistoryDay>[] => [
  {
    key: 'date',
    header: text.date,
    cell: (day) => (
      <span className="whitespace-nowrap">
        {formatDate(day.date)}
        {marks.get(day.date)?.map(({ kind, words }, index) => (
          <span key={index} className="block whitespace-normal text-ink-faint">
            {MARK_SIGNS[kind]} {words}
          </span>
        ))}
      </span>
    ),
    csv: (day) => day.date,
  },
  {
    key: 'hours',
    header: text.hours,
    isNumber: true,
    cell: (day) => (
      <Why about={whyOfDay(day.date, provider, 'use')}>{formatFixed(day.hoursUsed)}</Why>
    ),
    csv: (day) => plainAmount(day.hoursUsed, 1),
  },
  {
    key: 'paid',
    header: text.paid,
    isNumber: true,
    cell: (day) => <Why about={whyOfDay(day.date, provider, 'paid')}>{formatUsd(day.cost)}</Why>,
    csv: (day) => plainAmount(day.cost),
  },
  {
    key: 'comparable',
    header: text.comparable,
    isNumber: true,
    cell: (day) => (
      <Why about={whyOfDay(day.date, provider, 'paid')}>{formatUsd(day.comparableCost)}</Why>
    ),
    csv: (day) => plainAmount(day.comparableCost),
  },
  {
    key: 'provider',
    header: messages.breakdown.comparison,
    isNumber: true,
    cell: (day) => (
      <Why about={whyOfDay(day.date, provider, 'comparison')}>{formatUsd(day.providerCost)}</Why>
    ),
    csv: (day) => plainAmount(day.providerCost),
  },
  {
    key: 'saved',
    header: text.saved,
    isNumber: true,
    cell: (day) => (
      <Why about={whyOfDay(day.date, provider, 'saving')}>
        <Saving amount={day.savings} />
      </Why>
    ),
    csv: (day) => plainAmount(day.savings),
  },
]

interface HistorySectionProps {
  readonly provider: Provider
  readonly rangeDays: RangeDays
  readonly onRangeChange: (rangeDays: RangeDays) => void
  readonly timeZone: string
}

/** What was paid and what it would have been, day by day. */
export function HistorySection({
  provider,
  rangeDays,
  onRangeChange,
  timeZone,
}: HistorySectionProps) {
  const answer = useAnswer(useGetHistoryQuery({ provider, days: rangeDays }, usePolling()))
  const staleSince = answer.state === 'ready' ? answer.staleSince : null
  return (
    <Card
      title={text.title}
      isDimmed={staleSince !== null}
      actions={
        <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
          <StaleAnswer answer={answer} timeZone={timeZone} />
          <Segmented
            label={text.range}
            value={rangeDays}
            onChange={onRangeChange}
            options={RANGE_DAYS.map((value) => ({ value, label: text.ranges[value] }))}
          />
        </div>
      }
    >
      {answer.state === 'failed' && (
        <FirstLoadFailure problem={answer.problem} retry={answer.retry} />
      )}
      {answer.state === 'loading' && <HistorySkeleton />}
      {answer.state === 'ready' && <Days history={answer.data} rangeDays={rangeDays} />}
    </Card>
  )
}

const Days = memo(function Days({
  history,
  rangeDays,
}: {
  readonly history: History
  readonly rangeDays: RangeDays
}) {
  const { totals, days } = history
  const marks = useDayMarks(history.provider, history.timezone)
  const columns = columnsFor(history.provider, marks)
  const fileName = useFileName()
  const [isTableOpen, setIsTableOpen] = useState(false)
  return (
    <>
      <dl className={TOTALS_LOOK}>
        <Total label={text.paid}>
          <Why about={whyOfRange(history, rangeDays, 'paid')}>{formatUsd(totals.cost)}</Why>
        </Total>
        <Total label={text.wouldHave(history.provider)}>
          <Why about={whyOfRange(history, rangeDays, 'comparison')}>
            {formatUsd(totals.providerCost)}
          </Why>
        </Total>
        <Total label={text.saved}>
          <Why about={whyOfRange(history, rangeDays, 'saving')}>
            <Saving amount={totals.savings} figure="range-saving" showLossNote />
          </Why>
          <Uncompared
            paid={totals.cost}
            compared={totals.comparableCost}
            about={whyOfRange(history, rangeDays, 'paid')}
          />
        </Total>
        <Total label={text.hours}>
          <Why about={whyOfRange(history, rangeDays, 'use')}>
            {formatQuantity(totals.hoursUsed)}
          </Why>
        </Total>
      </dl>
      {/* They stand until the next answer, beside a counter that ticks. */}
      <div className={PROOF_LOOK}>
        <p className="text-ink-faint">
          {versus(history.provider, history.comparison)} ·{' '}
          {messages.why.asOf(formatExactInstant(history.asOf, history.timezone))}
        </p>
        <Evidence
          coverage={history.coverage}
          oldestPriceRetrievedAt={history.oldestPriceRetrievedAt}
          asOf={history.asOf}
          about={whyOfRange(history, rangeDays, 'saving')}
        />
      </div>
      <div className="h-80 px-2 sm:px-4">
        {days.length === 0 ? (
          <p className="flex h-full items-center justify-center rounded-lg bg-sunken text-sm text-ink-soft">
            {text.empty}
          </p>
        ) : (
          <LatePart
            load={loadHistoryChart}
            whileLoading={<Skeleton className="h-full w-full" />}
            unavailable={(retry) => <FirstLoadFailure problem={unreachable()} retry={retry} />}
          >
            {(HistoryChart) => (
              <HistoryChart history={history} rangeDays={rangeDays} marks={marks} />
            )}
          </LatePart>
        )}
      </div>
      <details
        onToggle={(event) => {
          setIsTableOpen(event.currentTarget.open)
        }}
      >
        <summary className="px-4 py-3.5 text-caption text-ink-soft hover:text-ink sm:px-5">
          {text.table} · {text.timezone(history.timezone)}
        </summary>
        {/* Every answer would write its hundreds of links anew. */}
        {isTableOpen && days.length > 0 && (
          <>
            <div className="px-4 pb-3 sm:px-5">
              <Button
                onClick={() => {
                  downloadCsv(
                    fileName(`history-${history.provider.toLowerCase()}.csv`),
                    toCsv(toCsvRows(days, columns)),
                  )
                }}
              >
                {text.csv}
              </Button>
            </div>
            <DataTable
              caption={text.caption}
              columns={columns}
              rows={days}
              rowKey={(day) => day.date}
              isLong
            />
          </>
        )}
      </details>
    </>
  )
})

function Total({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt className="text-caption text-ink-soft">{label}</dt>
      <dd className="mt-0.5 text-lg leading-6 font-semibold tracking-tight">{children}</dd>
    </div>
  )
}

function HistorySkeleton() {
  return (
    <div role="status">
      <span className="sr-only">{messages.shell.loading}</span>
      <div className={TOTALS_LOOK}>
        {[text.paid, text.paidBar, text.saved, text.hours].map((label) => (
          <div key={label}>
            <Skeleton className="h-5 w-20" />
            <Skeleton className="mt-0.5 h-6 w-24" />
          </div>
        ))}
      </div>
      <div className={PROOF_LOOK}>
        <Skeleton className="h-5 w-48" />
        <Skeleton className="h-5 w-72 max-w-full" />
      </div>
      <div className="h-80 px-2 sm:px-4">
        <Skeleton className="h-full w-full" />
      </div>
      <div className="px-4 py-3.5 sm:px-5">
        <Skeleton className="h-5 w-40" />
      </div>
    </div>
  )
}
