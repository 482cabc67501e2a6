import type { Schemas } from '../api/schema'
import { messages } from './messages'
import { formatQuantity, formatRate, isDecimalText } from './money'
import { formatDate } from './time'

/** What the sentence of a reason may name. */
export type Named = keyof Schemas['ReasonParameters']

/** Why something is not otherwise: a code with what its sentence names, and the API's own words. */
export interface Reason {
  readonly code: string
  readonly named: Readonly<Partial<Record<Named, string>>>
  readonly text: string
}

/** One sentence: `of` returns what is named, `has` says whether it is. */
export type Sentence = (of: (name: Named) => string, has: (name: Named) => boolean) => string

/** What every sentence of a reason is made with, by the code of the reason. */
export type Sentences = Readonly<Record<string, Sentence | undefined>>

const FORMATS: Partial<Record<Named, (value: string) => string>> = {
  first_on: formatDate,
  since: formatDate,
  price: (value) => (isDecimalText(value) ? formatRate(value, 12) : value),
  other_price: (value) => (isDecimalText(value) ? formatRate(value, 12) : value),
  pricing_model: (value) => messages.figures.pricingModels[value] ?? value,
}

class NotNamedError extends Error {}

/** Word a reason in the reader's language; null where its code, or what it names, is not known. */
export function reasonInWords(sentences: Sentences, { code, named }: Reason): string | null {
  const sentence = Object.hasOwn(sentences, code) ? sentences[code] : undefined
  if (sentence === undefined) return null
  const of = (name: Named) => {
    const value = named[name]
    if (value === undefined) throw new NotNamedError(name)
    const format = FORMATS[name]
    if (format !== undefined) return format(value)
    return isDecimalText(value) ? formatQuantity(value, 12) : value
  }
  try {
    return sentence(of, (name) => named[name] !== undefined)
  } catch (error) {
    if (error instanceof NotNamedError) return null
    throw error
  }
}
