import type { ReactNode } from 'react'
import { Link, useNavigate, useSearchParams } from 'react-router'
import { type Provider, PROVIDERS } from '../../api/comparison'
import { GradeLegend } from '../../components/grade-chip'
import { Panel } from '../../components/panel'
import { PriceDetail } from '../../features/price-book/price-detail'
import { PriceMatrix } from '../../features/price-book/price-matrix'
import type { PriceQuestion } from '../../features/price-book/prices-api'
import { messages } from '../../lib/messages'
import { MOST_GPUS } from '../../lib/weighed'
import { PageHead } from '../page-head'

/** How many GPUs are asked about; null where that is no number of GPUs. */
function countOf(parameters: URLSearchParams): number | null {
  const count = Number(parameters.get('count') ?? 1)
  return Number.isInteger(count) && count >= 1 && count <= MOST_GPUS ? count : null
}

function providerOf(parameters: URLSearchParams): Provider | null {
  return PROVIDERS.find((known) => known === parameters.get('provider')) ?? null
}

/**
 * Return the first part of a price's address that means nothing; null where each does.
 *
 * The price of something else would be true, and taken for what is asked for.
 */
function misreadPrice(parameters: URLSearchParams): string | null {
  const provider = parameters.get('provider')
  if (provider === null) return null
  if (providerOf(parameters) === null) return `provider=${provider}`
  return countOf(parameters) === null ? `count=${parameters.get('count') ?? ''}` : null
}

function addressOf({ gpu, count, provider }: PriceQuestion): string {
  return `?${new URLSearchParams({ gpu, count: String(count), provider }).toString()}`
}

function titleOf({ gpu, count, provider }: PriceQuestion): string {
  return `${gpu} × ${count} · ${provider}`
}

function linkTo(question: PriceQuestion, cell: ReactNode): ReactNode {
  return (
    <Link
      to={{ search: addressOf(question) }}
      preventScrollReset
      className="-m-1 block rounded-lg p-1 hover:bg-sunken"
    >
      {cell}
    </Link>
  )
}

/** `/prices`: the price book; its address says which cell is open. */
export default function PricesPage() {
  const [parameters] = useSearchParams()
  const navigate = useNavigate()
  const count = countOf(parameters) ?? 1
  const gpu = parameters.get('gpu')
  const provider = providerOf(parameters)
  const misread = misreadPrice(parameters)
  const question =
    gpu === null || provider === null || misread !== null ? null : { gpu, count, provider }

  const show = (chosen: number, replace: boolean) => {
    void navigate(
      { search: chosen === 1 ? '' : `?count=${chosen}` },
      { replace, preventScrollReset: true },
    )
  }
  return (
    <>
      <PageHead title={messages.prices.title} />
      <div className="space-y-4">
        <PriceMatrix
          count={count}
          onCountChange={(chosen) => {
            show(chosen, false)
          }}
          open={linkTo}
        />
        <div className="px-1 pt-1">
          <GradeLegend />
        </div>
      </div>
      {(question !== null || misread !== null) && (
        <Panel
          title={question === null ? messages.prices.title : titleOf(question)}
          subject={question === null ? (misread ?? '') : addressOf(question)}
          onClose={() => {
            show(count, true)
          }}
        >
          {misread !== null && (
            <p className="text-sm wrap-anywhere text-ink-soft">{messages.why.misread(misread)}</p>
          )}
          {question !== null && <PriceDetail question={question} />}
        </Panel>
      )}
    </>
  )
}
