import { useEffect } from 'react'
import { toAnswer } from '../../api/answer'
import type { Provider } from '../../api/comparison'
import {
  type Instance,
  isActive,
  useGetInstanceSessionsInfiniteQuery,
  useGetInstancesInfiniteQuery,
} from '../../api/instances'
import { FirstLoadFailure } from '../../components/failure'
import { InstanceLink } from '../../components/instance-link'
import { MatchCell } from '../../components/match-cell'
import { versus } from '../../components/proof'
import { Saving } from '../../components/saving'
import { SkeletonRows } from '../../components/skeleton'
import { SourceLink } from '../../components/source-link'
import { Why } from '../../components/why'
import { sum } from '../../lib/decimal'
import { messages } from '../../lib/messages'
import { columnRates, type DecimalText, formatUsd } from '../../lib/money'
import { formatExactInstant } from '../../lib/time'
import type { Quantity } from '../../lib/why'
import { useTimeZone } from '../../state/use-time-zone'
import { ALL_DECIMALS, exactUsd } from './ledger-line'

const text = messages.why

/** What is asked about of instances that run: an amount. */
type AmountAsked = Exclude<Quantity, 'use'>

interface RunningProofProps {
  readonly about: 'session' | 'pace'
  /** Of a pace: what is saved, what is paid, or what would be charged. */
  readonly quantity: AmountAsked
  readonly provider: Provider
  /** One instance alone; all that are on where it is null. */
  readonly instance: string | null
}

/** What the running instances save, in their sessions or per hour, or pay: one line an instance. */
export function RunningProof({ about, quantity, provider, instance }: RunningProofProps) {
  const timeZone = useTimeZone()
  const query = useGetInstancesInfiniteQuery(provider)
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query
  const answer = toAnswer(query)
  const pages = answer.state === 'ready' ? answer.data.pages : []
  // Active instances come first, so a page that ends with one may be followed by more of them.
  const last = pages.at(-1)?.instances.at(-1)
  const isPartial = hasNextPage && last !== undefined && isActive(last)

  useEffect(() => {
    if (isPartial && !isFetchingNextPage) void fetchNextPage()
  }, [isPartial, isFetchingNextPage, fetchNextPage])

  if (answer.state === 'failed') {
    return <FirstLoadFailure problem={answer.problem} retry={answer.retry} />
  }
  const first = pages[0]
  if (first === undefined || isPartial) return <SkeletonRows rows={4} />
  const running = pages
    .flatMap(({ instances }) => instances)
    .filter((one) => isActive(one) && (instance === null || one.instanceId === instance))
  const figures = running.flatMap((one) => figureOf(one, about, quantity) ?? [])
  return (
    <div className="space-y-5">
      <p className="text-caption text-ink-faint">
        {quantity !== 'paid' && `${versus(first.provider, first.comparison)} · `}
        {text.asOf(formatExactInstant(first.asOf, timeZone))}
      </p>
      {running.length === 0 ? (
        <p className="text-sm text-ink-soft">
          {instance === null ? text.nothingOn : text.notOn(instance)}
        </p>
      ) : (
        <>
          <section aria-label={text.sessions}>
            <h3 className="mb-2 text-sm font-medium">{text.sessions}</h3>
            <ol className="divide-y divide-line border-y border-line">
              {running.map((one) => (
                <li key={one.instanceId} className="space-y-1.5 py-3 text-caption">
                  <Line one={one} about={about} quantity={quantity} provider={provider} />
                </li>
              ))}
            </ol>
          </section>
          <p className="flex flex-wrap items-baseline justify-between gap-x-4 rounded-xl bg-sunken p-4 text-sm">
            <span>
              {text.sessionsSum}
              {quantity === 'saving' && (
                <span className="block text-caption text-ink-faint" data-figure="why-sides">
                  {differenceOfAll(running, about)}
                </span>
              )}
              {about === 'session' && (
                <span className="block text-caption text-ink-faint">{text.live}</span>
              )}
            </span>
            {quantity === 'saving' ? (
              <Saving
                amount={sum(figures)}
                decimals={10}
                figure="why-saving"
                className="font-semibold"
                showLossNote
              />
            ) : (
              <span className="font-semibold" data-figure={`why-${quantity}`}>
                {formatUsd(sum(figures), 10)}
              </span>
            )}
          </p>
          {instance !== null && quantity !== 'comparison' && about === 'pace' && (
            <PaidRates provider={provider} instance={instance} timeZone={timeZone} />
          )}
        </>
      )}
    </div>
  )
}

function figureOf(
  one: Instance,
  about: 'session' | 'pace',
  quantity: AmountAsked,
): DecimalText | null {
  if (about === 'session') return one.session?.saving ?? null
  switch (quantity) {
    case 'saving':
      return one.savingPerHour
    case 'paid':
      return one.ratePerHour
    case 'comparison':
      return one.comparisonRatePerHour
  }
}

interface LineProps {
  readonly one: Instance
  readonly about: 'session' | 'pace'
  readonly quantity: AmountAsked
  readonly provider: Provider
}

