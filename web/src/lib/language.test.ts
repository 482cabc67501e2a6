import { beforeEach, describe, expect, it, vi } from 'vitest'
import { languageOf } from './language'
import { english } from './messages/en'
import { portuguese } from './messages/pt-br'
import type { Sentence } from './reason'

/** Words that are the same in both languages. */
const ALIKE = new Set([
  'Dumont Economy',
  'E-mail',
  'GPU',
  'GPUs',
  'spot',
  's',
  'min',
  'h',
  '7 d',
  '30 d',
  'English',
  'Português',
])

/** List every sentence by its name; those with blanks are filled in. */
function sentences(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'string') return [[path, value]]
  if (typeof value === 'function' && path.startsWith('.reasons.')) {
    const word = value as Sentence
    return [
      [
        path,
        word(
          (name) => `{${name}}`,
          () => true,
        ),
      ],
    ]
  }
  if (typeof value === 'function') {
    const fill = value as (...blanks: unknown[]) => string
    return [[path, fill(...Array.from({ length: fill.length }, (_, index) => `{${index}}`))]]
  }
  return Object.entries(value as object).flatMap(([name, one]) => sentences(one, `${path}.${name}`))
}

describe('the catalogue', () => {
  it('says everything in Portuguese, and nothing in English by mistake', () => {
    const inEnglish = new Map(sentences(english))
    const untranslated = sentences(portuguese).filter(
      ([name, words]) =>
        inEnglish.get(name) === words &&
        !ALIKE.has(words) &&
        /\p{L}{2}/u.test(words.replace(/\{\w+\}/g, '')),
    )

    expect(untranslated.map(([name]) => name)).toEqual(
      // A brand and a unit, with blanks around them.
      ['.pageTitle', '.figures.versus', '.why.gigabytes'],
    )
  })

  it('leaves no blank out in either language', () => {
    const inEnglish = new Map(sentences(english))
    for (const [name, words] of sentences(portuguese)) {
      const blanks = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(String).sort()
      const other = inEnglish.get(name)
      if (other !== undefined) expect([name, blanks(words)]).toEqual([name, blanks(other)])
    }
  })
})

describe('the language of a page', () => {
  beforeEach(() => {
    vi.resetModules()
  })

  it.each([
    [['pt-BR', 'en'], 'pt-BR'],
    [['pt-PT'], 'pt-BR'],
    [['en-GB', 'pt'], 'en'],
    [['de-DE', 'pt'], 'pt-BR'],
    [['de'], 'en'],
    [[], 'en'],
  ])('of a browser that prefers %j is %s', (preferred, expected) => {
    expect(languageOf(preferred)).toBe(expected)
  })

  it('is the one that was chosen before, whatever the browser prefers', async () => {
    localStorage.setItem('dumont-economy.language', 'pt-BR')

    const { language, NUMBER_LOCALE } = await import('./language')

    expect(language).toBe('pt-BR')
    expect(NUMBER_LOCALE).toBe('pt-BR')
  })

  it('is the language of its numbers and dates', async () => {
    localStorage.setItem('dumont-economy.language', 'pt-BR')

    const { formatUsd, formatPercent, plainAmount } = await import('./money')
    const { formatDate } = await import('./time')

    expect(formatUsd('1234.5')).toBe('US$\u00a01.234,50')
    expect(formatPercent(12.5)).toBe('12,5%')
    expect(formatDate('2026-03-03')).toBe('3 de mar. de 2026')
    // A file's numbers are for programs.
    expect(plainAmount('1234.5')).toBe('1234.50')
  })
})
