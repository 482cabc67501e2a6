import type { Provider } from '../../api/comparison'
import type { Savings } from '../../api/savings'
import { FirstLoadFailure } from '../../components/failure'
import { versus } from '../../components/proof'
import { Saving } from '../../components/saving'
import { SkeletonRows } from '../../components/skeleton'
import { Why } from '../../components/why'
import { messages } from '../../lib/messages'
import { formatQuantity, formatRate } from '../../lib/money'
import { daysBefore, formatExactInstant, localDate } from '../../lib/time'
import { useSavings } from '../../state/use-savings'
import { useTimeZone } from '../../state/use-time-zone'

const text = messages.why

/** How a projection is made: the daily saving that it goes on from, times the days. */
export function ProjectionProof({ provider }: { readonly provider: Provider }) {
  const timeZone = useTimeZone()
  const answer = useSavings(provider)
  if (answer.state === 'loading') return <SkeletonRows rows={4} />
  if (answer.state === 'failed') {
    return <FirstLoadFailure problem={answer.problem} retry={answer.retry} />
  }
  const savings = answer.data
  const { monthly, yearly } = savings.projections
  return (
    <div className="space-y-5">
      <p className="text-caption text-ink-faint">
        {versus(savings.provider, savings.comparison)}
        {' · '}
        {text.asOf(formatExactInstant(savings.asOf, timeZone))}
      </p>
      <p className="text-sm text-ink-soft">{methodInWords(savings)}</p>
      {monthly !== null && yearly !== null && (
        <dl className="grid grid-cols-1 gap-3 rounded-xl bg-sunken p-4 text-sm">
          <Product label={text.projection.month} yearly={yearly} days={text.projection.monthDays}>
            <Saving amount={monthly} decimals={4} figure="why-month" showLossNote />
          </Product>
          <Product label={text.projection.year} yearly={yearly} days={text.projection.yearDays}>
            <Saving amount={yearly} decimals={4} figure="why-year" showLossNote />
          </Product>
        </dl>
      )}
      <p className="text-sm">
        <Basis savings={savings} timeZone={timeZone} />
      </p>
    </div>
  )
}

function methodInWords({ projections }: Savings): string {
  const { method, daysMeasured, dailyHours } = projections
  switch (method) {
    case 'measured':
      return text.projection.measured(messages.widget.days(formatQuantity(daysMeasured ?? 0)))
    case 'hourly':
      return text.projection.hourly(formatQuantity(dailyHours ?? 0))
    case 'assumed_8_hours':
      return text.projection.assumed
    case 'none':
      return text.projection.none
  }
}

interface ProductProps {
  readonly label: string
  readonly yearly: number
  readonly days: string
  readonly children: React.ReactNode
}

const DAYS_OF_A_YEAR = 365

/** So many, that the product is the figure to its last digit. */
const FACTOR_DECIMALS = 8

/**
 * A daily saving times days. The answer tells the daily one with four decimals, of which a year
 * would be some cents off: what a year comes to tells it better.
 */
function Product({ label, yearly, days, children }: ProductProps) {
  return (
    <div>
      <dt className="text-ink-soft">{label}</dt>
      <dd>
        {formatRate(yearly / DAYS_OF_A_YEAR, FACTOR_DECIMALS)} {text.projection.perDay} × {days} ={' '}
        <span className="font-semibold">{children}</span>
      </dd>
    </div>
  )
}

/** What the daily saving rests on: the days measured, or what runs now. */
function Basis({ savings, timeZone }: { readonly savings: Savings; readonly timeZone: string }) {
  const { method, daysMeasured } = savings.projections
  if (method === 'none') return null
  const underlined = 'underline decoration-line-strong underline-offset-4'
  if (method !== 'measured') {
    return (
      <Why about={{ about: 'pace', provider: savings.provider }}>
        <span className={underlined}>{text.subjects.pace}</span>
      </Why>
    )
  }
  const days = Math.ceil(daysMeasured ?? 0)
  return (
    <Why
      about={{
        about: 'usage',
        provider: savings.provider,
        from: daysBefore(localDate(savings.asOf, timeZone), days),
      }}
    >
      <span className={underlined}>
        {text.projection.openDays(messages.widget.days(formatQuantity(days)))}
      </span>
    </Why>
  )
}
