import type { Schemas } from '../api/schema'
import { messages } from './messages'
import { formatQuantity, formatRate, isDecimalText } from './money'
import { formatDate, formatInstant } from './time'

/** What the sentence of a reason may name; `named` is the list of a notice, in words. */
export type Named = keyof Schemas['ReasonParameters'] | 'named'

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

class NotNamedError extends Error {}

type Format = (value: string, timeZone: string) => string

/** Write what has to be a date; another text is not one, and names nothing. */
function dated(write: Format): Format {
  return (value, timeZone) => {
    if (Number.isNaN(Date.parse(value))) throw new NotNamedError(value)
    return write(value, timeZone)
  }
}

/** A name is no number, though it may look like one: an instance may be called 007. */
const asNamed = (value: string) => value

const FORMATS: Partial<Record<Named, Format>> = {
  command: asNamed,
  currency: asNamed,
  failure: asNamed,
  gpu: asNamed,
  gpu_model: asNamed,
  instance: asNamed,
  instance_type: asNamed,
  named: asNamed,
  provider: asNamed,
  refusal: asNamed,
  region: asNamed,
  regions: asNamed,
  source: asNamed,
  first_on: dated(formatDate),
  seen_on: dated(formatDate),
  since: dated(formatDate),
  last_good_at: dated(formatInstant),
  tried_at: dated(formatInstant),
  price: (value) => (isDecimalText(value) ? formatRate(value, 12) : value),
  other_price: (value) => (isDecimalText(value) ? formatRate(value, 12) : value),
  pricing_model: (value) => messages.figures.pricingModels[value] ?? value,
}

/** Word a reason in the reader's language; null where its code, or what it names, is not known. */
export function reasonInWords(
  sentences: Sentences,
  { code, named }: Pick<Reason, 'code' | 'named'>,
  timeZone = 'UTC',
): string | null {
  const sentence = Object.hasOwn(sentences, code) ? sentences[code] : undefined
  if (sentence === undefined) return null
  const of = (name: Named) => {
    const value = named[name]
    if (value === undefined) throw new NotNamedError(name)
    const format = FORMATS[name]
    if (format !== undefined) return format(value, timeZone)
    return isDecimalText(value) ? formatQuantity(value, 12) : value
  }
  try {
    return sentence(of, (name) => named[name] !== undefined)
  } catch (error) {
    if (error instanceof NotNamedError) return null
    throw error
  }
}
