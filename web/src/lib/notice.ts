import { messages } from './messages'
import { type Reason, reasonInWords } from './reason'

/** Something that was left out of a figure or assumed, and what is told of each thing in its list. */
export interface Notice extends Reason {
  readonly each: readonly Reason['named'][]
}

/** There, each is told in a sentence of its own. */
const BETWEEN: Readonly<Record<string, string | undefined>> = { price_conflict: ' ' }

/** Word a notice in the reader's language; null where its code, or what it names, is not known. */
export function noticeInWords({ code, named, each }: Notice, timeZone: string): string | null {
  const { notices, named: ofEach } = messages.reasons
  const words = each.map((one) => reasonInWords(ofEach, { code, named: one }, timeZone))
  if (words.includes(null)) return null
  const listed = words.length === 0 ? {} : { named: words.join(BETWEEN[code] ?? ', ') }
  return reasonInWords(notices, { code, named: { ...named, ...listed } }, timeZone)
}
