import { type Grade, GRADES, type Provider, PROVIDERS } from '../../api/comparison'
import { economyApi } from '../../api/economy-api'
import type { Schemas } from '../../api/schema'
import type { DecimalText } from '../../lib/money'
import { AnswerReader } from '../../lib/parse'
import type { Reason } from '../../lib/reason'

/** What a GPU is compared with at one provider; grade N is none, and says why. */
export interface ComparedPrice {
  readonly provider: Provider
  readonly grade: Grade
  readonly sku: string | null
  readonly comparedGpu: string | null
  readonly pricePerGpuHour: DecimalText | null
  readonly ageDays: number | null
  readonly reason: string | null
}

export interface ComparedGpu {
  readonly gpuType: string
  readonly memoryGib: DecimalText
  readonly compared: readonly ComparedPrice[]
}

export interface PriceBook {
  readonly pricingModel: string
  readonly gpus: readonly ComparedGpu[]
}

/** One way to get the GPUs, in USD per hour after the policy's discount. */
export interface Way {
  readonly grade: Grade
  readonly how: string | null
  readonly sku: string | null
  readonly comparedGpu: string | null
  readonly region: string | null
  readonly machines: DecimalText | null
  readonly pricePerGpuHour: DecimalText | null
  readonly pricePerHour: DecimalText | null
  readonly priceSmallestInstance: DecimalText | null
  readonly smallestInstanceSku: string | null
  readonly ratios: {
    readonly memory: DecimalText
    readonly fp16: DecimalText | null
    readonly bandwidth: DecimalText | null
  } | null
  readonly effectiveFrom: string | null
  readonly publishedAt: string | null
  readonly retrievedAt: string | null
  readonly source: string | null
  readonly sourceUrl: string | null
  readonly ageDays: number | null
}

export interface Explanation extends Way {
  readonly gpu: string
  readonly gpuCount: number
  readonly provider: Provider
  readonly pricingModel: string
  readonly discount: DecimalText
  readonly asOf: string
  readonly reason: Reason | null
  readonly priceRange: {
    readonly low: DecimalText
    readonly expected: DecimalText
    readonly high: DecimalText
  } | null
  readonly conflicts: readonly {
    readonly number: number
    readonly pricePerInstanceHour: DecimalText
    readonly source: string
    readonly doubt: Reason
  }[]
  readonly candidates: readonly (Way & { readonly whyNot: Reason | null })[]
  readonly rejected: readonly { readonly gpuType: string; readonly reason: Reason }[]
}

/** What an explanation is asked about. */
export interface PriceQuestion {
  readonly gpu: string
  readonly count: number
  readonly provider: Provider
}

export function parsePriceBook(raw: unknown): PriceBook {
  const answer = new AnswerReader<Schemas['ComparedAnswer']>(raw)
  return {
    pricingModel: answer.text('pricing_model'),
    gpus: answer.list('gpus', (gpu) => ({
      gpuType: gpu.text('gpu_type'),
      memoryGib: gpu.decimal('memory_gib'),
      compared: gpu.list('compared', (one) => ({
        provider: one.oneOf('provider', PROVIDERS),
        grade: one.oneOf('grade', GRADES),
        sku: one.textOrNull('sku'),
        comparedGpu: one.textOrNull('compared_gpu_type'),
        pricePerGpuHour: one.decimalOrNull('price_per_gpu_hour'),
        ageDays: one.numberOrNull('age_days'),
        reason: one.textOrNull('reason'),
      })),
    })),
  }
}

function parseWay(answer: AnswerReader<Omit<Schemas['CandidateInfo'], `why_not${string}`>>): Way {
  return {
    grade: answer.oneOf('grade', GRADES),
    how: answer.textOrNull('how'),
    sku: answer.textOrNull('sku'),
    comparedGpu: answer.textOrNull('compared_gpu_type'),
    region: answer.textOrNull('region'),
    machines: answer.decimalOrNull('machines'),
    pricePerGpuHour: answer.decimalOrNull('price_per_gpu_hour'),
    pricePerHour: answer.decimalOrNull('price_per_hour'),
    priceSmallestInstance: answer.decimalOrNull('price_smallest_instance'),
    smallestInstanceSku: answer.textOrNull('smallest_instance_sku'),
    ratios: answer.maybe('ratios', (a) => {
      const ratios = a.object('ratios')
      return {
        memory: ratios.decimal('memory'),
        fp16: ratios.decimalOrNull('fp16'),
        bandwidth: ratios.decimalOrNull('bandwidth'),
      }
    }),
    effectiveFrom: answer.textOrNull('effective_from'),
    publishedAt: answer.textOrNull('published_at'),
    retrievedAt: answer.textOrNull('retrieved_at'),
    source: answer.textOrNull('source'),
    sourceUrl: answer.textOrNull('source_url'),
    ageDays: answer.numberOrNull('age_days'),
  }
}

export function parseExplanation(raw: unknown): Explanation {
  const answer = new AnswerReader<Schemas['ExplanationAnswer']>(raw)
  return {
    ...answer.part(parseWay),
    gpu: answer.text('gpu'),
    gpuCount: answer.number('gpu_count'),
    provider: answer.oneOf('provider', PROVIDERS),
    pricingModel: answer.text('pricing_model'),
    discount: answer.decimal('discount'),
    asOf: answer.text('as_of'),
    reason: answer.maybe('reason', (a) => ({
      code: answer.textOrNull('reason_code') ?? '',
      named: answer.maybe('reason_parameters', (b) => b.named('reason_parameters')) ?? {},
      text: a.text('reason'),
    })),
    priceRange: answer.maybe('price_range', (a) => {
      const range = a.object('price_range')
      return {
        low: range.decimal('low'),
        expected: range.decimal('expected'),
        high: range.decimal('high'),
      }
    }),
    conflicts: answer.list('conflicts', (one) => ({
      number: one.number('number'),
      pricePerInstanceHour: one.decimal('price_per_instance_hour'),
      source: one.text('source'),
      doubt: {
        code: one.text('code'),
        named: one.named('parameters'),
        text: one.text('detail'),
      },
    })),
    candidates: answer.list('candidates', (one) => ({
      ...one.part(parseWay),
      whyNot: one.maybe('why_not', (a) => ({
        code: one.textOrNull('why_not_code') ?? '',
        named: one.maybe('why_not_parameters', (b) => b.named('why_not_parameters')) ?? {},
        text: a.text('why_not'),
      })),
    })),
    rejected: answer.list('rejected', (one) => ({
      gpuType: one.text('gpu_type'),
      reason: {
        code: one.text('code'),
        named: one.named('parameters'),
        text: one.text('reason'),
      },
    })),
  }
}

export const { useGetPriceBookQuery, useGetExplanationQuery } = economyApi.injectEndpoints({
  endpoints: (build) => ({
    getPriceBook: build.query<PriceBook, number>({
      query: (count) => ({ path: `prices/compared?count=${count}` }),
      transformResponse: parsePriceBook,
      providesTags: ['Policy'],
    }),
    getExplanation: build.query<Explanation, PriceQuestion>({
      query: ({ gpu, count, provider }) => {
        const parameters = new URLSearchParams({ gpu, count: String(count), provider })
        return { path: `prices/explain?${parameters.toString()}` }
      },
      transformResponse: parseExplanation,
      providesTags: ['Policy'],
    }),
  }),
})
