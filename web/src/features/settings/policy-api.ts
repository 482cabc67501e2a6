import { type Provider, PROVIDERS } from '../../api/comparison'
import { economyApi } from '../../api/economy-api'
import type { Schemas } from '../../api/schema'
import type { DecimalText } from '../../lib/money'
import { AnswerReader } from '../../lib/parse'

export const PRICING_MODELS = ['on_demand', 'spot', 'reserved_1y', 'reserved_3y'] as const
export const BASES = ['per_gpu', 'smallest_instance'] as const
export const SUBSTITUTES = ['count', 'apart', 'exclude'] as const

/** How an account compares; discounts are shares of the list price. */
export interface PolicyTerms {
  readonly pricingModel: Schemas['PricingModel']
  readonly basis: Schemas['Basis']
  readonly substitutes: Schemas['Substitutes']
  readonly regions: Readonly<Record<Provider, string>>
  readonly discounts: Readonly<Record<Provider, DecimalText>>
}

export interface Policy extends PolicyTerms {
  /** IANA name of the zone at whose midnights the account's days are cut. */
  readonly timeZone: string
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
  const answer = new AnswerReader<Schemas['PolicyAnswer']>(raw)
  const regions = answer.object('regions')
  const discounts = answer.object('discounts')
  return {
    version: answer.number('version'),
    createdAt: answer.text('created_at'),
    author: answer.textOrNull('author'),
    pricingModel: answer.oneOf('pricing_model', PRICING_MODELS),
    basis: answer.oneOf('basis', BASES),
    substitutes: answer.oneOf('substitutes', SUBSTITUTES),
    regions: byProvider((provider) => regions.text(provider)),
    discounts: byProvider((provider) => discounts.decimal(provider)),
    timeZone: answer.text('timezone'),
  }
}

function parseLifetime(answer: AnswerReader<Schemas['LifetimeInfo']>): LifetimeFigures {
  const coverage = answer.object('coverage')
  return {
    saving: answer.decimal('lifetime_savings'),
    covered: coverage.number('gpu_time'),
  }
}

export function parsePolicyEffects(raw: unknown): PolicyEffect[] {
  const effects = new AnswerReader<Schemas['PolicyPreviewAnswer']>(raw).object('effects')
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

function bodyOf(terms: PolicyTerms): Schemas['PolicyBody'] {
  return {
    pricing_model: terms.pricingModel,
    basis: terms.basis,
    substitutes: terms.substitutes,
    regions: terms.regions,
    discounts: terms.discounts,
  }
}

interface PolicyToSave {
  /** A time zone that is not named stays. */
  readonly terms: PolicyTerms & { readonly timeZone?: string }
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
          body: {
            ...bodyOf(terms),
            ...(terms.timeZone === undefined ? {} : { timezone: terms.timeZone }),
            expected_version: expectedVersion,
          } satisfies Schemas['PolicyBody'],
        }),
        transformResponse: parsePolicy,
        // All use is rated anew; a conflict means that the policy at hand is an old one.
        invalidatesTags: ['Policy', 'Ledger'],
      }),
    }),
  })
