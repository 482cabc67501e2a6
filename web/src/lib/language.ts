/** The languages that every sentence of the screen is written in. */
export const LANGUAGES = ['en', 'pt-BR'] as const
export type Language = (typeof LANGUAGES)[number]

const LANGUAGE_KEY = 'dumont-economy.language'

function keptLanguage(): Language | null {
  try {
    const kept = localStorage.getItem(LANGUAGE_KEY)
    return LANGUAGES.find((known) => known === kept) ?? null
  } catch {
    // A browser may refuse storage; then nothing was ever chosen.
    return null
  }
}

/** Return the language that we speak for a language tag; null where it is none of ours. */
export function spokenFor(tag: string): Language | null {
  const primary = tag.toLowerCase().split('-')[0]
  // Any Portuguese is nearer to a reader of Portuguese than English is.
  if (primary === 'pt') return 'pt-BR'
  return primary === 'en' ? 'en' : null
}

/** Return the first of a browser's languages that we speak; English where there is none. */
export function languageOf(preferred: readonly string[]): Language {
  for (const tag of preferred) {
    const spoken = spokenFor(tag)
    if (spoken !== null) return spoken
  }
  return 'en'
}

const NUMBER_LOCALES = { en: 'en-US', 'pt-BR': 'pt-BR' } as const
const DATE_LOCALES = { en: 'en-GB', 'pt-BR': 'pt-BR' } as const

/** Return the language that the reader chose in this browser, or that the browser asks for. */
export function readersLanguage(): Language {
  return keptLanguage() ?? languageOf(navigator.languages)
}

/**
 * The language of this page, for as long as it is open.
 *
 * The screen's sentences and formats are read when modules load, so another language is another
 * page load: what it costs once is less than what every figure would pay to ask for its language.
 * The widget alone, on a page that is not ours, reads them anew: `speak` changes what it reads.
 */
export let language: Language = readersLanguage()

/** How numbers are written. */
export let NUMBER_LOCALE = NUMBER_LOCALES[language]

/** How dates are written: the day before the month, whoever reads them. */
export let DATE_LOCALE = DATE_LOCALES[language]

/** Write numbers and dates in another language from now on. */
export function writeIn(chosen: Language): void {
  language = chosen
  NUMBER_LOCALE = NUMBER_LOCALES[chosen]
  DATE_LOCALE = DATE_LOCALES[chosen]
}

/** Keep a language for this and later visits, and show the page in it. */
export function chooseLanguage(chosen: Language): void {
  try {
    localStorage.setItem(LANGUAGE_KEY, chosen)
  } catch {
    // Without storage the choice cannot outlive the page, and so cannot be made.
    return
  }
  location.reload()
}
