import { memo, type ReactNode, useMemo, useState } from 'react'
import type { GradeHours, Provider } from '../../api/comparison'
import {
  type GpuGroup,
  type GpuGroups,
  type Instance,
  type InstancesPage,
  useGetGpuGroupsQuery,
  useGetInstancesInfiniteQuery,
  type UsageFigures,
} from '../../api/instances'
import { Button } from '../../components/button'
import { Card } from '../../components/card'
import { type Column, DataTable, toCsvRows, useSorting } from '../../components/data-table'
import { EmptyState } from '../../components/empty-state'
import { FirstLoadFailure } from '../../components/failure'
import { GradeChip, GradeShare } from '../../components/grade-chip'
import { gradeShares, gradesInWords } from '../../components/grade-shares'
import { InexactToggle, isInexact } from '../../components/inexact'
import { InstanceLink } from '../../components/instance-link'
import { LastAnswer } from '../../components/last-answer'
import { Saving } from '../../components/saving'
import { Segmented } from '../../components/segmented'
import { SkeletonRows } from '../../components/skeleton'
import { Uncompared } from '../../components/uncompared'
import { WeighedLink } from '../../components/weighed-link'
import { Why } from '../../components/why'
import { downloadCsv, toCsv } from '../../lib/csv'
import { messages } from '../../lib/messages'
import { type Amount, formatFixed, formatUsd, plainAmount } from '../../lib/money'
import type { AskedWhy } from '../../lib/why'
import { formatExactInstant } from '../../lib/time'
import { useAnswer } from '../../state/use-answer'
import { useFileName } from '../../state/use-sample-data'
import { usePolling } from '../../state/use-savings'
import { useTimeZone } from '../../state/use-time-zone'

const text = messages.breakdown

type Grouping = 'instance' | 'gpu'

/** Write an amount into a CSV file with the decimals that the screen shows. */
function csvAmount(amount: Amount | null): string {
  return amount === null ? '' : plainAmount(amount)
}

function Figure({ amount, why }: { readonly amount: Amount | null; readonly why: AskedWhy }) {
  return amount === null ? (
    <span className="text-ink-faint">{messages.figures.noComparison}</span>
  ) : (
    <Why about={why}>{formatUsd(amount)}</Why>
  )
}

function figureColumns<Row extends { readonly lifetime: UsageFigures }>(
  whyOf: (row: Row) => AskedWhy,
): Column<Row>[] {
  return [
    {
      key: 'hours',
      header: text.hours,
      isNumber: true,
      sortBy: ({ lifetime }) => lifetime.hours,
      cell: (row) => (
        <Why about={{ ...whyOf(row), quantity: 'use' }}>{formatFixed(row.lifetime.hours)}</Why>
      ),
      csv: ({ lifetime }) => plainAmount(lifetime.hours, 1),
    },
    {
      key: 'paid',
      header: text.paid,
      isNumber: true,
      sortBy: ({ lifetime: { cost } }) => (cost === null ? null : Number(cost)),
      cell: (row) => (
        <Figure amount={row.lifetime.cost} why={{ ...whyOf(row), quantity: 'paid' }} />
      ),
      csv: ({ lifetime }) => csvAmount(lifetime.cost),
    },
    {
      key: 'comparison',
      header: text.comparison,
      isNumber: true,
      sortBy: ({ lifetime: { comparisonCost } }) =>
        comparisonCost === null ? null : Number(comparisonCost),
      cell: (row) => (
        <Figure
          amount={row.lifetime.comparisonCost}
          why={{ ...whyOf(row), quantity: 'comparison' }}
        />
      ),
      csv: ({ lifetime }) => csvAmount(lifetime.comparisonCost),
    },
    {
      key: 'saving',
      header: text.saving,
      isNumber: true,
      sortBy: ({ lifetime: { saving } }) => (saving === null ? null : Number(saving)),
      cell: (row) => {
        const { saving, cost, comparableCost } = row.lifetime
        if (saving === null) return <span className="text-ink-faint">–</span>
        return (
          <>
            <Why about={whyOf(row)}>
              <Saving amount={saving} />
            </Why>
            {Number(saving) < 0 && (
              <span aria-hidden="true" className="block text-xs text-loss">
                {messages.figures.costsMore}
              </span>
            )}
            {cost !== null && (
              <Uncompared paid={cost} compared={comparableCost} about={whyOf(row)} />
            )}
          </>
        )
      },
      csv: ({ lifetime }) => csvAmount(lifetime.saving),
    },
  ]
}

