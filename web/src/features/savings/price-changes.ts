import type { Provider } from '../../api/comparison'
import { type InstancesPage, useGetInstancesInfiniteQuery } from '../../api/instances'
import {
  type PriceHistory,
  type SkuQuestion,
  useGetPriceHistoriesQuery,
} from '../../api/price-history'
import { localDate } from '../../lib/time'

/** So many SKUs are followed at most: more lines than that could not be told apart. */
const MOST_SKUS = 12

/** The SKUs whose price changed on a date. */
export type PriceChanges = ReadonlyMap<string, readonly string[]>

const NONE: PriceChanges = new Map()

/** List what instances are compared with now, each SKU once. */
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
  return [...found.values()].slice(0, MOST_SKUS)
}

/** Lay the changes of prices out by local date; the first price of a SKU is no change. */
export function changesByDate(histories: readonly PriceHistory[], timeZone: string): PriceChanges {
  const changes = new Map<string, string[]>()
  for (const { sku, timeline } of histories) {
    for (const { effectiveFrom } of timeline.slice(1)) {
      const date = localDate(effectiveFrom, timeZone)
      changes.set(date, [...(changes.get(date) ?? []), sku])
    }
  }
  return changes
}

/** Ask when the prices changed that the account's instances are compared with. */
export function usePriceChanges(provider: Provider, timeZone: string): PriceChanges {
  const { currentData: instances } = useGetInstancesInfiniteQuery(provider)
  const skus = comparedSkus(instances?.pages ?? [])
  const { currentData: histories } = useGetPriceHistoriesQuery(skus, { skip: skus.length === 0 })
  return histories === undefined ? NONE : changesByDate(histories, timeZone)
}