function Line({ one, about, quantity, provider }: LineProps) {
  const figure = figureOf(one, about, quantity)
  return (
    <>
      <p className="flex flex-wrap items-baseline justify-between gap-x-4">
        <span className="font-medium">
          {one.name}
          <span className="font-normal text-ink-soft">
            {' · '}
            {one.gpuType} × {one.gpuCount}
          </span>
        </span>
        {figure !== null && quantity !== 'saving' && exactUsd(figure)}
        {figure !== null && quantity === 'saving' && (
          <Figure one={one} about={about} provider={provider}>
            {figure}
          </Figure>
        )}
      </p>
      {quantity === 'saving' && (
        <p className="text-ink-soft">
          {figure === null
            ? text.unpricedInstance
            : `${differenceOf(one, about)} = ${exactUsd(figure)}`}
        </p>
      )}
      {about === 'pace' && quantity !== 'comparison' && <PaidTo one={one} />}
      {quantity !== 'paid' && <ComparedTo one={one} provider={provider} />}
    </>
  )
}

/** What an instance is compared with, and by name where that price is from. */
function ComparedTo({ one, provider }: { readonly one: Instance; readonly provider: Provider }) {
  const { match } = one
  return (
    <>
      <MatchCell instance={one} against={provider} />
      {match !== null && (
        <p className="text-ink-faint wrap-anywhere">
          {text.source}:{' '}
          {match.sourceUrl === null ? (
            <span lang="en">{match.source}</span>
          ) : (
            <SourceLink href={match.sourceUrl} lang="en">
              {match.source}
            </SourceLink>
          )}
        </p>
      )}
    </>
  )
}

/** Who a rate is paid to: it is what was reported, and the reports can be read. */
function PaidTo({ one }: { readonly one: Instance }) {
  if (one.ratePerHour === null) return null
  return (
    <p className="text-ink-soft">
      {text.paidHourly(exactUsd(one.ratePerHour), one.provider)}
      {': '}
      <span className="underline decoration-line-strong underline-offset-2">
        <InstanceLink instanceId={one.instanceId}>{text.reports}</InstanceLink>
      </span>
    </p>
  )
}

interface PaidRatesProps {
  readonly provider: Provider
  readonly instance: string
  readonly timeZone: string
}

/** The rates of an instance's running session, each from when it was reported to hold. */
function PaidRates({ provider, instance, timeZone }: PaidRatesProps) {
  const answer = toAnswer(useGetInstanceSessionsInfiniteQuery({ provider, instanceId: instance }))
  if (answer.state === 'loading') return <SkeletonRows rows={2} />
  if (answer.state === 'failed') {
    return <FirstLoadFailure problem={answer.problem} retry={answer.retry} />
  }
  const latest = answer.data.pages[0]?.sessions[0]
  if (latest?.endedAt !== null) return null
  const held = latest.runs.flatMap(({ rates, currency }) =>
    rates.map((rate) => ({ ...rate, currency })),
  )
  const format = columnRates(
    held.map(({ ratePerHour }) => ratePerHour),
    ALL_DECIMALS,
  )
  return (
    <section aria-label={text.rates}>
      <h3 className="mb-2 text-sm font-medium">{text.rates}</h3>
      <ol className="space-y-1 text-caption">
        {held.map(({ since, ratePerHour, currency }) => (
          <li key={since}>
            {text.rateSince(format(ratePerHour, currency), formatExactInstant(since, timeZone))}
          </li>
        ))}
      </ol>
    </section>
  )
}

interface FigureProps {
  readonly one: Instance
  readonly about: 'session' | 'pace'
  readonly provider: Provider
  readonly children: DecimalText
}

function Figure({ one, about, provider, children }: FigureProps) {
  const shown = <Saving amount={children} decimals={about === 'pace' ? 'rate' : 4} />
  if (about === 'pace' || one.session === null) return shown
  return (
    <Why
      about={{
        about: 'usage',
        provider,
        instance: one.instanceId,
        from: one.session.startedAt,
        isComputeOnly: true,
      }}
    >
      {shown}
    </Why>
  )
}

/** Return both sides of what an instance saves. */
function sidesOf(one: Instance, about: 'session' | 'pace'): readonly [DecimalText, DecimalText] {
  const none = '0' as DecimalText
  if (about === 'pace') return [one.comparisonRatePerHour ?? none, one.ratePerHour ?? none]
  const { comparisonCost, comparableCost } = one.session ?? one.lifetime
  return [comparisonCost ?? none, comparableCost]
}

/** Write a saving as the difference of its two sides. */
function differenceOf(one: Instance, about: 'session' | 'pace'): string {
  const [charged, paid] = sidesOf(one, about)
  return text.paceLine(exactUsd(charged), exactUsd(paid))
}

/** Write what all that is compared saves as the difference of its two sides. */
function differenceOfAll(running: readonly Instance[], about: 'session' | 'pace'): string {
  const sides = running
    .filter((one) => figureOf(one, about, 'saving') !== null)
    .map((one) => sidesOf(one, about))
  const charged = sum(sides.map(([one]) => one))
  return text.paceLine(exactUsd(charged), exactUsd(sum(sides.map(([, one]) => one))))
}
