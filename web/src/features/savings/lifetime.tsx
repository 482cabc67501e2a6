import { type ReactNode, useState } from 'react'
import { Link } from 'react-router'
import type { Answer } from '../../api/answer'
import type { Savings } from '../../api/savings'
import { CalmStatus } from '../../components/calm-status'
import { FirstLoadFailure, StaleNotice } from '../../components/failure'
import { LiveAmount } from '../../components/live-amount'
import { LiveDot } from '../../components/live-dot'
import { LiveDuration } from '../../components/live-duration'
import { meterSummary } from '../../components/meter-summary'
import { projectionMethod } from '../../components/projection-method'
import { Evidence, versus } from '../../components/proof'
import { Saving } from '../../components/saving'
import { Segmented } from '../../components/segmented'
import { Sentence } from '../../components/sentence'
import { Skeleton } from '../../components/skeleton'
import { LiveUncompared, Uncompared } from '../../components/uncompared'
import { Why } from '../../components/why'
import { liveDifference, type LiveValue } from '../../lib/live-counter'
import { messages } from '../../lib/messages'
import { formatPercent, formatQuantity, formatRate, outcomeOf } from '../../lib/money'

const text = messages.savings

const COUNTER_LOOK = 'text-counter font-semibold'

/** Hours of each unit of the pace; a month has thirty days, as in the projections. */
const UNIT_HOURS = { s: 1 / 3600, min: 1 / 60, h: 1, day: 24, month: 720 } as const
type PaceUnit = keyof typeof UNIT_HOURS
const UNITS: readonly PaceUnit[] = ['s', 'min', 'h', 'day', 'month']

interface LifetimeProps {
  readonly answer: Answer<Savings>
  readonly timeZone: string
}

/** The lifetime saving as a live counter, with what it is against and how sure it is. */
export function Lifetime({ answer, timeZone }: LifetimeProps) {
  if (answer.state === 'failed') {
    return (
      <section
        aria-label={text.lifetime}
        className="card rounded-xl border border-line bg-surface shadow-card"
      >
        <FirstLoadFailure problem={answer.problem} retry={answer.retry} />
      </section>
    )
  }
  if (answer.state === 'loading') return <LifetimeSkeleton />
  const { data: savings, staleSince, retry } = answer
  const isStale = staleSince !== null
  return (
    <div className="space-y-4">
      <section
        aria-label={text.lifetime}
        className="@container card rounded-xl border border-line bg-surface shadow-card"
      >
        {isStale && <StaleNotice since={staleSince} timeZone={timeZone} retry={retry} isBand />}
        <div className={`p-4 sm:p-6 ${isStale ? 'stale' : ''}`}>
          <Counter savings={savings} isStale={isStale} />
          <div className="mt-5 flex flex-wrap items-start justify-between gap-x-8 gap-y-2 border-t border-line pt-4 empty:hidden">
            <Evidence
              coverage={savings.coverage}
              oldestPriceRetrievedAt={savings.oldestPriceRetrievedAt}
              asOf={savings.asOf}
              about={{ about: 'usage' }}
            />
          </div>
        </div>
      </section>
      <div
        className={`grid grid-cols-1 gap-4 sm:grid-cols-2 xl:grid-cols-4 ${isStale ? 'stale' : ''}`}
      >
        <PaidTile savings={savings} />
        <ChargedTile savings={savings} />
        <PaceTile savings={savings} isStale={isStale} />
        <ProjectionTile savings={savings} />
      </div>
    </div>
  )
}

interface OfSavings {
  readonly savings: Savings
  /** Newer answers fail to come: nothing here is said to be so now. */
  readonly isStale: boolean
}

function Counter({ savings, isStale }: OfSavings) {
  return (
    <div className="flex flex-wrap items-end justify-between gap-x-10 gap-y-5">
      <CalmStatus
        key={savings.provider}
        isStale={isStale}
        summary={() => meterSummary(savings, isStale)}
      />
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm text-ink-soft">
          {text.lifetime}
          <span className="text-ink-faint">{versus(savings.provider, savings.comparison)}</span>
        </p>
        <p className={`mt-3 ${COUNTER_LOOK}`}>
          <Why about={{ about: 'usage' }}>
            <LiveAmount
              figure="lifetime-saving"
              of={savings.provider}
              live={savings.liveLifetime}
              validity={savings.validity}
              decimals={4}
              isHeadline
              showLossNote
            />
          </Why>
        </p>
        <p className="mt-2">
          <LiveUncompared
            paid={savings.liveLifetimeCost}
            compared={savings.liveLifetimeComparableCost}
            validity={savings.validity}
            of={savings.provider}
            about={{ about: 'usage' }}
          />
        </p>
        <p className="mt-3 flex flex-wrap items-center gap-x-3 gap-y-1 text-sm text-ink-soft">
          {savings.savingsPercentage !== null && !savings.firstUse && (
            <Percentage percentage={savings.savingsPercentage} />
          )}
          {savings.firstUse ? (
            <span>
              <span className="font-medium text-ink">{messages.widget.firstUse}</span>{' '}
              {messages.widget.firstUseDetail}{' '}
              <Link to="/setup" className="underline underline-offset-4">
                {messages.widget.waysToBegin}
              </Link>
            </span>
          ) : (
            <Why about={{ about: 'usage', quantity: 'use' }}>
              {text.hours(
                formatQuantity(savings.lifetimeHours),
                formatQuantity(savings.lifetimeGpuHours),
              )}
            </Why>
          )}
        </p>
      </div>
      <Session savings={savings} isStale={isStale} />
    </div>
  )
}

