import { type Provider, PROVIDERS } from '../../api/comparison'
import type { DecimalText } from '../../lib/money'
import type { PolicyTerms } from './policy-api'

/** A policy as it stands in the form: discounts in percent, as they were typed. */
export interface PolicyDraft extends Omit<PolicyTerms, 'discounts'> {
  readonly percents: Readonly<Record<Provider, string>>
}

const PERCENT = /^(\d{1,2})(?:[.,](\d{1,2}))?$/

/** Move the point by two places to the right: a share in percent, without a float. */
function percentOf(share: DecimalText): string {
  const [whole = '0', fraction = ''] = share.split('.')
  const digits = `${whole}${fraction.padEnd(2, '0')}`
  const head = digits.slice(0, whole.length + 2).replace(/^0+(?=\d)/, '')
  const tail = digits.slice(whole.length + 2).replace(/0+$/, '')
  return tail === '' ? head : `${head}.${tail}`
}

/** Read a percentage as a share; null where it is none that the API takes. */
export function shareOf(percent: string): DecimalText | null {
  const found = PERCENT.exec(percent.trim() === '' ? '0' : percent.trim())
  if (found === null) return null
  const [, whole = '0', fraction = ''] = found
  const digits = `${whole.padStart(2, '0')}${fraction}`.replace(/0+$/, '')
  return (digits === '' ? '0' : `0.${digits}`) as DecimalText
}

/** Lay a policy out in the form. */
export function draftOf({ discounts, ...terms }: PolicyTerms): PolicyDraft {
  return {
    pricingModel: terms.pricingModel,
    basis: terms.basis,
    substitutes: terms.substitutes,
    regions: terms.regions,
    percents: {
      AWS: percentOf(discounts.AWS),
      GCP: percentOf(discounts.GCP),
      Azure: percentOf(discounts.Azure),
    },
  }
}

/** Read the form; null where a discount in it is none. */
export function termsOf({ percents, ...draft }: PolicyDraft): PolicyTerms | null {
  const [aws, gcp, azure] = PROVIDERS.map((provider) => shareOf(percents[provider]))
  if (aws == null || gcp == null || azure == null) return null
  return { ...draft, discounts: { AWS: aws, GCP: gcp, Azure: azure } }
}

/** Say whether two policies compare alike. */
export function isSame(terms: PolicyTerms, other: PolicyTerms): boolean {
  return (
    terms.pricingModel === other.pricingModel &&
    terms.basis === other.basis &&
    terms.substitutes === other.substitutes &&
    PROVIDERS.every(
      (provider) =>
        terms.regions[provider] === other.regions[provider] &&
        shareOf(percentOf(terms.discounts[provider])) ===
          shareOf(percentOf(other.discounts[provider])),
    )
  )
}
