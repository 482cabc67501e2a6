import { type ReactNode, useState } from 'react'
import type { Answer } from '../../api/answer'
import type { History } from '../../api/history'
import type { Savings } from '../../api/savings'
import { CalmStatus } from '../../components/calm-status'
import { FirstLoadFailure, StaleNotice } from '../../components/failure'
import { LiveAmount } from '../../components/live-amount'
import { LiveDot } from '../../components/live-dot'
import { LiveDuration } from '../../components/live-duration'
import { meterSummary } from '../../components/meter-summary'
import { PageLink } from '../../components/page-link'
import { projectionMethod } from '../../components/projection-method'
import { Evidence, hasLeftOut, LeftOutList, versus } from '../../components/proof'
import { Saving } from '../../components/saving'
import { Skeleton } from '../../components/skeleton'
import { LiveUncompared } from '../../components/uncompared'
import { Why } from '../../components/why'
import { messages } from '../../lib/messages'
import { amountText, formatRate, JSON_DECIMALS } from '../../lib/money'
import { localDate, nextDate } from '../../lib/time'
import { type TodayLine, todayLine } from './today-line'

const LIFETIME_LOOK = 'text-meter font-semibold tracking-tight'
const FIGURE_LOOK = 'text-xl leading-7 font-semibold tracking-tight'

interface EconomyWidgetProps {
  readonly answer: Answer<Savings>
  readonly timeZone: string
  /** The history of today alone, where the page tells what it comes to. */
  readonly today?: Answer<History>
  /** On a page of somebody else, where nothing beside it tells what its figures leave out. */
  readonly isAlone?: boolean
}

/** The compact meter: what has been saved, and what is being saved now. */
export function EconomyWidget({ answer, timeZone, today, isAlone = false }: EconomyWidgetProps) {
  return (
    <section
      // A page of somebody else has landmarks of its own.
      role={isAlone ? 'group' : undefined}
      aria-label={messages.widget.title}
      className="@container card rounded-xl border border-line bg-surface shadow-card"
    >
      {answer.state === 'failed' && (
        <FirstLoadFailure problem={answer.problem} retry={answer.retry} />
      )}
      {answer.state === 'loading' && <WidgetSkeleton hasToday={today !== undefined} />}
      {answer.state === 'ready' && (
        <>
          {answer.staleSince !== null && (
            <StaleNotice
              since={answer.staleSince}
              timeZone={timeZone}
              retry={answer.retry}
              isBand
            />
          )}
          <Meter savings={answer.data} isStale={answer.staleSince !== null} today={today} />
          {isAlone && <WhatIsLeftOut savings={answer.data} timeZone={timeZone} />}
          <footer className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2 border-t border-line px-4 py-3 @md:px-6">
            <div className="flex grow basis-80 flex-wrap items-center gap-x-4 gap-y-1.5">
              <p className="text-caption text-ink-faint">
                {versus(answer.data.provider, answer.data.comparison)}
              </p>
              <Evidence
                coverage={answer.data.coverage}
                oldestPriceRetrievedAt={answer.data.oldestPriceRetrievedAt}
                asOf={answer.data.asOf}
                about={{ about: 'usage' }}
              />
            </div>
            <PageLink
              to="/savings"
              className="rounded text-caption font-medium underline decoration-line-strong underline-offset-4 hover:decoration-current"
            >
              {messages.widget.details}
            </PageLink>
          </footer>
        </>
      )}
    </section>
  )
}

interface WhatIsLeftOutProps {
  readonly savings: Savings
  readonly timeZone: string
}

function WhatIsLeftOut({ savings, timeZone }: WhatIsLeftOutProps) {
  if (!hasLeftOut(savings)) return null
  return (
    <div
      role="group"
      aria-label={messages.figures.notices}
      className="border-t border-line px-4 py-3 text-caption text-ink-soft @md:px-6"
    >
      <p aria-hidden="true" className="font-medium text-ink">
        {messages.figures.notices}
      </p>
      <LeftOutList {...savings} timeZone={timeZone} />
    </div>
  )
}

interface OfSavings {
  readonly savings: Savings
  /** Newer answers fail to come: nothing here is said to be so now. */
  readonly isStale: boolean
}

interface MeterProps extends OfSavings {
  readonly today: Answer<History> | undefined
}

