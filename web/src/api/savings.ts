import type { LiveValue, Validity } from '../lib/live-counter'
import type { Notice } from '../lib/notice'
import { AnswerReader } from '../lib/parse'
import type { ApiMeta } from './base-query'
import {
  type Comparison,
  type Coverage,
  parseComparison,
  parseCoverage,
  parseNotices,
  type Provider,
  PROVIDERS,
} from './comparison'
import { economyApi } from './economy-api'
import type { Schemas } from './schema'

const PROJECTION_METHODS = ['measured', 'hourly', 'assumed_8_hours', 'none'] as const

/** What the saving comes to at this pace, in USD; null where there is not enough data. */
export interface Projections {
  readonly monthly: number | null
  readonly yearly: number | null
  readonly method: Schemas['ProjectionMethod']
  readonly dailyHours: number | null
  readonly daysMeasured: number | null
}

/** Rates summed over the active instances, in USD. */
interface HourlyComparison {
  readonly dumontRate: number
  readonly dumontComparableRate: number
  readonly providerRate: number
  readonly savingsPerHour: number
  readonly savingsPerSecond: number
}

/** The savings of an account against one provider, in USD. */
export interface Savings {
  readonly provider: Provider
  readonly lifetimeSavings: number
  readonly lifetimeHours: number
  readonly lifetimeGpuHours: number
  readonly lifetimeComparableCost: number
  readonly lifetimeProviderCost: number
  readonly savingsPercentage: number | null
  readonly currentSessionSavings: number
  readonly currentSessionHours: number
  readonly hourly: HourlyComparison
  readonly projections: Projections
  readonly activeInstancesCount: number
  readonly liveLifetime: LiveValue
  readonly liveSession: LiveValue
  readonly liveLifetimeCost: LiveValue
  readonly liveLifetimeComparableCost: LiveValue
  readonly liveLifetimeProviderCost: LiveValue
  readonly firstUse: boolean
  readonly comparison: Comparison
  readonly coverage: Coverage
  readonly notices: readonly Notice[]
  readonly oldestPriceRetrievedAt: string | null
  readonly asOf: string
  readonly validity: Validity
}

export function parseLive(answer: AnswerReader<Schemas['Live']>): LiveValue {
  return { value: answer.decimal('value'), perSecond: answer.decimal('per_second') }
}

/** An answer without validity has no clock: it stands still from the beginning. */
export const STANDING_STILL: Validity = { startsAt: 0, endsAt: 0, asOf: 0, clockGap: 0 }

export function parseSavings(raw: unknown, validity: Validity = STANDING_STILL): Savings {
  const answer = new AnswerReader<Schemas['SavingsAnswer']>(raw)
  const hourly = answer.object('hourly_comparison')
  const projections = answer.object('projections')
  const live = answer.object('live')
  return {
    provider: answer.oneOf('provider', PROVIDERS),
    lifetimeSavings: answer.number('lifetime_savings'),
    lifetimeHours: answer.number('lifetime_hours'),
    lifetimeGpuHours: answer.number('lifetime_gpu_hours'),
    lifetimeComparableCost: answer.number('lifetime_comparable_cost'),
    lifetimeProviderCost: answer.number('lifetime_provider_cost'),
    savingsPercentage: answer.numberOrNull('savings_percentage'),
    currentSessionSavings: answer.number('current_session_savings'),
    currentSessionHours: answer.number('current_session_hours'),
    hourly: {
      dumontRate: hourly.number('dumont_rate'),
      dumontComparableRate: hourly.number('dumont_comparable_rate'),
      providerRate: hourly.number('provider_rate'),
      savingsPerHour: hourly.number('savings_per_hour'),
      savingsPerSecond: hourly.number('savings_per_second'),
    },
    projections: {
      monthly: projections.numberOrNull('monthly'),
      yearly: projections.numberOrNull('yearly'),
      method: projections.oneOf('method', PROJECTION_METHODS),
      dailyHours: projections.numberOrNull('daily_hours'),
      daysMeasured: projections.numberOrNull('days_measured'),
    },
    activeInstancesCount: answer.number('active_instances_count'),
    liveLifetime: parseLive(live.object('lifetime')),
    liveSession: parseLive(live.object('session')),
    liveLifetimeCost: parseLive(live.object('lifetime_cost')),
    liveLifetimeComparableCost: parseLive(live.object('lifetime_comparable_cost')),
    liveLifetimeProviderCost: parseLive(live.object('lifetime_provider_cost')),
    firstUse: answer.flag('first_use'),
    comparison: parseComparison(answer.object('comparison')),
    coverage: parseCoverage(answer.object('coverage')),
    notices: answer.part(parseNotices),
    oldestPriceRetrievedAt: answer.textOrNull('oldest_price_retrieved_at'),
    asOf: answer.text('as_of'),
    validity,
  }
}

/** Return when an answer holds. */
export function validityOf(meta: ApiMeta | undefined): Validity {
  return meta?.validity ?? STANDING_STILL
}

export const { useGetSavingsQuery } = economyApi.injectEndpoints({
  endpoints: (build) => ({
    getSavings: build.query<Savings, Provider>({
      query: (provider) => ({ path: `economy/savings?provider=${provider}` }),
      transformResponse: (raw, meta) => parseSavings(raw, validityOf(meta)),
      providesTags: ['Ledger'],
    }),
  }),
})
