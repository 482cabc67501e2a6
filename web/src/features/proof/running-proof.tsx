import { useEffect } from 'react'
import { toAnswer } from '../../api/answer'
import type { Provider } from '../../api/comparison'
import { type Instance, isActive, useGetInstancesInfiniteQuery } from '../../api/instances'
import { FirstLoadFailure } from '../../components/failure'
import { MatchCell } from '../../components/match-cell'
import { versus } from '../../components/proof'
import { Saving } from '../../components/saving'
import { SkeletonRows } from '../../components/skeleton'
import { Why } from '../../components/why'
import { sum } from '../../lib/decimal'
import { messages } from '../../lib/messages'
import { type DecimalText, formatRate } from '../../lib/money'
import { formatExactInstant } from '../../lib/time'
import { useTimeZone } from '../../state/use-time-zone'
import { exactUsd } from './ledger-line'

const text = messages.why

interface RunningProofProps {
  readonly about: 'session' | 'pace'
  readonly provider: Provider
  /** One instance alone; all that are on where it is null. */
  readonly instance: string | null
}

/** What the running instances save, in this session or per hour: one line an instance. */
export function RunningProof({ about, provider, instance }: RunningProofProps) {
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
  const savings = running.flatMap((one) => savingOf(one, about) ?? [])
  return (
    <div className="space-y-5">
      <p className="text-[13px] text-ink-faint">
        {versus(first.provider, first.comparison)}
        {' · '}
        {text.asOf(formatExactInstant(first.asOf, timeZone))}
      </p>
      {running.length === 0 ? (
        <p className="text-sm text-ink-soft">{text.nothingOn}</p>
      ) : (
        <>
          <section aria-label={text.sessions}>
            <h3 className="mb-2 text-sm font-medium">{text.sessions}</h3>
            <ol className="divide-y divide-line border-y border-line">
              {running.map((one) => (
                <li key={one.instanceId} className="space-y-1.5 py-3 text-[13px]">
                  <Line one={one} about={about} provider={provider} />
                </li>
              ))}
            </ol>
          </section>
          <p className="flex flex-wrap items-baseline justify-between gap-x-4 rounded-xl bg-sunken p-4 text-sm">
            <span>
              {text.sessionsSum}
              {about === 'session' && (
                <span className="block text-[13px] text-ink-faint">{text.live}</span>
              )}
            </span>
            <Saving
              amount={sum(savings)}
              decimals={10}
              figure="why-saving"
              className="font-semibold"
              showLossNote
            />
          </p>
        </>
      )}
    </div>
  )
}

function savingOf(one: Instance, about: 'session' | 'pace'): DecimalText | null {
  return about === 'pace' ? one.savingPerHour : (one.session?.saving ?? null)
}

interface LineProps {
  readonly one: Instance
  readonly about: 'session' | 'pace'
  readonly provider: Provider
}

function Line({ one, about, provider }: LineProps) {
  const saving = savingOf(one, about)
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
        {saving !== null && (
          <Figure one={one} about={about} provider={provider}>
            {saving}
          </Figure>
        )}
      </p>
      <p className="text-ink-soft">
        {saving === null
          ? text.unpricedInstance
          : `${differenceOf(one, about)} = ${exactUsd(saving)}`}
      </p>
      <MatchCell instance={one} against={provider} />
    </>
  )
}

function Figure({
  one,
  about,
  provider,
  children,
}: LineProps & { readonly children: DecimalText }) {
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

/** Write a saving as the difference of its two sides. */
function differenceOf(one: Instance, about: 'session' | 'pace'): string {
  if (about === 'session') {
    const { comparisonCost, comparableCost } = one.session ?? one.lifetime
    return text.paceLine(exactUsd(comparisonCost ?? '0'), exactUsd(comparableCost))
  }
  return text.paceLine(
    formatRate(one.comparisonRatePerHour ?? '0', 12),
    formatRate(one.ratePerHour ?? '0', 12),
  )
}
