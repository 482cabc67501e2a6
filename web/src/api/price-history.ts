import type { DecimalText } from '../lib/money'
import { AnswerReader } from '../lib/parse'
import type { Provider } from './comparison'
import { economyApi } from './economy-api'
import type { Schemas } from './schema'

/** A price that was in force from a date until another; null where none has taken over. */
export interface HeldPrice {
  readonly pricePerInstanceHour: DecimalText
  readonly effectiveFrom: string
  readonly until: string | null
  readonly retrievedAt: string
  readonly source: string
  readonly sourceUrl: string | null
}

export interface PriceHistory {
  readonly sku: string
  readonly asOf: string
  readonly timeline: readonly HeldPrice[]
}

/** Which SKU is meant, under which pricing model. */
export interface SkuQuestion {
  readonly sku: string
  readonly provider: Provider
  readonly region: string
  readonly pricingModel: string
}

export function parsePriceHistory(raw: unknown): PriceHistory {
  const answer = new AnswerReader<Schemas['PriceHistoryAnswer']>(raw)
  return {
    sku: answer.text('sku'),
    asOf: answer.text('as_of'),
    timeline: answer.list('timeline', (held) => ({
      pricePerInstanceHour: held.decimal('price_per_instance_hour'),
      effectiveFrom: held.text('effective_from'),
      until: held.textOrNull('until'),
      retrievedAt: held.text('retrieved_at'),
      source: held.text('source'),
      sourceUrl: held.textOrNull('source_url'),
    })),
  }
}

function pathOf({ sku, provider, region, pricingModel }: SkuQuestion): string {
  const parameters = new URLSearchParams({ provider, region, pricing_model: pricingModel })
  return `prices/${encodeURIComponent(sku)}/history?${parameters.toString()}`
}

export const { useGetPriceHistoryQuery, useGetPriceHistoriesQuery } = economyApi.injectEndpoints({
  endpoints: (build) => ({
    getPriceHistory: build.query<PriceHistory, SkuQuestion>({
      query: (question) => ({ path: pathOf(question) }),
      transformResponse: parsePriceHistory,
      providesTags: ['Policy'],
    }),
    /** The histories of several SKUs; one that is not known is left out. */
    getPriceHistories: build.query<PriceHistory[], readonly SkuQuestion[]>({
      queryFn: async (questions, _api, _extra, ask) => {
        const answers = await Promise.all(
          questions.map((question) => Promise.resolve(ask({ path: pathOf(question) }))),
        )
        return {
          data: answers.flatMap(({ data }) =>
            data === undefined ? [] : [parsePriceHistory(data)],
          ),
        }
      },
      providesTags: ['Policy'],
    }),
  }),
})
