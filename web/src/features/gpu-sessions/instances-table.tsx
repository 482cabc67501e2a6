import { memo, useState } from 'react'
import type { Answer } from '../../api/answer'
import type { Provider } from '../../api/comparison'
import { type Instance, type InstancesPage } from '../../api/instances'
import { Button } from '../../components/button'
import { Card } from '../../components/card'
import { type Column, DataTable, useSorting } from '../../components/data-table'
import { EmptyState } from '../../components/empty-state'
import { FirstLoadFailure, StaleNotice } from '../../components/failure'
import { InexactToggle, isInexact } from '../../components/inexact'
import { InstanceLink } from '../../components/instance-link'
import { LiveAmount } from '../../components/live-amount'
import { MatchCell } from '../../components/match-cell'
import { Saving } from '../../components/saving'
import { SkeletonRows } from '../../components/skeleton'
import { Why } from '../../components/why'
import type { Validity } from '../../lib/live-counter'
import { messages } from '../../lib/messages'
import { columnRates, type DecimalText } from '../../lib/money'
import { InstanceStatusCell } from './instance-status-cell'

const text = messages.instances

/** An instance with the answer's validity, by which its figures tick. */
interface InstanceRow {
  readonly instance: Instance
  readonly validity: Validity
  readonly against: Provider
}

/** An amount as sorting needs it: only its order counts. */
function numberOf(amount: DecimalText | null): number | null {
  return amount === null ? null : Number(amount)
}

function columnsFor(
  rows: readonly InstanceRow[],
  timeZone: string,
  isStale: boolean,
): Column<InstanceRow>[] {
  const paid = columnRates(rows.map(({ instance }) => instance.ratePerHour))
  const saved = columnRates(rows.map(({ instance }) => instance.savingPerHour))
  return [
    {
      key: 'name',
      header: text.instance,
      sortBy: ({ instance }) => instance.name,
      cell: ({ instance }) => (
        <span className="block max-w-44 min-w-24">
          <span className="block truncate font-medium" title={instance.instanceId}>
            <InstanceLink instanceId={instance.instanceId}>{instance.name}</InstanceLink>
          </span>
          <span className="block truncate text-ink-faint">{instance.provider}</span>
        </span>
      ),
    },
    {
      key: 'gpu',
      header: text.gpu,
      sortBy: ({ instance }) => instance.gpuType,
      cell: ({ instance }) => (
        <span className="whitespace-nowrap">
          {instance.gpuType} <span className="text-ink-soft">× {instance.gpuCount}</span>
          {instance.variantAssumed && (
            <span className="block text-ink-faint">{text.variantAssumed}</span>
          )}
        </span>
      ),
    },
    {
      key: 'status',
      header: isStale ? text.statusThen : text.status,
      sortBy: ({ instance }) => instance.status,
      cell: ({ instance }) => <InstanceStatusCell instance={instance} timeZone={timeZone} />,
    },
    {
      key: 'paid',
      header: text.paidPerHour,
      isNumber: true,
      sortBy: ({ instance }) => numberOf(instance.ratePerHour),
      cell: ({ instance }) =>
        instance.ratePerHour === null ? (
          <NoFigure />
        ) : (
          <Why about={{ about: 'pace', quantity: 'paid', instance: instance.instanceId }}>
            {paid(instance.ratePerHour)}
          </Why>
        ),
    },
    {
      key: 'match',
      header: text.comparedWith,
      sortBy: ({ instance }) => instance.match?.sku ?? null,
      cell: ({ instance, against }) => <MatchCell instance={instance} against={against} />,
    },
    {
      key: 'saving-per-hour',
      header: text.savingPerHour,
      isNumber: true,
      sortBy: ({ instance: { savingPerHour } }) => numberOf(savingPerHour),
      cell: ({ instance: { savingPerHour, instanceId } }) =>
        savingPerHour === null ? (
          <NoFigure />
        ) : (
          <>
            <Why about={{ about: 'pace', instance: instanceId }}>
              <Saving amount={savingPerHour} decimals={saved} />
            </Why>
            {Number(savingPerHour) < 0 && (
              <span aria-hidden="true" className="block text-xs text-loss">
                {messages.figures.costsMore}
              </span>
            )}
          </>
        ),
    },
    {
      key: 'session',
      header: isStale ? messages.instance.sessionThen : text.sessionSaving,
      isNumber: true,
      sortBy: ({ instance: { session } }) => numberOf(session?.saving ?? null),
      cell: ({ instance: { session, instanceId }, validity, against }) =>
        session?.live == null ? (
          <NoFigure />
        ) : (
          <Why
            about={{
              about: 'usage',
              instance: instanceId,
              from: session.startedAt,
              isComputeOnly: true,
            }}
          >
            <LiveAmount
              figure={`session-saving:${instanceId}`}
              of={`${against} ${session.startedAt}`}
              live={session.live}
              validity={validity}
              decimals={4}
            />
          </Why>
        ),
    },
    {
      key: 'lifetime',
      header: text.lifetimeSaving,
      isNumber: true,
      sortBy: ({ instance: { lifetime } }) => numberOf(lifetime.saving),
      cell: ({ instance: { lifetime, instanceId }, validity, against }) =>
        lifetime.live.saving === null ? (
          <NoFigure />
        ) : (
          <Why about={{ about: 'usage', instance: instanceId }}>
            <LiveAmount
              figure={`lifetime-saving:${instanceId}`}
              of={against}
              live={lifetime.live.saving}
              validity={validity}
              decimals={2}
            />
          </Why>
        ),
    },
  ]
}