function Meter({ savings, isStale, today }: MeterProps) {
  const text = messages.widget
  return (
    <div
      className={`grid grid-cols-1 @4xl:grid-cols-[minmax(0,5fr)_minmax(0,7fr)] ${isStale ? 'stale' : ''}`}
    >
      <CalmStatus
        key={savings.provider}
        isStale={isStale}
        summary={() => meterSummary(savings, isStale)}
      />
      <div className="flex flex-col justify-center gap-2 p-4 @md:p-6">
        <p className="text-sm text-ink-soft">{messages.widget.lifetime}</p>
        <p className={LIFETIME_LOOK}>
          <Why about={{ about: 'usage' }}>
            <LiveAmount
              figure="lifetime-saving"
              of={savings.provider}
              live={savings.liveLifetime}
              validity={savings.validity}
              decimals={2}
              showLossNote
              isHeadline
            />
          </Why>
          <LiveUncompared
            paid={savings.liveLifetimeCost}
            compared={savings.liveLifetimeComparableCost}
            validity={savings.validity}
            of={savings.provider}
            about={{ about: 'usage' }}
          />
        </p>
        {today !== undefined && !savings.firstUse && <Today today={today} savings={savings} />}
        {savings.firstUse && (
          <p className="max-w-prose text-sm text-ink-soft">
            <span className="font-medium text-ink">{messages.widget.firstUse}</span>{' '}
            {messages.widget.firstUseDetail}{' '}
            <PageLink to="/setup" className="underline underline-offset-4">
              {messages.widget.waysToBegin}
            </PageLink>
          </p>
        )}
      </div>
      <dl className="grid grid-cols-1 border-t border-line @sm:grid-cols-2 @2xl:grid-cols-3 @4xl:border-t-0 @4xl:border-l">
        <Stat label={isStale ? text.sessionThen : text.session} isWide>
          <SessionStat savings={savings} isStale={isStale} />
        </Stat>
        <Stat label={isStale ? text.perHourThen : text.perHour}>
          <dd className={FIGURE_LOOK}>
            <Why about={{ about: 'pace' }}>
              <Saving
                amount={savings.hourly.savingsPerHour}
                figure="saving-per-hour"
                decimals="rate"
              />
            </Why>
          </dd>
          <dd className="text-caption text-ink-faint">
            {savings.activeInstancesCount === 0 ? (
              nothingOn(isStale)
            ) : (
              <PaidPerHour hourly={savings.hourly} />
            )}
          </dd>
        </Stat>
        <Stat label={messages.widget.month}>
          <dd className={FIGURE_LOOK}>
            {savings.projections.monthly === null ? (
              <span className="text-ink-faint" data-figure="month-projection">
                –
              </span>
            ) : (
              <Why about={{ about: 'projection' }}>
                <Saving amount={savings.projections.monthly} figure="month-projection" />
              </Why>
            )}
          </dd>
          <dd className="text-caption text-ink-faint">{projectionMethod(savings.projections)}</dd>
        </Stat>
      </dl>
    </div>
  )
}

const TODAY_LOOK = 'flex flex-wrap items-baseline gap-x-2 text-sm text-ink-soft'

interface TodayProps {
  readonly today: Answer<History>
  readonly savings: Savings
}

/** What today has come to. It goes on as all time does: today is where all time grows. */
function Today({ today, savings }: TodayProps) {
  if (today.state === 'loading') {
    return (
      <p className={TODAY_LOOK}>
        <Skeleton className="h-5 w-28" />
      </p>
    )
  }
  if (today.state === 'failed') {
    return (
      <p className={TODAY_LOOK}>
        {messages.widget.today}
        <span className="text-ink-faint">{today.problem.detail}</span>
      </p>
    )
  }
  return <TodayFigure history={today.data} savings={savings} />
}

interface TodayFigureProps {
  readonly history: History
  readonly savings: Savings
}

function TodayFigure({ history, savings }: TodayFigureProps) {
  const { validity, asOf, timezone, provider, totals } = history
  const [kept, setKept] = useState<TodayLine | null>(null)
  const line = todayLine(
    kept,
    { saved: amountText(totals.savings), validity },
    { perSecond: savings.liveLifetime.perSecond, validity: savings.validity },
  )
  if (line !== kept) setKept(line)
  const date = localDate(asOf, timezone)
  return (
    <p className={TODAY_LOOK}>
      {messages.widget.today}
      <span className="text-base font-semibold">
        <Why about={{ about: 'usage', provider, from: date, to: nextDate(date) }}>
          <LiveAmount
            figure="today-saving"
            of={`${provider} ${date}`}
            live={line.live}
            told={JSON_DECIMALS}
            validity={line.validity}
            decimals={2}
            showLossNote
          />
        </Why>
      </span>
    </p>
  )
}

