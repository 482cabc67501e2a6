import { type Provider, PROVIDERS } from '../../api/comparison'
import { economyApi } from '../../api/economy-api'
import type { DecimalText } from '../../lib/money'
import { AnswerReader } from '../../lib/parse'

export const PRICING_MODELS = ['on_demand', 'spot', 'reserved_1y', 'reserved_3y'] as const
export const BASES = ['per_gpu', 'smallest_instance'] as const
export const SUBSTITUTES = ['count', 'apart', 'exclude'] as const

/** How an account compares; discounts are shares of the list price. */
export interface PolicyTerms {
  readonly pricingModel: (typeof PRICING_MODELS)[number]
  readonly basis: (typeof BASES)[number]
  readonly substitutes: (typeof SUBSTITUTES)[number]
  readonly regions: Readonly<Record<Provider, string>>
  readonly discounts: Readonly<Record<Provider, DecimalText>>
}

export interface Policy extends PolicyTerms {
  readonly version: number
  readonly createdAt: string
  /** Null for the default. */
  readonly author: string | null
}

/** Lifetime figures under one policy. */
interface LifetimeFigures {
  readonly saving: DecimalText
  /** Share of the GPU time that has a comparison; null without use. */
  readonly covered: number | null
}

/** What a change would do beside one provider. */
export interface PolicyEffect {
  readonly provider: Provider
  readonly before: LifetimeFigures
  readonly after: LifetimeFigures
  readonly change: DecimalText
}

function byProvider<Value>(read: (provider: Provider) => Value): Record<Provider, Value> {
  return { AWS: read('AWS'), GCP: read('GCP'), Azure: read('Azure') }
}

export function parsePolicy(raw: unknown): Policy {
  const answer = new AnswerReader(raw)
  const regions = answer.object('regions')
  const discounts = answer.object('discounts')
  return {
    version: answer.number('version'),
    createdAt: answer.text('created_at'),
    author: answer.maybe('author', (a) => a.text('author')),
    pricingModel: answer.oneOf('pricing_model', PRICING_MODELS),
    basis: answer.oneOf('basis', BASES),
    substitutes: answer.oneOf('substitutes', SUBSTITUTES),
    regions: byProvider((provider) => regions.text(provider)),
    discounts: byProvider((provider) => discounts.decimal(provider)),
  }
}

function parseLifetime(answer: AnswerReader): LifetimeFigures {
  const coverage = answer.object('coverage')
  return {
    saving: answer.decimal('lifetime_savings'),
    covered: coverage.maybe('gpu_time', (a) => a.number('gpu_time')),
  }
}

export function parsePolicyEffects(raw: unknown): PolicyEffect[] {
  const effects = new AnswerReader(raw).object('effects')
  return PROVIDERS.map((provider) => {
    const effect = effects.object(provider)
    return {
      provider,
      before: parseLifetime(effect.object('before')),
      after: parseLifetime(effect.object('after')),
      change: effect.decimal('change'),
    }
  })
}

function bodyOf(terms: PolicyTerms): Record<string, unknown> {
  return {
    pricing_model: terms.pricingModel,
    basis: terms.basis,
    substitutes: terms.substitutes,
    regions: terms.regions,
    discounts: terms.discounts,
  }
}

interface PolicyToSave {
  readonly terms: PolicyTerms
  readonly expectedVersion: number
  readonly csrfToken: string
}

export const { useGetPolicyQuery, usePreviewPolicyQuery, useSavePolicyMutation } =
  economyApi.injectEndpoints({
    endpoints: (build) => ({
      getPolicy: build.query<Policy, void>({
        query: () => ({ path: 'policy' }),
        transformResponse: parsePolicy,
        providesTags: ['Policy'],
      }),
      /** It saves nothing, so it is a question, though it is sent as a POST. */
      previewPolicy: build.query<PolicyEffect[], { terms: PolicyTerms; csrfToken: string }>({
        query: ({ terms, csrfToken }) => ({
          path: 'policy/preview',
          method: 'POST',
          csrfToken,
          body: bodyOf(terms),
        }),
        transformResponse: parsePolicyEffects,
        providesTags: ['Policy'],
      }),
      savePolicy: build.mutation<Policy, PolicyToSave>({
        query: ({ terms, expectedVersion, csrfToken }) => ({
          path: 'policy',
          method: 'PUT',
          csrfToken,
          body: { ...bodyOf(terms), expected_version: expectedVersion },
        }),
        transformResponse: parsePolicy,
        // All use is rated anew; a conflict means that the policy at hand is an old one.
        invalidatesTags: ['Policy', 'Ledger'],
      }),
    }),
  })
