import type { Provider } from '../../api/comparison'
import { economyApi } from '../../api/economy-api'
import type { Schemas } from '../../api/schema'
import type { DecimalText } from '../../lib/money'
import { AnswerReader } from '../../lib/parse'

/** A period that was closed, and whether its figures have become others since. */
interface ClosedPeriod {
  readonly from: string
  readonly to: string
  readonly asOf: string
  readonly isAdjusted: boolean
}

/** What the saving of a day of use has more than when its period was closed. */
export interface Adjustment {
  readonly date: string
  readonly saving: DecimalText
}

const ADJUSTED = ['actual', 'comparable_actual', 'comparison', 'saving'] as const

export function parseClosedPeriods(raw: unknown): ClosedPeriod[] {
  return new AnswerReader<Schemas['ClosedAnswer']>(raw).list('periods', (period) => {
    const adjustment = period.object('adjustment')
    return {
      from: period.text('from'),
      to: period.text('to'),
      asOf: period.text('as_of'),
      isAdjusted: ADJUSTED.some((name) => Number(adjustment.decimal(name)) !== 0),
    }
  })
}

export function parseAdjustments(raw: unknown): Adjustment[] {
  const answer = new AnswerReader<Schemas['TotalsAnswer']>(raw)
  const days = answer.maybe('adjustment', (a) =>
    a.list('adjustment', (day) => ({ date: day.text('date'), saving: day.decimal('saving') })),
  )
  return days ?? []
}

export const { useGetAdjustmentsQuery } = economyApi.injectEndpoints({
  endpoints: (build) => ({
    /** What came after the closing of the latest closed periods, by day of use. */
    getAdjustments: build.query<Adjustment[], Provider>({
      queryFn: async (provider, _api, _extra, ask) => {
        const closed = await ask({ path: `ledger/closed?provider=${provider}` })
        if (closed.error !== undefined) return { error: closed.error }
        const adjustments: Adjustment[] = []
        for (const { from, to, asOf, isAdjusted } of parseClosedPeriods(closed.data)) {
          if (!isAdjusted) continue
          const parameters = new URLSearchParams({
            provider,
            from,
            to,
            group_by: 'day',
            adjustment_since: asOf,
          })
          const { data, error } = await ask({ path: `ledger/totals?${parameters.toString()}` })
          if (error !== undefined) return { error }
          adjustments.push(...parseAdjustments(data))
        }
        return { data: adjustments }
      },
      providesTags: ['Policy'],
    }),
  }),
})