function NoFigure() {
  return <span className="text-ink-faint">–</span>
}

interface InstancesTableProps {
  readonly answer: Answer<readonly InstancesPage[]>
  readonly timeZone: string
  /** Loads the next page; null where all instances are shown. */
  readonly showMore: (() => void) | null
}

/** Every instance: what it costs, what it is compared with, and what it saves. */
export function InstancesTable({ answer, timeZone, showMore }: InstancesTableProps) {
  const [isOnlyInexact, setOnlyInexact] = useState(false)
  const shown = answer.state === 'ready' ? answer.data.flatMap(({ instances }) => instances) : []
  return (
    <Card
      title={text.title}
      isDimmed={answer.state === 'ready' && answer.staleSince !== null}
      actions={
        <div className="flex flex-wrap items-center gap-x-4 gap-y-2 empty:hidden">
          {answer.state === 'ready' && answer.staleSince !== null && (
            <StaleNotice since={answer.staleSince} timeZone={timeZone} retry={answer.retry} />
          )}
          {shown.length > 0 && (
            <InexactToggle instances={shown} isOn={isOnlyInexact} onChange={setOnlyInexact} />
          )}
        </div>
      }
    >
      {answer.state === 'loading' && <SkeletonRows rows={4} isWide />}
      {answer.state === 'failed' && (
        <FirstLoadFailure problem={answer.problem} retry={answer.retry} />
      )}
      {answer.state === 'ready' && (
        <Rows
          pages={answer.data}
          timeZone={timeZone}
          isStale={answer.staleSince !== null}
          isOnlyInexact={isOnlyInexact}
        />
      )}
      {showMore !== null && (
        <div className="border-t border-line p-3 text-center">
          <Button onClick={showMore}>{text.more}</Button>
        </div>
      )}
    </Card>
  )
}

const Rows = memo(function Rows({
  pages,
  timeZone,
  isStale,
  isOnlyInexact,
}: {
  readonly pages: readonly InstancesPage[]
  readonly timeZone: string
  readonly isStale: boolean
  readonly isOnlyInexact: boolean
}) {
  const rows = pages.flatMap(({ instances, validity, provider }) =>
    instances
      .filter((instance) => !isOnlyInexact || isInexact(instance))
      .map((instance) => ({ instance, validity, against: provider })),
  )
  const columns = columnsFor(rows, timeZone, isStale)
  const { sorted, sorting, setSorting } = useSorting(rows, columns)
  if (rows.length === 0) {
    return <EmptyState>{isOnlyInexact ? messages.figures.noneInexact : text.empty}</EmptyState>
  }
  return (
    <DataTable
      caption={text.caption}
      columns={columns}
      rows={sorted}
      rowKey={({ instance }) => instance.instanceId}
      sorting={sorting}
      onSort={setSorting}
      hasLargeRows
    />
  )
})
