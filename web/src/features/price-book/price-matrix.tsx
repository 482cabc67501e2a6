import { type ReactNode, useMemo, useState } from 'react'
import { toAnswer } from '../../api/answer'
import { type Provider, PROVIDERS } from '../../api/comparison'
import { Card } from '../../components/card'
import { type Column, DataTable, useSorting } from '../../components/data-table'
import { EmptyState } from '../../components/empty-state'
import { FirstLoadFailure, StaleAnswer } from '../../components/failure'
import { Field } from '../../components/field'
import { GradeChip } from '../../components/grade-chip'
import { PriceDate } from '../../components/proof'
import { Segmented } from '../../components/segmented'
import { SkeletonRows } from '../../components/skeleton'
import { messages } from '../../lib/messages'
import { columnRates, formatQuantity, type RateFormat } from '../../lib/money'
import { STALE_AFTER_DAYS } from '../../lib/time'
import { useTimeZone } from '../../state/use-time-zone'
import {
  type ComparedGpu,
  type ComparedPrice,
  type PriceQuestion,
  useGetPriceBookQuery,
} from './prices-api'

const text = messages.prices

/** How many GPUs a machine usually has. */
const COUNTS = [1, 2, 4, 8] as const

interface PriceMatrixProps {
  readonly count: number
  readonly onCountChange: (count: number) => void
  /** Makes a cell open what it rests on. */
  readonly open: (question: PriceQuestion, cell: ReactNode) => ReactNode
}

/** What every known GPU is compared with, at each provider. */
export function PriceMatrix({ count, onCountChange, open }: PriceMatrixProps) {
  const answer = toAnswer(useGetPriceBookQuery(count))
  const timeZone = useTimeZone()
  const [filter, setFilter] = useState('')
  const sought = filter.trim().toLowerCase()
  const model = answer.state === 'ready' ? answer.data.pricingModel : ''
  return (
    <Card
      title={text.book}
      isDimmed={answer.state === 'ready' && answer.staleSince !== null}
      actions={
        <>
          <StaleAnswer answer={answer} timeZone={timeZone} />
          <Segmented
            label={text.count}
            value={count}
            onChange={onCountChange}
            options={COUNTS.map((value) => ({ value, label: `× ${value}` }))}
          />
        </>
      }
    >
      <div className="flex flex-wrap items-end justify-between gap-x-8 gap-y-3 px-4 pb-4 sm:px-5">
        <div className="w-full max-w-72">
          <Field
            label={text.filter}
            type="search"
            value={filter}
            onChange={(event) => {
              setFilter(event.target.value)
            }}
          />
        </div>
        {answer.state === 'ready' && (
          <p className="max-w-prose text-caption text-ink-faint">
            {text.detail(messages.figures.pricingModels[model] ?? model)}
          </p>
        )}
      </div>
      {answer.state === 'loading' && <SkeletonRows rows={8} />}
      {answer.state === 'failed' && (
        <FirstLoadFailure problem={answer.problem} retry={answer.retry} />
      )}
      {answer.state === 'ready' && (
        <Rows
          gpus={answer.data.gpus.filter(({ gpuType }) => gpuType.toLowerCase().includes(sought))}
          count={count}
          open={open}
        />
      )}
    </Card>
  )
}

interface RowsProps {
  readonly gpus: readonly ComparedGpu[]
  readonly count: number
  readonly open: PriceMatrixProps['open']
}

const at = (gpu: ComparedGpu, provider: Provider) =>
  gpu.compared.find((one) => one.provider === provider)

function Rows({ gpus, count, open }: RowsProps) {
  const columns = useMemo((): Column<ComparedGpu>[] => {
    const providers = PROVIDERS.map((provider): Column<ComparedGpu> => {
      const prices = columnRates(gpus.map((gpu) => at(gpu, provider)?.pricePerGpuHour))
      return {
        key: provider,
        header: provider,
        sortBy: (gpu) => {
          const price = at(gpu, provider)?.pricePerGpuHour
          return price == null ? null : Number(price)
        },
        cell: (gpu) => {
          const price = at(gpu, provider)
          return (
            price !== undefined &&
            open(
              { gpu: gpu.gpuType, count, provider },
              <Cell gpu={gpu.gpuType} price={price} format={prices} />,
            )
          )
        },
      }
    })
    return [
      {
        key: 'gpu',
        header: text.gpu,
        sortBy: ({ gpuType }) => gpuType,
        cell: ({ gpuType }) => <span className="font-medium">{gpuType}</span>,
      },
      {
        key: 'memory',
        header: text.memory,
        isNumber: true,
        sortBy: ({ memoryGib }) => Number(memoryGib),
        cell: ({ memoryGib }) => `${formatQuantity(memoryGib)} GiB`,
      },
      ...providers,
    ]
  }, [gpus, count, open])
  const { sorted, sorting, setSorting } = useSorting(gpus, columns)
  if (gpus.length === 0) return <EmptyState>{text.none}</EmptyState>
  return (
    <DataTable
      caption={text.caption}
      columns={columns}
      rows={sorted}
      rowKey={({ gpuType }) => gpuType}
      sorting={sorting}
      onSort={setSorting}
    />
  )
}

interface CellProps {
  readonly gpu: string
  readonly price: ComparedPrice
  readonly format: RateFormat
}

function Cell({ gpu, price, format }: CellProps) {
  const { grade, pricePerGpuHour, comparedGpu, ageDays, provider } = price
  const named = <span className="sr-only">{text.cell(gpu, provider)}: </span>
  if (pricePerGpuHour === null) {
    return (
      <span className="text-ink-faint">
        {named}
        <GradeChip grade={grade} />
      </span>
    )
  }
  return (
    <span className="block">
      {named}
      <span className="flex flex-wrap items-center gap-x-2">
        <GradeChip grade={grade} />
        <span className="font-medium">{format(pricePerGpuHour)}</span>
      </span>
      <span className="block text-ink-faint">
        {comparedGpu !== null && comparedGpu !== gpu && `${text.comparedTo(comparedGpu)} · `}
        {ageDays !== null && (
          <PriceDate isStale={ageDays > STALE_AFTER_DAYS}>
            {text.age(formatQuantity(ageDays))}
          </PriceDate>
        )}
      </span>
    </span>
  )
}
