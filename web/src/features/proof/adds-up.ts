import type { LedgerFigures } from '../../api/ledger'
import { agree, difference } from '../../lib/decimal'
import { messages } from '../../lib/messages'
import { type DecimalText, formatQuantity, formatUsd } from '../../lib/money'
import type { Quantity } from '../../lib/why'
import { figuresOf, HOURS_DECIMALS, hoursUsedInWords, type LedgerLine } from './ledger-line'

const text = messages.why

/** GPU-hours are told by grade, each of six rounded at its fourth decimal. */
const GPU_HOURS_ROUNDING = 6 * 0.00005 + 1e-6

/** Say whether lines come to the figures of their part of the ledger, and in words to what. */
export function whetherTheyAddUp(
  lines: readonly LedgerLine[],
  figures: LedgerFigures,
  asked: Quantity,
): { readonly isProven: boolean; readonly words: string } {
  const added = figuresOf(lines)
  const differing = differingQuantity(added, figures, lines.length, asked)
  if (differing !== null) {
    const isUse = differing === 'use'
    const shown = isUse ? hoursUsedInWords(added) : formatUsd(added[differing], 10)
    return { isProven: false, words: text.differs(text.quantities[differing], shown) }
  }
  const words =
    asked === 'use' ? provenUse(added, figures) : provenText(added[asked], figures[asked])
  return { isProven: true, words }
}

/** Return which of the figures lines do not come to: the one that is asked about before others. */
function differingQuantity(
  added: LedgerFigures,
  figures: LedgerFigures,
  lines: number,
  asked: Quantity,
): Quantity | null {
  if (asked === 'use') return isSameUse(added, figures) ? null : 'use'
  const parts = lines * 2 + 2
  const all = [asked, 'saving', 'paid', 'comparison'] as const
  return all.find((one) => !agree(added[one], figures[one], parts)) ?? null
}

/** Say whether times of use are the same: their seconds are exact, and nothing is rounded. */
function isSameUse(added: LedgerFigures, figures: LedgerFigures): boolean {
  const apart = Math.abs(added.gpuHours - figures.gpuHours)
  return agree(added.use, figures.use, 0) && apart <= GPU_HOURS_ROUNDING
}

/** Say that lines come to a figure: to its last digit, or but for what rounding each of them made. */
function provenText(added: DecimalText, figure: DecimalText): string {
  const shown = formatUsd(added, 10)
  const apart = difference(added, figure)
  if (Number(apart) === 0) return text.addsUp(shown)
  return text.addsUpButFor(shown, formatUsd(apart.replace('-', '') as DecimalText, 10))
}

/** Say that lines come to a time of use: to the second, and to GPU-hours as they are told. */
function provenUse(added: LedgerFigures, figures: LedgerFigures): string {
  const shown = hoursUsedInWords(added)
  if (shown === hoursUsedInWords(figures)) return text.addsUp(shown)
  const apart = formatQuantity(Math.abs(added.gpuHours - figures.gpuHours), HOURS_DECIMALS)
  return text.addsUpButFor(shown, text.gpuHours(apart))
}
