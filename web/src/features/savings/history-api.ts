import { economyApi } from '../../api/economy-api'
import { type Provider, PROVIDERS } from '../../api/comparison'
import type { Schemas } from '../../api/schema'
import { AnswerReader } from '../../lib/parse'
import type { RangeDays } from '../../state/economy-slice'

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
  readonly asOf: string
}

export function parseHistory(raw: unknown): History {
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
    asOf: answer.text('as_of'),
  }
}

export const { useGetHistoryQuery } = economyApi.injectEndpoints({
  endpoints: (build) => ({
    getHistory: build.query<History, { provider: Provider; days: RangeDays }>({
      query: ({ provider, days }) => ({
        path: `economy/savings/history?provider=${provider}&days=${days}`,
      }),
      transformResponse: parseHistory,
      providesTags: ['Ledger'],
    }),
  }),
})