/** What is paid an hour, and how much of it the saving is of. */
function PaidPerHour({ hourly }: { readonly hourly: Savings['hourly'] }) {
  const { savingsPerHour, dumontRate, dumontComparableRate } = hourly
  return (
    <>
      {savingsPerHour < 0 && `${messages.figures.costsMore}, `}
      <Why about={{ about: 'pace', quantity: 'paid' }}>
        {messages.widget.paidPerHour(formatRate(dumontRate))}
      </Why>
      {dumontRate !== dumontComparableRate && (
        <>
          {', '}
          <Why about={{ about: 'pace' }}>
            {messages.widget.ofItCompared(formatRate(dumontComparableRate))}
          </Why>
        </>
      )}
    </>
  )
}

function nothingOn(isStale: boolean): string {
  return isStale ? messages.widget.nothingRan : messages.widget.nothingRunning
}

function SessionStat({ savings, isStale }: OfSavings) {
  const text = messages.widget
  const { activeInstancesCount: count } = savings
  return (
    <>
      <dd className={FIGURE_LOOK}>
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
      </dd>
      {count === 0 ? (
        <dd className="min-h-10 text-caption text-ink-faint">{nothingOn(isStale)}</dd>
      ) : (
        <>
          <dd className="flex items-center gap-2 text-caption text-ink-soft">
            <LiveDot />
            {isStale ? text.activeThen(count) : text.active(count)}
          </dd>
          <dd className="text-caption text-ink-faint">
            <LiveDuration
              hours={savings.currentSessionHours}
              instances={count}
              validity={savings.validity}
            />
            {!(isStale && count === 1) && ` ${text.duration(count)}`}
          </dd>
        </>
      )}
    </>
  )
}

interface StatProps {
  readonly label: string
  readonly isWide?: boolean
  readonly children: ReactNode
}

function Stat({ label, isWide = false, children }: StatProps) {
  return (
    <div
      className={`flex flex-col gap-0.5 border-line px-4 py-3.5 not-first:border-t @md:px-6 @4xl:py-6 ${
        isWide
          ? '@sm:col-span-2 @2xl:col-span-1'
          : '@2xl:border-t-0! @2xl:border-l @sm:not-last:border-r @2xl:not-last:border-r-0'
      }`}
    >
      <dt className="text-caption text-ink-soft">{label}</dt>
      {children}
    </div>
  )
}

function WidgetSkeleton({ hasToday }: { readonly hasToday: boolean }) {
  return (
    <div role="status">
      <span className="sr-only">{messages.shell.loading}</span>
      <div className="grid grid-cols-1 @4xl:grid-cols-[minmax(0,5fr)_minmax(0,7fr)]">
        <div className="flex flex-col justify-center gap-2 p-4 @md:p-6">
          <Skeleton className="h-5 w-32" />
          <p className={LIFETIME_LOOK}>
            <Skeleton className="h-lh w-56 max-w-full" />
          </p>
          {hasToday && (
            <p className={TODAY_LOOK}>
              <Skeleton className="h-5 w-28" />
            </p>
          )}
        </div>
        <dl className="grid grid-cols-1 border-t border-line @sm:grid-cols-2 @2xl:grid-cols-3 @4xl:border-t-0 @4xl:border-l">
          {[messages.widget.session, messages.widget.perHour, messages.widget.month].map(
            (label, index) => (
              <Stat key={label} label={label} isWide={index === 0}>
                <dd className="py-0.5">
                  <Skeleton className="h-6 w-28" />
                </dd>
                <dd className={`py-0.5 ${index === 0 ? 'min-h-10' : ''}`}>
                  <Skeleton className="h-4 w-24" />
                </dd>
              </Stat>
            ),
          )}
        </dl>
      </div>
      <div className="min-h-31 border-t border-line px-4 py-3 @md:min-h-0 @md:px-6">
        <Skeleton className="h-5 w-48 max-w-full" />
      </div>
    </div>
  )
}
