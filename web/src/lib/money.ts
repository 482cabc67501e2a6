import { numberFormat } from './formatters'
import { NUMBER_LOCALE } from './language'

/** A decimal as the API writes it: digits, never a float. */
export type DecimalText = `${number}`

/** An amount in USD: decimal text, or a JSON number of the published endpoints. */
export type Amount = DecimalText | number

const DECIMAL_TEXT = /^-?\d+(\.\d+)?$/

export function isDecimalText(value: unknown): value is DecimalText {
  return typeof value === 'string' && DECIMAL_TEXT.test(value)
}

const USD = 'USD'

function moneyFormatter(
  minimumDecimals: number,
  maximumDecimals: number,
  currency: string,
): Intl.NumberFormat {
  return numberFormat(NUMBER_LOCALE, {
    style: 'currency',
    currency,
    minimumFractionDigits: minimumDecimals,
    maximumFractionDigits: maximumDecimals,
    // The server rounds half to even, and a zero that was rounded down has no sign.
    roundingMode: 'halfEven',
    signDisplay: 'negative',
  })
}

/** Format an amount with a fixed number of decimals; decimal text is formatted exactly. */
export function formatUsd(amount: Amount, decimals = 2): string {
  return moneyFormatter(decimals, decimals, USD).format(amount)
}

/** Format a rate: cents, and as many of the next digits as it has. */
export function formatRate(perUnit: Amount, maximumDecimals = 4, currency = USD): string {
  return moneyFormatter(2, maximumDecimals, currency).format(perUnit)
}

/** Write an amount with a fixed number of decimals for a file: digits and a point, in any language. */
export function plainAmount(amount: Amount, decimals = 2): string {
  return numberFormat('en-US', {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
    roundingMode: 'halfEven',
    signDisplay: 'negative',
    useGrouping: false,
  }).format(amount)
}

/** Decimals of the amounts that are JSON numbers. */
export const JSON_DECIMALS = 4

/** Return an amount as decimal text; a JSON number has the digits that the contract gives it. */
export function amountText(amount: Amount): DecimalText {
  return typeof amount === 'number' ? (plainAmount(amount, JSON_DECIMALS) as DecimalText) : amount
}

/** Format a percentage that is given in percent. */
export function formatPercent(percent: number, decimals = 1): string {
  return numberFormat(NUMBER_LOCALE, {
    style: 'percent',
    maximumFractionDigits: decimals,
    roundingMode: 'halfEven',
    signDisplay: 'negative',
  }).format(percent / 100)
}

/** Format a quantity such as hours. */
export function formatQuantity(quantity: Amount, decimals = 1): string {
  // As in a file, where the same quantity is written by `plainAmount`.
  return numberFormat(NUMBER_LOCALE, {
    maximumFractionDigits: decimals,
    roundingMode: 'halfEven',
  }).format(quantity)
}

type Outcome = 'saved' | 'loss' | 'even'

/** Say whether a saving is one, or the comparison costs less. */
export function outcomeOf(saving: Amount | bigint): Outcome {
  const size = typeof saving === 'bigint' ? saving : Number(saving)
  if (size > 0) return 'saved'
  return size < 0 ? 'loss' : 'even'
}
