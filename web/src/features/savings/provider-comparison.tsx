import { memo } from 'react'
import type { Answer } from '../../api/answer'
import { type Provider, PROVIDERS } from '../../api/comparison'
import { type Savings, useGetSavingsQuery } from '../../api/savings'
import { Card } from '../../components/card'
import { Evidence, versus } from '../../components/proof'
import { LastAnswer } from '../../components/last-answer'
import { LiveAmount } from '../../components/live-amount'
import { Skeleton } from '../../components/skeleton'
import { Why } from '../../components/why'
import type { LiveValue, Validity } from '../../lib/live-counter'
import { messages } from '../../lib/messages'
import { formatPercent } from '../../lib/money'
import type { AskedWhy } from '../../lib/why'
import { useAnswer } from '../../state/use-answer'
import { usePolling } from '../../state/use-savings'

const text = messages.providers

/** The same work compared with all three providers, side by side. */
export function ProviderComparison({ chosen }: { readonly chosen: Provider }) {
  return (
    <Card title={text.title} actions={<p className="text-caption text-ink-faint">{text.detail}</p>}>
      <ul className="grid grid-cols-1 divide-y divide-line border-t border-line lg:grid-cols-3 lg:divide-x lg:divide-y-0">
        {PROVIDERS.map((provider) => (
          <ProviderColumn key={provider} provider={provider} isChosen={provider === chosen} />
        ))}
      </ul>
    </Card>
  )
}

interface ProviderColumnProps {
  readonly provider: Provider
  readonly isChosen: boolean
}

function ProviderColumn({ provider, isChosen }: ProviderColumnProps) {
  const answer = useAnswer(useGetSavingsQuery(provider, usePolling()))
  return (
    <li className="flex flex-col gap-3 p-4 sm:p-5" aria-current={isChosen ? 'true' : undefined}>
      <p className="flex items-center gap-2 text-title font-semibold">
        {provider}
        {isChosen && (
          <span className="rounded-md bg-sunken px-1.5 py-0.5 text-fine font-medium text-ink-soft">
            {text.selected}
          </span>
        )}
      </p>
      <Figures answer={answer} />
    </li>
  )
}

const Figures = memo(function Figures({ answer }: { readonly answer: Answer<Savings> }) {
  if (answer.state === 'loading') return <Skeleton className="h-44 w-full" />
  if (answer.state === 'failed') {
    return (
      <p role="alert" className="text-sm text-ink-soft">
        {answer.problem.detail}{' '}
        <button type="button" onClick={answer.retry} className="underline underline-offset-4">
          {messages.problem.retry}
        </button>
      </p>
    )
  }
  const { data: savings, staleSince, retry } = answer
  const { lifetimeComparableCost: paid, lifetimeProviderCost: charged } = savings
  const percentage = savings.savingsPercentage
  return (
    <LastAnswer staleSince={staleSince} retry={retry} className="flex flex-1 flex-col gap-3">
      <p className="flex flex-wrap items-baseline gap-x-2">
        <span className="text-2xl font-semibold tracking-tight">
          <Why about={{ about: 'usage', provider: savings.provider }}>
            <LiveAmount
              figure={`lifetime-saving:${savings.provider}`}
              live={savings.liveLifetime}
              validity={savings.validity}
              decimals={2}
            />
          </Why>
        </span>
        <span className="text-caption text-ink-soft">
          {percentage === null ? (
            text.nothing
          ) : (
            <Why about={{ about: 'usage', provider: savings.provider }}>
              {percentage < 0
                ? `${messages.savings.more(formatPercent(-percentage))}, ${messages.figures.costsMore}`
                : messages.savings.less(formatPercent(percentage))}
            </Why>
          )}
        </span>
      </p>
      <dl className="space-y-2 text-caption">
        <Proportion
          label={text.wouldHaveCharged}
          why={{ about: 'usage', provider: savings.provider, quantity: 'comparison' }}
          figure={`lifetime-provider-cost:${savings.provider}`}
          live={savings.liveLifetimeProviderCost}
          validity={savings.validity}
          amount={charged}
          whole={Math.max(paid, charged)}
          look="fill-unknown-fill"
        />
        <Proportion
          label={`${text.youPaid}, ${text.comparedPart}`}
          why={{ about: 'usage', provider: savings.provider, quantity: 'paid' }}
          figure={`lifetime-comparable-cost:${savings.provider}`}
          live={savings.liveLifetimeComparableCost}
          validity={savings.validity}
          amount={paid}
          whole={Math.max(paid, charged)}
          look={paid > charged ? 'fill-loss-fill' : 'fill-saved-fill'}
        />
      </dl>
      <p className="text-caption text-ink-faint">{versus(savings.provider, savings.comparison)}</p>
      <Evidence
        coverage={savings.coverage}
        oldestPriceRetrievedAt={savings.oldestPriceRetrievedAt}
        asOf={savings.asOf}
        about={{ about: 'usage', provider: savings.provider }}
      />
    </LastAnswer>
  )
})

interface ProportionProps {
  readonly label: string
  readonly why: AskedWhy
  readonly figure: string
  readonly live: LiveValue
  readonly validity: Validity
  /** What the bar is drawn of, which stands until the next answer. */
  readonly amount: number
  readonly whole: number
  readonly look: string
}

function Proportion({ label, why, figure, live, validity, amount, whole, look }: ProportionProps) {
  return (
    <div className="grid grid-cols-[1fr_auto] gap-x-4 gap-y-1">
      <dt className="text-ink-soft">{label}</dt>
      <dd className="font-medium">
        <Why about={why}>
          <LiveAmount figure={figure} live={live} validity={validity} decimals={2} isCost />
        </Why>
      </dd>
      <dd aria-hidden="true" className="col-span-2">
        <svg className="block h-1.5 w-full overflow-hidden rounded-full">
          <rect className="fill-sunken" width="100%" height="100%" />
          <rect
            className={look}
            width={whole === 0 ? 0 : `${(amount / whole) * 100}%`}
            height="100%"
          />
        </svg>
      </dd>
    </div>
  )
}
