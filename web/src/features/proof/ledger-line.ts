import type { LedgerEntry, LedgerFigures } from '../../api/ledger'
import { difference, sum } from '../../lib/decimal'
import { messages } from '../../lib/messages'
import { type DecimalText, formatPercent, formatQuantity, formatRate } from '../../lib/money'
import { secondsBetween } from '../../lib/time'

const text = messages.why

const SECONDS_PER_HOUR = 3600
/** Hours of use are told with so many. */
export const HOURS_DECIMALS = 4
/** Prices and amounts are shown with all digits that they have. */
export const ALL_DECIMALS = 12

/** A time of use with both of its sides; a side may be on a page that has not come yet. */
export interface LedgerLine {
  readonly key: string
  readonly actual: LedgerEntry | null
  /** The comparison, or the lack of one. */
  readonly other: LedgerEntry | null
}

const keyOf = ({ instance, component, from }: LedgerEntry) => `${from} ${component} ${instance}`

/** Lay the sides of each line beside each other, in the ledger's order. */
export function linesOf(entries: readonly LedgerEntry[]): LedgerLine[] {
  const lines = new Map<string, LedgerLine>()
  for (const entry of entries) {
    const key = keyOf(entry)
    const line = lines.get(key) ?? { key, actual: null, other: null }
    lines.set(key, { ...line, [entry.side === 'actual' ? 'actual' : 'other']: entry })
  }
  return [...lines.values()]
}

/** Return the sides of lines, one after the other. */
export function entriesOf(lines: readonly LedgerLine[]): LedgerEntry[] {
  return lines.flatMap(({ actual, other }) => [actual, other].filter((side) => side !== null))
}

/**
 * Return the seconds of use of a line, none of a disk.
 *
 * They are those between its borders: what is billed of them differs by a minimum and by rounding.
 */
export function secondsUsed({ actual, other }: LedgerLine): DecimalText {
  const entry = actual ?? other
  return entry?.component === 'compute' ? secondsBetween(entry.from, entry.to) : '0'
}

function gpusOf({ actual, other }: LedgerLine): number {
  return (actual ?? other)?.gpuCount ?? 0
}

/** Return how many hours some seconds are. */
export function hoursOf(seconds: DecimalText): number {
  return Number(seconds) / SECONDS_PER_HOUR
}

/** Return the hours of use of a line, as often as it has GPUs. */
function gpuHoursOf(line: LedgerLine): number {
  return hoursOf(secondsUsed(line)) * gpusOf(line)
}

/** Add up what lines come to. */
export function figuresOf(lines: readonly LedgerLine[]): LedgerFigures {
  const compared = lines.filter(({ other }) => other?.side === 'comparison')
  const paid = sum(lines.flatMap(({ actual }) => actual?.amount ?? []))
  const paidCompared = sum(compared.flatMap(({ actual }) => actual?.amount ?? []))
  const comparison = sum(compared.flatMap(({ other }) => other?.amount ?? []))
  return {
    paid,
    paidCompared,
    comparison,
    saving: difference(comparison, paidCompared),
    use: sum(lines.map(secondsUsed)),
    gpuHours: lines.reduce((hours, line) => hours + gpuHoursOf(line), 0),
  }
}

/** Write a time of use with the seconds that it is, and as hours of GPUs. */
export function hoursUsedInWords({
  use,
  gpuHours,
}: Pick<LedgerFigures, 'use' | 'gpuHours'>): string {
  return text.use(
    formatQuantity(hoursOf(use), HOURS_DECIMALS),
    formatQuantity(use, 6),
    formatQuantity(gpuHours, HOURS_DECIMALS),
  )
}

/** Write how the hours of use of a line come about, with its numbers. */
export function hoursUsedFormula(line: LedgerLine): string {
  const hours = hoursInWords(secondsUsed(line))
  const gpuHours = text.gpuHours(formatQuantity(gpuHoursOf(line), HOURS_DECIMALS))
  return `${hours} × ${gpusOf(line)} = ${gpuHours}`
}

/** Write hours, or where they have no end, the seconds that they are made of. */
function hoursInWords(seconds: DecimalText): string {
  const tenThousandths = hoursOf(seconds) * 10_000
  if (Math.abs(tenThousandths - Math.round(tenThousandths)) < 1e-6) {
    return text.hours(formatQuantity(tenThousandths / 10_000, 4))
  }
  return `${formatQuantity(seconds, 6)} s ÷ ${formatQuantity(SECONDS_PER_HOUR)}`
}

export function exactUsd(amount: DecimalText): string {
  return formatRate(amount, ALL_DECIMALS)
}

/** Write how an amount comes about, with its numbers; null where the entry has none. */
export function formulaOf({
  amount,
  unitPrice,
  priceHours,
  units,
  seconds,
  proof,
}: LedgerEntry): string | null {
  if (amount === null || unitPrice === null || priceHours === null) return null
  const hours = hoursInWords(seconds)
  if (Number(priceHours) !== 1) {
    const factors = [text.perGbMonth(exactUsd(unitPrice)), text.gigabytes(formatQuantity(units, 3))]
    return `${[...factors, hours].join(' × ')} ÷ ${text.hours(formatQuantity(priceHours, 4))}`
  }
  if (proof?.kind === 'machine') {
    return [
      exactUsd(proof.pricePerMachineHour),
      ...(proof.machines === '1' ? [] : [proof.machines]),
      ...(Number(proof.discount) === 0
        ? []
        : [text.discount(formatPercent(Number(proof.discount) * 100, 2))]),
      hours,
    ].join(' × ')
  }
  return [
    exactUsd(unitPrice),
    ...(Number(units) === 1 ? [] : [formatQuantity(units, 4)]),
    hours,
  ].join(' × ')
}
