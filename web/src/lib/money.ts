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

/** Writes the rates of one column of a table. */
export type RateFormat = (perUnit: Amount, currency?: string) => string

/**
 * Make the format of rates that stand under each other: all with as many digits as the one that
 * has most, so that their points stand under each other too.
 */
export function columnRates(
  rates: Iterable<Amount | null | undefined>,
  maximumDecimals = 4,
): RateFormat {
  let decimals = 2
  for (const rate of rates) {
    if (rate == null) continue
    const [, shown = ''] = plainRate(rate, maximumDecimals).split('.')
    decimals = Math.max(decimals, shown.length)
  }
  return (perUnit, currency = USD) => moneyFormatter(decimals, decimals, currency).format(perUnit)
}

function plainRate(perUnit: Amount, maximumDecimals: number): string {
  return numberFormat('en-US', {
    maximumFractionDigits: maximumDecimals,
    roundingMode: 'halfEven',
    useGrouping: false,
  }).format(perUnit)
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

/** Write a share of a whole in percent; nearly all is not all. */
export function formatShare(share: number): string {
  const percent = share * 100
  return formatPercent(percent > 99.9 && percent < 100 ? 99.9 : percent)
}

/** Format a quantity of a column: each with the same decimals. */
export function formatFixed(quantity: Amount, decimals = 1): string {
  return numberFormat(NUMBER_LOCALE, {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
    roundingMode: 'halfEven',
  }).format(quantity)
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
