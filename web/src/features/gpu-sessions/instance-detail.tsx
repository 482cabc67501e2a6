import { toAnswer } from '../../api/answer'
import type { Provider } from '../../api/comparison'
import {
  type GpuSession,
  type Instance,
  type InstanceSessionsPage,
  type MovingFigures,
  type Run,
  useGetInstanceSessionsInfiniteQuery,
} from '../../api/instances'
import { Button } from '../../components/button'
import { Card } from '../../components/card'
import { type Column, DataTable, toCsvRows } from '../../components/data-table'
import { FirstLoadFailure, StaleNotice } from '../../components/failure'
import { LiveAmount } from '../../components/live-amount'
import { MatchCell } from '../../components/match-cell'
import { versus } from '../../components/proof'
import { Saving } from '../../components/saving'
import { Sentence } from '../../components/sentence'
import { SkeletonRows } from '../../components/skeleton'
import { Stat } from '../../components/stat'
import { StepChart } from '../../components/step-chart'
import type { Step } from '../../components/step-picture'
import { LiveUncompared } from '../../components/uncompared'
import { Why } from '../../components/why'
import { downloadCsv, toCsv } from '../../lib/csv'
import type { Validity } from '../../lib/live-counter'
import { messages } from '../../lib/messages'
import { columnRates, type DecimalText, formatQuantity, formatRate } from '../../lib/money'
import { formatInstant } from '../../lib/time'
import type { AskedWhy } from '../../lib/why'
import { useFileName, useIsSampleData } from '../../state/use-sample-data'
import { usePolling } from '../../state/use-savings'
import { InstanceStatusCell } from './instance-status-cell'

const text = messages.instance

interface InstanceDetailProps {
  readonly provider: Provider
  readonly instanceId: string
  readonly timeZone: string
}

/** One instance: what it is, what it costs and saves, and its sessions with the rates paid. */
export function InstanceDetail({ provider, instanceId, timeZone }: InstanceDetailProps) {
  const query = useGetInstanceSessionsInfiniteQuery({ provider, instanceId }, usePolling())
  const answer = toAnswer(query)
  if (answer.state === 'failed') {
    const problem =
      answer.problem.status === 404 ? { ...answer.problem, detail: text.notFound } : answer.problem
    return (
      <Card title={instanceId}>
        <FirstLoadFailure problem={problem} retry={answer.retry} />
      </Card>
    )
  }
  const page = answer.state === 'ready' ? answer.data.pages[0] : undefined
  if (answer.state === 'loading' || page === undefined) {
    return (
      <>
        <Card title={instanceId}>
          <div className="min-h-144 sm:min-h-78 xl:min-h-46">
            <SkeletonRows rows={3} />
          </div>
        </Card>
        <Card title={text.timeline}>
          <div className="min-h-84">
            <SkeletonRows rows={6} />
          </div>
        </Card>
      </>
    )
  }
  const sessions = answer.data.pages.flatMap((one) => one.sessions)
  const { staleSince } = answer
  return (
    <>
      <Card
        title={`${page.instance.gpuType} × ${page.instance.gpuCount}`}
        isDimmed={staleSince !== null}
        actions={
          staleSince !== null && (
            <StaleNotice since={staleSince} timeZone={timeZone} retry={answer.retry} />
          )
        }
      >
        <Summary
          page={page}
          validity={page.validity}
          timeZone={timeZone}
          isStale={staleSince !== null}
        />
      </Card>
      <Card title={text.timeline} isDimmed={staleSince !== null}>
        <ol className="divide-y divide-line border-t border-line">
          {sessions.map((session, index) => (
            <li key={session.startedAt} className="space-y-3 px-4 py-4 sm:px-5">
              <Session
                session={session}
                instanceId={instanceId}
                isLatest={index === 0}
                asOf={page.asOf}
                validity={page.validity}
                against={page.provider}
                timeZone={timeZone}
                isStale={staleSince !== null}
              />
            </li>
          ))}
        </ol>
        {query.hasNextPage && (
          <div className="border-t border-line p-3 text-center">
            <Button onClick={() => void query.fetchNextPage()}>{text.moreSessions}</Button>
          </div>
        )}
      </Card>
    </>
  )
}

interface SummaryProps {
  readonly page: InstanceSessionsPage
  readonly validity: Validity
  readonly timeZone: string
  readonly isStale: boolean
}

