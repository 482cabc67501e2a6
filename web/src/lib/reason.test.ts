import { describe, expect, it } from 'vitest'
import reasonCodes from '../../../tests/snapshots/reason_codes.json'
import { english } from './messages/en'
import { portuguese } from './messages/pt-br'
import { type Named, type Reason, reasonInWords, type Sentences } from './reason'

type Kind = keyof typeof reasonCodes

const LANGUAGES = { English: english.reasons, Portuguese: portuguese.reasons }
/** What is damaged the API names in words only, which are shown where the page is English. */
const isInTheApisWords = (language: string, code: string) =>
  language === 'English' && code === 'integrity'

/** Every code that the API's own document has, with what its sentence names, in each language. */
const CASES = Object.entries(LANGUAGES).flatMap(([language, reasons]) =>
  (Object.keys(reasonCodes) as Kind[]).flatMap((kind) =>
    Object.entries(reasonCodes[kind])
      .filter(([code]) => !isInTheApisWords(language, code))
      .map(([code, names]) => ({
        language,
        kind,
        code,
        names: names as Named[],
        sentences: reasons[kind],
      })),
  ),
)

function reason(code: string, named: Reason['named'] = {}): Reason {
  return { code, named, text: 'As the API words it.' }
}

describe('a reason', () => {
  it.each(CASES)(
    'is worded in $language: $kind, $code',
    ({ code, names, sentences }: (typeof CASES)[number]) => {
      // A grade, a region and an amount are different texts, and each has to be in the sentence.
      const marks = new Map(names.map((name, index) => [name, `mark-${index}`]))
      const dates = new Set<Named>(['first_on', 'since', 'seen_on', 'last_good_at', 'tried_at'])
      const named = Object.fromEntries(
        names.map((name) => [name, dates.has(name) ? '2026-03-03' : marks.get(name)]),
      )

      const words = reasonInWords(sentences, reason(code, named))

      expect(words).not.toBeNull()
      for (const [name, mark] of marks) {
        // Text that the server kept is in no sentence of another language.
        if (name === 'detail') continue
        expect(words).toContain(dates.has(name) ? '2026' : mark)
      }
    },
  )

  it('has its numbers, prices and dates as the reader writes them', () => {
    const { doubts, rejected } = english.reasons

    expect(reasonInWords(rejected, reason('no_longer_sold', { since: '2025-04-04' }))).toBe(
      'not sold since 4 Apr 2025',
    )
    expect(reasonInWords(doubts, reason('conflict', { price: '60.5', other_price: '55.04' }))).toBe(
      '$60.50 against $55.04, which another source states: more than 2 % apart.',
    )
  })

  it.each([
    ['with a code that is new', 'brand_new', {}],
    ['with a code that every object has', 'toString', {}],
    ['that does not name what its sentence needs', 'other_vendor', { offered: 'AMD' }],
    ['that names no date where one has to be', 'no_longer_sold', { since: 'long ago' }],
  ])('%s is left to the words of the API', (_name, code, named) => {
    expect(reasonInWords(english.reasons.rejected, reason(code, named))).toBeNull()
  })

  it('that fails to be worded for another cause is a mistake, not hidden', () => {
    const broken: Sentences = {
      costs_more: () => {
        throw new TypeError('broken')
      },
    }

    expect(() => reasonInWords(broken, reason('costs_more'))).toThrow('broken')
  })
})
