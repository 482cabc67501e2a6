/** So many places a page key goes; of days it is a week. */
const PAGE = 7

/** Return the place that a key leads to from one of 0 to `last`; null where it leads nowhere. */
export function placeAfter(key: string, current: number, last: number): number | null {
  const places: Record<string, number> = {
    ArrowLeft: current - 1,
    ArrowDown: current - 1,
    ArrowRight: current + 1,
    ArrowUp: current + 1,
    PageDown: current - PAGE,
    PageUp: current + PAGE,
    Home: 0,
    End: last,
  }
  const place = places[key]
  return place === undefined ? null : Math.min(Math.max(place, 0), last)
}
