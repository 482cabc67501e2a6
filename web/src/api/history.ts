import type { Validity } from '../lib/live-counter'
import { AnswerReader } from '../lib/parse'
import {
  type Comparison,
  type Coverage,
  parseComparison,
  parseCoverage,
  type Provider,
  PROVIDERS,
} from './comparison'
import { economyApi } from './economy-api'
import { STANDING_STILL, validityOf } from './savings'
import type { Schemas } from './schema'

/** The use of one local day, in USD. */
export interface HistoryDay {
  readonly date: string
  readonly hoursUsed: number
  readonly cost: number
  readonly comparableCost: number
  readonly providerCost: number
  readonly savings: number
}

export interface History {
  readonly provider: Provider
  readonly timezone: string
  /** Newest first; days without use are left out. */
  readonly days: readonly HistoryDay[]
  readonly totals: Omit<HistoryDay, 'date'>
  /** Of the period alone, as its totals are. */
  readonly coverage: Coverage
  readonly comparison: Comparison
  readonly oldestPriceRetrievedAt: string | null
  readonly asOf: string
  readonly validity: Validity
}

export function parseHistory(raw: unknown, validity: Validity = STANDING_STILL): History {
  const answer = new AnswerReader<Schemas['HistoryAnswer']>(raw)
  const totals = answer.object('totals')
  return {
    provider: answer.oneOf('provider', PROVIDERS),
    timezone: answer.text('timezone'),
    days: answer.list('history', (day) => ({
      date: day.text('date'),
      hoursUsed: day.number('hours_used'),
      cost: day.number('dumont_cost'),
      comparableCost: day.number('comparable_cost'),
      providerCost: day.number('provider_cost'),
      savings: day.number('savings'),
    })),
    totals: {
      hoursUsed: totals.number('total_hours'),
      cost: totals.number('total_dumont_cost'),
      comparableCost: totals.number('total_comparable_cost'),
      providerCost: totals.number('total_provider_cost'),
      savings: totals.number('total_savings'),
    },
    coverage: parseCoverage(answer.object('coverage')),
    comparison: parseComparison(answer.object('comparison')),
    oldestPriceRetrievedAt: answer.textOrNull('oldest_price_retrieved_at'),
    asOf: answer.text('as_of'),
    validity,
  }
}

export const { useGetHistoryQuery } = economyApi.injectEndpoints({
  endpoints: (build) => ({
    getHistory: build.query<History, { provider: Provider; days: number }>({
      query: ({ provider, days }) => ({
        path: `economy/savings/history?provider=${provider}&days=${days}`,
      }),
      transformResponse: (raw, meta) => parseHistory(raw, validityOf(meta)),
      providesTags: ['Ledger'],
    }),
  }),
})
