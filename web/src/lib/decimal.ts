import type { DecimalText } from './money'

/** Decimals of the amounts that the API tells as text. */
const PLACES = 10
const UNIT = 10n ** BigInt(PLACES)

function toUnits(text: DecimalText): bigint {
  const negative = text.startsWith('-')
  const [whole = '0', fraction = ''] = (negative ? text.slice(1) : text).split('.')
  const size = BigInt(whole) * UNIT + BigInt(fraction.slice(0, PLACES).padEnd(PLACES, '0'))
  return negative ? -size : size
}

function fromUnits(units: bigint): DecimalText {
  const size = units < 0n ? -units : units
  const fraction = (size % UNIT).toString().padStart(PLACES, '0')
  return `${units < 0n ? '-' : ''}${size / UNIT}.${fraction}` as DecimalText
}

/** Add amounts, exact to their tenth decimal. */
export function sum(amounts: Iterable<DecimalText>): DecimalText {
  let units = 0n
  for (const amount of amounts) units += toUnits(amount)
  return fromUnits(units)
}

/** Return what the first amount is more than the second, exact to their tenth decimal. */
export function difference(amount: DecimalText, other: DecimalText): DecimalText {
  return fromUnits(toUnits(amount) - toUnits(other))
}

/** Say whether two amounts are as far apart as the rounding of so many parts can bring them. */
export function agree(amount: DecimalText, other: DecimalText, parts: number): boolean {
  const apart = toUnits(amount) - toUnits(other)
  return (apart < 0n ? -apart : apart) <= BigInt(parts)
}
