import { serverNow } from './base-query'
import { type Problem, toProblem } from './problem'

/** What a screen can show of a query: nothing yet, why there is nothing, or the data. */
export type Answer<Data> =
  | { readonly state: 'loading' }
  | { readonly state: 'failed'; readonly problem: Problem; readonly retry: () => void }
  | {
      readonly state: 'ready'
      readonly data: Data
      /** Since when newer answers fail to come, in epoch milliseconds; null while they come. */
      readonly staleSince: number | null
      readonly retry: () => void
    }

/** What RTK Query holds of a query. */
export interface QueryState<Data> {
  readonly currentData?: Data | undefined
  readonly error?: unknown
  readonly fulfilledTimeStamp?: number | undefined
  readonly refetch: () => unknown
}

/** Return an instant of the browser's clock, which may be wrong, as one of the server's. */
function inServerTime(instant: number | undefined): number | null {
  return instant === undefined ? null : instant - Date.now() + serverNow()
}

/**
 * Read a query's state; the last data stays when a later answer fails.
 *
 * @param isLate whether a later answer should have come by now
 */
export function toAnswer<Data>(query: QueryState<Data>, isLate = false): Answer<Data> {
  const retry = () => {
    void query.refetch()
  }
  if (query.currentData !== undefined) {
    const failing = isLate || query.error !== undefined
    return {
      state: 'ready',
      data: query.currentData,
      staleSince: failing ? inServerTime(query.fulfilledTimeStamp) : null,
      retry,
    }
  }
  if (query.error !== undefined) {
    return { state: 'failed', problem: toProblem(query.error), retry }
  }
  return { state: 'loading' }
}
