import { afterPaint } from './after-paint'
import { DATE_LOCALE, NUMBER_LOCALE } from './language'

const numbers = new Map<string, Intl.NumberFormat>()
const dates = new Map<string, Intl.DateTimeFormat>()

/** Return a formatter of numbers; making one takes longer than many uses, so each is made once. */
export function numberFormat(locale: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = locale + JSON.stringify(options)
  const made = numbers.get(key) ?? new Intl.NumberFormat(locale, options)
  numbers.set(key, made)
  return made
}

/** Return a formatter of dates, made once. */
export function dateFormat(
  locale: string,
  options: Intl.DateTimeFormatOptions,
): Intl.DateTimeFormat {
  const key = locale + JSON.stringify(options)
  const made = dates.get(key) ?? new Intl.DateTimeFormat(locale, options)
  dates.set(key, made)
  return made
}

/**
 * Have the browser load what it knows of a language's numbers and dates.
 *
 * It does so for the first formatter, which takes it tens of milliseconds: better between the first
 * paint and the first answer than within the task that shows that answer.
 */
export function loadFormatsAfterPaint(): void {
  afterPaint(() => {
    numberFormat(NUMBER_LOCALE, {})
    setTimeout(() => {
      dateFormat(DATE_LOCALE, {})
    })
  })
}
