import { useMemo } from 'react'
import type { Provider } from '../../api/comparison'
import { type InstancesPage, useGetInstancesInfiniteQuery } from '../../api/instances'
import {
  type PriceHistory,
  type SkuQuestion,
  useGetPriceHistoriesQuery,
} from '../../api/price-history'
import { messages } from '../../lib/messages'
import { formatUsd } from '../../lib/money'
import { localDate } from '../../lib/time'
import { type Adjustment, useGetAdjustmentsQuery } from './adjustments-api'

const text = messages.history

/** So many SKUs are followed at most: more lines than that could not be told apart. */
const MOST_SKUS = 12

/** Something that happened to a day's figures, in words. */
export interface DayMark {
  readonly kind: 'price' | 'adjustment'
  readonly words: string
}

/** The marks of days, by local date. */
export type DayMarks = ReadonlyMap<string, readonly DayMark[]>

/**
 * List what instances are compared with now, each SKU once.
 *
 * In an order of their own: instances change theirs whenever one starts or stops, and with it the
 * question would be another one, whose answers were not asked for yet. Of too many, the same ones
 * are followed whichever comes first.
 */
export function comparedSkus(pages: readonly InstancesPage[]): SkuQuestion[] {
  const found = new Map<string, SkuQuestion>()
  for (const { instances, provider, comparison } of pages) {
    for (const { match } of instances) {
      if (match?.sku == null || match.region === null) continue
      const { sku, region } = match
      found.set(`${sku} ${region}`, {
        sku,
        region,
        provider,
        pricingModel: comparison.pricingModel,
      })
    }
  }
  const inOrder = [...found].sort(([a], [b]) => (a < b ? -1 : 1))
  return inOrder.slice(0, MOST_SKUS).map(([, question]) => question)
}

/** Lay marks out by date: changes of prices, of which a SKU's first is none, and adjustments. */
export function dayMarks(
  histories: readonly PriceHistory[],
  adjustments: readonly Adjustment[],
  timeZone: string,
): DayMarks {
  const marks = new Map<string, DayMark[]>()
  const mark = (date: string, kind: DayMark['kind'], words: string) => {
    marks.set(date, [...(marks.get(date) ?? []), { kind, words }])
  }
  for (const { sku, timeline } of histories) {
    for (const { effectiveFrom } of timeline.slice(1)) {
      mark(localDate(effectiveFrom, timeZone), 'price', text.priceChangeOf(sku))
    }
  }
  for (const { date, saving } of adjustments) {
    const sign = Number(saving) > 0 ? '+' : ''
    mark(date, 'adjustment', text.adjustmentOf(`${sign}${formatUsd(saving)}`))
  }
  return marks
}

/** Ask what happened to the days: price changes of what is compared, and late reports. */
export function useDayMarks(provider: Provider, timeZone: string): DayMarks {
  const { currentData: instances } = useGetInstancesInfiniteQuery(provider)
  const skus = comparedSkus(instances?.pages ?? [])
  const { currentData: histories } = useGetPriceHistoriesQuery(skus, { skip: skus.length === 0 })
  const { currentData: adjustments } = useGetAdjustmentsQuery(provider)
  return useMemo(
    () => dayMarks(histories ?? [], adjustments ?? [], timeZone),
    [histories, adjustments, timeZone],
  )
}