function Summary({ page, validity, timeZone, isStale }: SummaryProps) {
  const { instance, provider } = page
  const { cost, comparableCost, saving } = instance.lifetime.live
  return (
    <div className="space-y-5 px-4 pb-5 sm:px-5">
      <div className="flex flex-wrap gap-x-10 gap-y-4 text-caption">
        <p>
          <span className="block font-medium">{instance.name}</span>
          <span className="text-ink-soft">{text.ranOn(instance.provider)}</span>
          {instance.gpuSpelling !== instance.gpuType && (
            <span className="block text-ink-faint">
              {text.reportedAs(instance.gpuSpelling)}
              {instance.variantAssumed && `, ${messages.instances.variantAssumed}`}
            </span>
          )}
        </p>
        <div>
          {isStale && <p className="text-ink-faint">{messages.instances.statusThen}</p>}
          <InstanceStatusCell instance={instance} timeZone={timeZone} />
        </div>
        <div>
          <p className="text-ink-faint">{versus(provider, page.comparison)}</p>
          <MatchCell instance={instance} against={provider} />
        </div>
      </div>
      <dl className="grid grid-cols-1 gap-4 border-t border-line pt-4 sm:grid-cols-2 lg:grid-cols-5">
        <Stat label={text.paidPerHour}>
          {instance.ratePerHour === null ? (
            <Off />
          ) : (
            <Why about={{ about: 'pace', quantity: 'paid', instance: instance.instanceId }}>
              {formatRate(instance.ratePerHour)}
            </Why>
          )}
        </Stat>
        <Stat label={text.wouldPerHour(provider)}>
          {instance.comparisonRatePerHour === null ? (
            <Off />
          ) : (
            <Why about={{ about: 'pace', quantity: 'comparison', instance: instance.instanceId }}>
              {formatRate(instance.comparisonRatePerHour)}
            </Why>
          )}
        </Stat>
        <Stat label={text.savingPerHour}>
          {instance.savingPerHour === null ? (
            <Off />
          ) : (
            <Why about={{ about: 'pace', instance: instance.instanceId }}>
              <Saving amount={instance.savingPerHour} decimals="rate" showLossNote />
            </Why>
          )}
        </Stat>
        <Stat label={isStale ? text.sessionThen : text.session}>
          <SessionFigure instance={instance} validity={validity} against={provider} />
        </Stat>
        <Stat
          label={text.lifetime}
          note={
            <Paid
              figure="lifetime-cost"
              figures={instance.lifetime}
              validity={validity}
              about={{ about: 'usage', quantity: 'paid', instance: instance.instanceId }}
            />
          }
        >
          {saving === null ? (
            <Off />
          ) : (
            <Why about={{ about: 'usage', instance: instance.instanceId }}>
              <LiveAmount
                figure="lifetime-saving"
                of={provider}
                live={saving}
                validity={validity}
                decimals={2}
                showLossNote
              />
            </Why>
          )}
          {cost !== null && saving !== null && (
            <LiveUncompared
              paid={cost}
              compared={comparableCost}
              validity={validity}
              of={provider}
              about={{ about: 'usage', instance: instance.instanceId }}
            />
          )}
        </Stat>
      </dl>
    </div>
  )
}

function Off() {
  return <span className="text-ink-faint">–</span>
}

interface PaidProps {
  readonly figure: string
  readonly figures: MovingFigures
  readonly validity: Validity
  readonly about: AskedWhy
}

/** What was paid, in words; nothing where it was in a currency that is not converted. */
function Paid({ figure, figures: { live }, validity, about }: PaidProps) {
  if (live.cost === null) return null
  return (
    <Why about={about}>
      <Sentence words={text.paid}>
        <LiveAmount figure={figure} live={live.cost} validity={validity} decimals={2} isCost />
      </Sentence>
    </Why>
  )
}

interface SessionFigureProps {
  readonly instance: Instance
  readonly validity: Validity
  readonly against: Provider
}

function SessionFigure({ instance, validity, against }: SessionFigureProps) {
  const { session, instanceId } = instance
  if (session?.live == null) return <Off />
  return (
    <Why
      about={{ about: 'usage', instance: instanceId, from: session.startedAt, isComputeOnly: true }}
    >
      <LiveAmount
        figure="session-saving"
        of={`${against} ${session.startedAt}`}
        live={session.live}
        validity={validity}
        decimals={4}
        showLossNote
      />
    </Why>
  )
}

/** A rate, from when to when it was paid. */
interface PaidStretch {
  readonly from: string
  readonly to: string | null
  readonly ratePerHour: DecimalText
  readonly run: Run
  readonly change: string
}

function stretchesOf({ runs }: GpuSession): PaidStretch[] {
  return runs.flatMap((run, runIndex) =>
    run.rates.map((rate, index) => ({
      from: rate.since,
      to: run.rates[index + 1]?.since ?? run.endedAt,
      ratePerHour: rate.ratePerHour,
      run,
      change:
        index > 0
          ? (messages.events.types['price_change'] ?? '')
          : runIndex === 0
            ? text.firstRate
            : shapeOf(run),
    })),
  )
}

const shapeOf = ({ gpuType, gpuCount }: Run) => `${gpuType} × ${gpuCount}`