function Percentage({ percentage }: { readonly percentage: number }) {
  const isLoss = percentage < 0
  const words = isLoss ? text.more : text.less
  return (
    <Why about={{ about: 'usage' }}>
      <span
        data-figure="savings-percentage"
        className={`rounded-md px-2 py-0.5 font-medium ${
          isLoss ? 'bg-loss-soft text-loss' : 'bg-saved-soft text-saved'
        }`}
      >
        {words(formatPercent(Math.abs(percentage)))}
        {isLoss && <span className="sr-only"> {messages.figures.costsMore}</span>}
      </span>
    </Why>
  )
}

function Session({ savings, isStale }: OfSavings) {
  const { widget } = messages
  const { activeInstancesCount: count } = savings
  return (
    <div className="text-sm @3xl:text-right">
      <p className="text-ink-soft">{isStale ? widget.sessionThen : widget.session}</p>
      <p className="mt-1 text-2xl leading-8 font-semibold tracking-tight">
        <Why about={{ about: 'session' }}>
          <LiveAmount
            figure="session-saving"
            of={`${savings.provider} ${count}`}
            live={savings.liveSession}
            validity={savings.validity}
            decimals={4}
            isHeadline
          />
        </Why>
      </p>
      {count === 0 ? (
        <p className="text-caption text-ink-faint">
          {isStale ? widget.nothingRan : widget.nothingRunning}
        </p>
      ) : (
        <p className="flex flex-wrap items-center gap-x-2 text-caption text-ink-soft @3xl:justify-end">
          <LiveDot />
          {isStale ? widget.activeThen(count) : widget.active(count)}
          <span className="text-ink-faint">
            <LiveDuration
              hours={savings.currentSessionHours}
              instances={count}
              validity={savings.validity}
            />
          </span>
        </p>
      )}
    </div>
  )
}

interface TileProps {
  readonly title: string
  readonly actions?: ReactNode
  readonly children: ReactNode
}

function Tile({ title, actions, children }: TileProps) {
  return (
    <section
      aria-label={title}
      className="flex flex-col card rounded-xl border border-line bg-surface p-4 shadow-card sm:min-h-tile sm:p-5"
    >
      <h2 className="text-caption text-ink-soft">{title}</h2>
      {children}
      {actions !== undefined && <div className="mt-auto pt-3">{actions}</div>}
    </section>
  )
}

const TILE_FIGURE = 'mt-1.5 text-2xl leading-8 font-semibold tracking-tight'
const TILE_NOTE = 'mt-0.5 text-caption text-ink-faint'

/** Stands under a figure that says so itself to whoever hears it. */
function LossBelow() {
  return (
    <span aria-hidden="true" className="block text-loss">
      {messages.figures.costsMore}
    </span>
  )
}

interface CostProps {
  readonly figure: string
  readonly live: LiveValue
  readonly savings: Savings
}

/** A cost that the saving above is made of: it is drawn when that is. */
function Cost({ figure, live, savings }: CostProps) {
  return (
    <LiveAmount
      figure={figure}
      of={savings.provider}
      live={live}
      validity={savings.validity}
      decimals={2}
      isCost
      isHeadline
    />
  )
}

function PaidTile({ savings }: { readonly savings: Savings }) {
  const { liveLifetimeCost: paid, liveLifetimeComparableCost: compared } = savings
  return (
    <Tile title={text.youPaid}>
      <p className={TILE_FIGURE}>
        <Why about={{ about: 'usage', quantity: 'paid' }}>
          <Cost figure="lifetime-cost" live={paid} savings={savings} />
        </Why>
      </p>
      <p className={TILE_NOTE}>
        {liveDifference(paid, compared) === null ? (
          text.allComparable
        ) : (
          <Why about={{ about: 'usage', quantity: 'paid' }}>
            <Sentence words={text.comparable}>
              <Cost figure="lifetime-comparable-cost" live={compared} savings={savings} />
            </Sentence>
          </Why>
        )}
      </p>
    </Tile>
  )
}

function ChargedTile({ savings }: { readonly savings: Savings }) {
  return (
    <Tile title={text.wouldHaveCharged(savings.provider)}>
      <p className={TILE_FIGURE}>
        <Why about={{ about: 'usage', quantity: 'comparison' }}>
          <Cost
            figure="lifetime-provider-cost"
            live={savings.liveLifetimeProviderCost}
            savings={savings}
          />
        </Why>
      </p>
      <p className={TILE_NOTE}>{text.sameWork}</p>
    </Tile>
  )
}

