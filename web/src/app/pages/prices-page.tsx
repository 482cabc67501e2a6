import type { ReactNode } from 'react'
import { Link, useNavigate, useSearchParams } from 'react-router'
import { PROVIDERS } from '../../api/comparison'
import { GradeLegend } from '../../components/grade-chip'
import { Panel } from '../../components/panel'
import { PriceDetail } from '../../features/price-book/price-detail'
import { PriceMatrix } from '../../features/price-book/price-matrix'
import type { PriceQuestion } from '../../features/price-book/prices-api'
import { messages } from '../../lib/messages'
import { MOST_GPUS } from '../../lib/weighed'
import { PageHead } from '../page-head'

function countOf(parameters: URLSearchParams): number {
  const count = Number(parameters.get('count'))
  return Number.isInteger(count) && count >= 1 && count <= MOST_GPUS ? count : 1
}

function addressOf({ gpu, count, provider }: PriceQuestion): string {
  return `?${new URLSearchParams({ gpu, count: String(count), provider }).toString()}`
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
  const count = countOf(parameters)
  const gpu = parameters.get('gpu')
  const provider = PROVIDERS.find((known) => known === parameters.get('provider'))
  const question = gpu === null || provider === undefined ? null : { gpu, count, provider }

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
      {question !== null && (
        <Panel
          title={`${question.gpu} × ${count} · ${question.provider}`}
          subject={addressOf(question)}
          onClose={() => {
            show(count, true)
          }}
        >
          <PriceDetail question={question} />
        </Panel>
      )}
    </>
  )
}