const instanceColumns = (provider: Provider): readonly Column<Instance>[] => [
  {
    key: 'instance',
    header: text.instance,
    sortBy: ({ name }) => name,
    cell: ({ name, instanceId }) => (
      <span className="block max-w-56 truncate font-medium" title={instanceId}>
        <InstanceLink instanceId={instanceId}>{name}</InstanceLink>
      </span>
    ),
    csv: ({ name }) => name,
  },
  {
    key: 'gpu',
    header: text.gpu,
    sortBy: ({ gpuType }) => gpuType,
    cell: ({ gpuType, gpuCount }) => (
      <span className="whitespace-nowrap">
        {gpuType} <span className="text-ink-soft">× {gpuCount}</span>
      </span>
    ),
    csv: ({ gpuType, gpuCount }) => `${gpuType} × ${gpuCount}`,
  },
  {
    key: 'grade',
    header: text.grade,
    sortBy: ({ match }) => match?.grade ?? 'N',
    cell: (instance) => (
      <span className="flex flex-wrap gap-x-3">
        <GradeChip grade={instance.match?.grade ?? 'N'} />
        <WeighedLink instance={instance} against={provider}>
          {messages.figures.weighed}
        </WeighedLink>
      </span>
    ),
    csv: ({ match }) => match?.grade ?? 'N',
  },
  ...figureColumns<Instance>(({ instanceId }) => ({ about: 'usage', instance: instanceId })),
]

/** How sure the saving of a group is: its use may be compared with more than one grade. */
function Grades({ hours }: { readonly hours: GradeHours }) {
  const shares = gradeShares(hours)
  const [only] = shares
  if (only === undefined) return <span className="text-ink-faint">–</span>
  if (shares.length === 1) return <GradeChip grade={only.grade} />
  return (
    <ul className="flex flex-wrap gap-x-3">
      {shares.map(({ grade, share }) => (
        <li key={grade}>
          <GradeShare grade={grade} share={share} />
        </li>
      ))}
    </ul>
  )
}

const GPU_COLUMNS: readonly Column<GpuGroup>[] = [
  {
    key: 'gpu',
    header: text.gpu,
    sortBy: ({ gpuType }) => gpuType,
    cell: ({ gpuType }) => <span className="font-medium whitespace-nowrap">{gpuType}</span>,
    csv: ({ gpuType }) => gpuType,
  },
  {
    key: 'instances',
    header: text.instances,
    isNumber: true,
    sortBy: ({ instancesCount }) => instancesCount,
    cell: ({ instancesCount }) => instancesCount,
    csv: ({ instancesCount }) => String(instancesCount),
  },
  {
    key: 'active',
    header: text.active,
    isNumber: true,
    sortBy: ({ activeCount }) => activeCount,
    cell: ({ activeCount }) => activeCount,
    csv: ({ activeCount }) => String(activeCount),
  },
  {
    key: 'grade',
    header: text.grade,
    sortBy: ({ grades }) => gradesInWords(grades),
    cell: ({ grades }) => <Grades hours={grades} />,
    csv: ({ grades }) => gradesInWords(grades),
  },
  ...figureColumns<GpuGroup>(({ gpuType }) => ({ about: 'usage', gpu: gpuType })),
]

/** All-time figures by instance and by GPU model. */
export function Breakdown({ provider }: { readonly provider: Provider }) {
  const [grouping, setGrouping] = useState<Grouping>('instance')
  return (
    <Card
      title={text.title}
      actions={
        <Segmented
          label={text.by}
          value={grouping}
          onChange={setGrouping}
          options={[
            { value: 'instance', label: text.byInstance },
            { value: 'gpu', label: text.byGpu },
          ]}
        />
      }
    >
      {grouping === 'instance' ? <ByInstance provider={provider} /> : <ByGpu provider={provider} />}
    </Card>
  )
}