function PaceTile({ savings, isStale }: OfSavings) {
  const [unit, setUnit] = useState<PaceUnit>('h')
  const { hourly, provider } = savings
  const hours = UNIT_HOURS[unit]
  // The answer has its own rate per second, with the digits that so small an amount needs.
  const saving = unit === 's' ? hourly.savingsPerSecond : hourly.savingsPerHour * hours
  const decimals = unit === 's' ? 6 : 4
  return (
    <Tile
      title={isStale ? text.paceThen : text.pace}
      actions={
        <Segmented
          label={text.paceUnit}
          value={unit}
          onChange={setUnit}
          options={UNITS.map((value) => ({ value, label: text.units[value] }))}
        />
      }
    >
      <p className={TILE_FIGURE}>
        <Why about={{ about: 'pace' }}>
          <span className="saving" data-outcome={outcomeOf(saving)} data-figure="pace">
            {formatRate(saving, decimals)}
            {saving < 0 && <span className="sr-only"> {messages.figures.costsMore}</span>}
          </span>
        </Why>{' '}
        <span className="text-sm font-normal tracking-normal text-ink-faint">
          {text.perUnit[unit]}
        </span>
      </p>
      <p className={TILE_NOTE}>
        {savings.activeInstancesCount === 0 ? (
          isStale ? (
            text.noPaceThen
          ) : (
            text.noPace
          )
        ) : (
          <Why about={{ about: 'pace' }}>
            {text.paceDetail(
              formatRate(hourly.dumontComparableRate * hours, decimals),
              provider,
              formatRate(hourly.providerRate * hours, decimals),
            )}
          </Why>
        )}
        {saving < 0 && <LossBelow />}
      </p>
      <Uncompared
        paid={hourly.dumontRate * hours}
        compared={hourly.dumontComparableRate * hours}
        about={{ about: 'pace' }}
      />
    </Tile>
  )
}

function ProjectionTile({ savings }: { readonly savings: Savings }) {
  const { projections } = savings
  return (
    <Tile
      title={
        projections.method === 'none'
          ? text.projection
          : text.projectionBy(projectionMethod(projections))
      }
    >
      {projections.monthly === null || projections.yearly === null ? (
        <>
          <p className={`${TILE_FIGURE} text-ink-faint`}>{text.noProjection}</p>
          <p className={TILE_NOTE}>{text.noProjectionDetail}</p>
        </>
      ) : (
        <>
          <p className={TILE_FIGURE}>
            <Why about={{ about: 'projection' }}>
              <Saving amount={projections.monthly} figure="month-projection" />
            </Why>{' '}
            <span className="text-sm font-normal tracking-normal text-ink-faint">
              {text.inAMonth}
            </span>
          </p>
          <p className="text-sm">
            <Why about={{ about: 'projection' }}>
              <Saving
                amount={projections.yearly}
                figure="year-projection"
                className="font-semibold"
              />
            </Why>{' '}
            <span className="text-ink-faint">{text.inAYear}</span>
          </p>
          <p className={TILE_NOTE}>{projections.monthly < 0 && <LossBelow />}</p>
        </>
      )}
    </Tile>
  )
}

function LifetimeSkeleton() {
  return (
    <div className="space-y-4" role="status">
      <span className="sr-only">{messages.shell.loading}</span>
      <div className="@container card rounded-xl border border-line bg-surface p-4 shadow-card sm:p-6">
        <div className="flex flex-wrap items-end justify-between gap-x-10 gap-y-5">
          <div className="min-w-0">
            <Skeleton className="h-5 w-56 max-w-full" />
            <p className={`mt-3 ${COUNTER_LOOK}`}>
              <Skeleton className="h-lh w-counter max-w-full" />
            </p>
            <Skeleton className="mt-3 h-6 w-64 max-w-full" />
          </div>
          <div>
            <Skeleton className="h-5 w-24" />
            <Skeleton className="mt-1 h-8 w-32" />
            <Skeleton className="h-5 w-36" />
          </div>
        </div>
        <div className="mt-5 border-t border-line pt-4">
          <Skeleton className="h-5 w-72 max-w-full" />
        </div>
      </div>
      <div className="grid grid-cols-1 gap-4 sm:grid-cols-2 xl:grid-cols-4">
        {[text.youPaid, text.sameWork, text.pace, text.projection].map((tile) => (
          <div
            key={tile}
            className="min-h-tile card rounded-xl border border-line bg-surface p-4 shadow-card sm:p-5"
          >
            <Skeleton className="h-5 w-24" />
            <Skeleton className="mt-1.5 h-8 w-32" />
            <Skeleton className="mt-1 h-4 w-28" />
          </div>
        ))}
      </div>
    </div>
  )
}
