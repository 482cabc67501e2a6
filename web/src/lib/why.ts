import { type Provider, PROVIDERS } from '../api/comparison'

const ABOUTS = ['usage', 'session', 'pace', 'projection'] as const
/** What is asked about: amounts, or the time of use that they are for. */
const QUANTITIES = ['saving', 'paid', 'comparison', 'use'] as const
export type Quantity = (typeof QUANTITIES)[number]

/** Which figure is asked about. It stands in the address, so a proof can be linked to. */
export interface WhyQuestion {
  readonly about: (typeof ABOUTS)[number]
  readonly quantity: Quantity
  /** Whom the figure is compared with; null is the provider that the page has chosen. */
  readonly provider: Provider | null
  readonly instance: string | null
  readonly gpu: string | null
  /** Instants, or dates of the account's time zone; the period begins at one and ends before the other. */
  readonly from: string | null
  readonly to: string | null
  /** GPU time alone, without disks, as the session's figures are. */
  readonly isComputeOnly: boolean
  /** What is compared with substitutes alone. */
  readonly isSubstitutesOnly: boolean
  /** As known at that instant, for ever the same; null is now. */
  readonly asOf: string | null
}

export type AskedWhy = Pick<WhyQuestion, 'about'> & Partial<WhyQuestion>

const NAMES = {
  about: 'why',
  quantity: 'why.of',
  provider: 'why.against',
  instance: 'why.instance',
  gpu: 'why.gpu',
  from: 'why.from',
  to: 'why.to',
  isComputeOnly: 'why.part',
  isSubstitutesOnly: 'why.grade',
  asOf: 'why.as_of',
} as const

const COMPUTE = 'compute'
const SUBSTITUTE = 'D'

/** Read the question out of an address; null where it asks none. */
export function readWhy(parameters: URLSearchParams): WhyQuestion | null {
  const about = ABOUTS.find((known) => known === parameters.get(NAMES.about))
  if (about === undefined) return null
  const asked = parameters.get(NAMES.quantity)
  const quantity = QUANTITIES.find((known) => known === asked) ?? 'saving'
  return {
    about,
    quantity: quantity === 'use' && about !== 'usage' ? 'saving' : quantity,
    provider: PROVIDERS.find((known) => known === parameters.get(NAMES.provider)) ?? null,
    instance: parameters.get(NAMES.instance),
    gpu: parameters.get(NAMES.gpu),
    from: parameters.get(NAMES.from),
    to: parameters.get(NAMES.to),
    isComputeOnly: parameters.get(NAMES.isComputeOnly) === COMPUTE,
    isSubstitutesOnly: parameters.get(NAMES.isSubstitutesOnly) === SUBSTITUTE,
    asOf: parameters.get(NAMES.asOf),
  }
}

/** What each part of a question can be, where it is one of few words. */
const WORDS = new Map<string, readonly string[]>([
  [NAMES.about, ABOUTS],
  [NAMES.quantity, QUANTITIES],
  [NAMES.provider, PROVIDERS],
  [NAMES.isComputeOnly, [COMPUTE]],
  [NAMES.isSubstitutesOnly, [SUBSTITUTE]],
])

/**
 * Return the first part of a question that means nothing; null where each does, or none is asked.
 *
 * A proof of something else would be true, and taken for what was asked about.
 */
export function misreadWhy(parameters: URLSearchParams): string | null {
  if (!parameters.has(NAMES.about)) return null
  for (const [name, value] of parameters) {
    const known = WORDS.get(name)
    if (known !== undefined && !known.includes(value)) return `${name}=${value}`
  }
  return null
}

/** Write a question into an address, in place of the one that it asks. */
export function writeWhy(search: string, asked: AskedWhy | null): string {
  const parameters = new URLSearchParams(search)
  for (const name of Object.values(NAMES)) parameters.delete(name)
  if (asked !== null) {
    parameters.set(NAMES.about, asked.about)
    if (asked.quantity !== undefined && asked.quantity !== 'saving') {
      parameters.set(NAMES.quantity, asked.quantity)
    }
    for (const member of ['provider', 'instance', 'gpu', 'from', 'to', 'asOf'] as const) {
      const value = asked[member]
      if (value != null) parameters.set(NAMES[member], value)
    }
    if (asked.isComputeOnly === true) parameters.set(NAMES.isComputeOnly, COMPUTE)
    if (asked.isSubstitutesOnly === true) parameters.set(NAMES.isSubstitutesOnly, SUBSTITUTE)
  }
  const written = parameters.toString()
  return written === '' ? '' : `?${written}`
}