function ByInstance({ provider }: { readonly provider: Provider }) {
  const query = useGetInstancesInfiniteQuery(provider, usePolling())
  const answer = useAnswer(query)
  if (answer.state === 'loading') return <SkeletonRows rows={4} isWide />
  if (answer.state === 'failed') {
    return <FirstLoadFailure problem={answer.problem} retry={answer.retry} />
  }
  const { pages } = answer.data
  return (
    <LastAnswer staleSince={answer.staleSince} retry={answer.retry}>
      <Instances pages={pages} provider={provider} />
      {query.hasNextPage && (
        <div className="flex flex-wrap items-center justify-center gap-4 border-t border-line p-3 text-caption text-ink-soft">
          {text.shown(pages.reduce((sum, page) => sum + page.instances.length, 0))}
          <Button onClick={() => void query.fetchNextPage()}>{text.more}</Button>
        </div>
      )}
    </LastAnswer>
  )
}

function ByGpu({ provider }: { readonly provider: Provider }) {
  const answer = useAnswer(useGetGpuGroupsQuery(provider, usePolling()))
  if (answer.state === 'loading') return <SkeletonRows rows={4} isWide />
  if (answer.state === 'failed') {
    return <FirstLoadFailure problem={answer.problem} retry={answer.retry} />
  }
  return (
    <LastAnswer staleSince={answer.staleSince} retry={answer.retry}>
      <Gpus {...answer.data} provider={provider} />
    </LastAnswer>
  )
}

interface InstancesProps {
  readonly pages: readonly InstancesPage[]
  readonly provider: Provider
}

const Instances = memo(function Instances({ pages, provider }: InstancesProps) {
  const [isOnlyInexact, setOnlyInexact] = useState(false)
  const columns = useMemo(() => instanceColumns(provider), [provider])
  const rows = pages.flatMap((page) => page.instances)
  const asOf = pages.map((page) => page.asOf)
  return (
    <SortedRows
      caption={text.captionInstance}
      columns={columns}
      rows={isOnlyInexact ? rows.filter(isInexact) : rows}
      asOf={asOf}
      filter={
        rows.length > 0 && (
          <InexactToggle instances={rows} isOn={isOnlyInexact} onChange={setOnlyInexact} />
        )
      }
      empty={isOnlyInexact ? messages.figures.noneInexact : text.empty}
      rowKey={({ instanceId }) => instanceId}
      file={`savings-by-instance-${provider.toLowerCase()}.csv`}
    />
  )
})

interface GpusProps extends GpuGroups {
  readonly provider: Provider
}

const Gpus = memo(function Gpus({ groups, asOf, provider }: GpusProps) {
  return (
    <SortedRows
      caption={text.captionGpu}
      columns={GPU_COLUMNS}
      rows={groups}
      asOf={[asOf]}
      rowKey={({ gpuType }) => gpuType}
      file={`savings-by-gpu-${provider.toLowerCase()}.csv`}
    />
  )
})

interface SortedRowsProps<Row> {
  readonly caption: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly rowKey: (row: Row) => string
  readonly file: string
  /** The instants that the figures are of: pages come one after the other. */
  readonly asOf: readonly string[]
  /** What leaves some of the rows out, in the file too. */
  readonly filter?: ReactNode
  readonly empty?: string
}

function SortedRows<Row>({
  caption,
  columns,
  rows,
  rowKey,
  file,
  asOf,
  filter,
  empty = text.empty,
}: SortedRowsProps<Row>) {
  const { sorted, sorting, setSorting } = useSorting(rows, columns)
  const fileName = useFileName()
  const timeZone = useTimeZone()
  const instants = [...new Set(asOf.map((instant) => formatExactInstant(instant, timeZone)))]
  if (rows.length === 0) {
    return (
      <>
        <div className="flex px-4 pb-3 empty:hidden sm:justify-end sm:px-5">{filter}</div>
        <EmptyState>{empty}</EmptyState>
      </>
    )
  }
  return (
    <>
      <div className="flex flex-wrap items-center gap-3 px-4 pb-3 sm:justify-end sm:px-5">
        <p className="mr-auto text-caption text-ink-faint">
          {messages.why.asOf(instants.join(', '))}
        </p>
        {filter}
        <Button
          onClick={() => {
            downloadCsv(fileName(file), toCsv(toCsvRows(sorted, columns)))
          }}
        >
          {text.csv}
        </Button>
      </div>
      <DataTable
        caption={caption}
        columns={columns}
        rows={sorted}
        rowKey={rowKey}
        sorting={sorting}
        onSort={setSorting}
        hasLargeRows
      />
    </>
  )
}
