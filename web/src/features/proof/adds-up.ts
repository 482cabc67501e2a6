import type { LedgerFigures } from '../../api/ledger'
import { agree, difference } from '../../lib/decimal'
import { messages } from '../../lib/messages'
import { type DecimalText, formatUsd } from '../../lib/money'
import type { Quantity } from '../../lib/why'
import { figuresOf, type LedgerLine } from './ledger-line'

const text = messages.why

/** Say whether lines come to the figures of their part of the ledger, and in words to what. */
export function whetherTheyAddUp(
  lines: readonly LedgerLine[],
  figures: LedgerFigures,
  asked: Quantity,
): { readonly isProven: boolean; readonly words: string } {
  const added = figuresOf(lines)
  const differing = differingQuantity(added, figures, lines.length, asked)
  const words =
    differing === null
      ? provenText(added[asked], figures[asked])
      : text.differs(text.quantities[differing], formatUsd(added[differing], 10))
  return { isProven: differing === null, words }
}

/** Return which of the figures lines do not come to: the one that is asked about before others. */
function differingQuantity(
  added: LedgerFigures,
  figures: LedgerFigures,
  lines: number,
  asked: Quantity,
): Quantity | null {
  const parts = lines * 2 + 2
  const all: readonly Quantity[] = [asked, 'saving', 'paid', 'comparison']
  return all.find((one) => !agree(added[one], figures[one], parts)) ?? null
}

/** Say that lines come to a figure: to its last digit, or but for what rounding each of them made. */
function provenText(added: DecimalText, figure: DecimalText): string {
  const shown = formatUsd(added, 10)
  const apart = difference(added, figure)
  if (Number(apart) === 0) return text.addsUp(shown)
  return text.addsUpButFor(shown, formatUsd(apart.replace('-', '') as DecimalText, 10))
}