interface SessionProps {
  readonly session: GpuSession
  readonly instanceId: string
  readonly isLatest: boolean
  readonly asOf: string
  readonly validity: Validity
  readonly against: Provider
  readonly timeZone: string
  readonly isStale: boolean
}

function Session({
  session,
  instanceId,
  isLatest,
  asOf,
  validity,
  against,
  timeZone,
  isStale,
}: SessionProps) {
  const { startedAt, endedAt, figures } = session
  const fileName = useFileName()
  const isSampleData = useIsSampleData()
  const stretches = stretchesOf(session)
  const began = formatInstant(startedAt, timeZone)
  const openEnd = isStale ? text.runningThen : text.running
  const ended = endedAt === null ? openEnd : formatInstant(endedAt, timeZone)
  const steps: Step[] = stretches.map(({ from, to, ratePerHour }) => ({
    from: Date.parse(from),
    to: Date.parse(to ?? asOf),
    value: Number(ratePerHour),
  }))
  const columns = columnsFor(stretches, timeZone, openEnd)
  const name = fileName(`rates-${instanceId}-${startedAt}`.replace(/[^\w.-]+/g, '-'))
  return (
    <>
      <p className="flex flex-wrap items-baseline justify-between gap-x-6 gap-y-1 text-sm">
        <span className="font-medium">{text.sessionOf(began, ended)}</span>
        <span className="flex flex-wrap gap-x-4 text-caption text-ink-soft">
          <Why
            about={{
              about: 'usage',
              quantity: 'use',
              instance: instanceId,
              from: startedAt,
              to: endedAt,
            }}
          >
            {text.hours(formatQuantity(figures.hours, 2))}
          </Why>
          <span className="empty:hidden">
            <Paid
              figure={`cost:${startedAt}`}
              figures={figures}
              validity={validity}
              about={{
                about: 'usage',
                quantity: 'paid',
                instance: instanceId,
                from: startedAt,
                to: endedAt,
                isComputeOnly: true,
              }}
            />
          </span>
          {figures.live.saving !== null && (
            <Why
              about={{
                about: 'usage',
                instance: instanceId,
                from: startedAt,
                to: endedAt,
                isComputeOnly: true,
              }}
            >
              <LiveAmount
                figure={`saving:${startedAt}`}
                of={against}
                live={figures.live.saving}
                validity={validity}
                decimals={2}
                showLossNote
              />
            </Why>
          )}
        </span>
      </p>
      {(isLatest || stretches.length > 1) && (
        <>
          {stretches.length > 1 && (
            <StepChart
              label={text.rateChart}
              steps={steps}
              formatValue={(value) => formatRate(value)}
              formatTime={(time) => formatInstant(time, timeZone)}
              openEnd={endedAt === null ? openEnd : null}
              picture={{
                name,
                title: `${instanceId} · ${text.rateCaption(began)}`,
                caution: isSampleData ? messages.shell.sampleData : null,
              }}
            />
          )}
          <div className="overflow-hidden rounded-xl border border-line">
            <DataTable
              caption={text.rateCaption(began)}
              columns={columns}
              rows={stretches}
              rowKey={({ from, run }) => `${from} ${run.startedAt}`}
            />
          </div>
          {stretches.length > 1 && (
            <Button
              onClick={() => {
                downloadCsv(`${name}.csv`, toCsv(toCsvRows(stretches, columns)))
              }}
            >
              {messages.history.csv}
            </Button>
          )}
        </>
      )}
    </>
  )
}

function columnsFor(
  stretches: readonly PaidStretch[],
  timeZone: string,
  openEnd: string,
): Column<PaidStretch>[] {
  const rates = columnRates(stretches.map(({ ratePerHour }) => ratePerHour))
  return [
    {
      key: 'from',
      header: text.from,
      cell: ({ from }) => formatInstant(from, timeZone),
      csv: ({ from }) => from,
    },
    {
      key: 'to',
      header: text.to,
      cell: ({ to }) => (to === null ? openEnd : formatInstant(to, timeZone)),
      csv: ({ to }) => to ?? '',
    },
    {
      key: 'change',
      header: text.change,
      cell: ({ change }) => change,
      csv: ({ change }) => change,
    },
    {
      key: 'shape',
      header: text.shape,
      cell: ({ run }) => shapeOf(run),
      csv: ({ run }) => shapeOf(run),
    },
    {
      key: 'rate',
      header: text.rate,
      isNumber: true,
      // What was paid in another currency is shown as it was reported.
      cell: ({ ratePerHour, run }) => rates(ratePerHour, run.currency),
      csv: ({ ratePerHour, run }) =>
        run.currency === 'USD' ? ratePerHour : `${ratePerHour} ${run.currency}`,
    },
  ]
}
