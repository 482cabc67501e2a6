import { messages } from '../../lib/messages'
import type { DayMarks } from './day-marks'
import type { HistoryBar } from './history-bars'

const text = messages.history

/** What a bar is made of, from its foot up. */
const PARTS = [
  { key: 'paid', label: text.paidBar, token: '--paid-fill', swatch: 'bg-paid-fill' },
  { key: 'saved', label: text.saved, token: '--saved-fill', swatch: 'bg-saved-fill' },
  { key: 'costsMore', label: text.costsMore, token: '--loss-fill', swatch: 'bg-loss-fill' },
  { key: 'uncompared', label: text.uncompared, token: '--unknown-fill', swatch: 'bg-unknown-fill' },
] as const satisfies readonly { key: keyof Omit<HistoryBar, 'date'>; [other: string]: string }[]

/** The signs of what happened to a day's figures. */
export const MARK_SIGNS = { price: '▾', adjustment: '◆' } as const

export type Part = (typeof PARTS)[number]

/** Name the signs that stand over some bar. */
export function signsOf(bars: readonly HistoryBar[], marks: DayMarks) {
  const kinds = new Set(bars.flatMap(({ date }) => (marks.get(date) ?? []).map(({ kind }) => kind)))
  return [
    { kind: 'price', label: text.priceChange } as const,
    { kind: 'adjustment', label: text.adjustment } as const,
  ].filter(({ kind }) => kinds.has(kind))
}

/** List the parts that some bar has; what was paid is always one. */
export function partsOf(bars: readonly HistoryBar[]): Part[] {
  return PARTS.filter(({ key }) => key === 'paid' || bars.some((bar) => (bar[key] ?? 0) > 0))
}
