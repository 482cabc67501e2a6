import { useDeferredValue, useMemo } from 'react'
import { type Answer, type QueryState, toAnswer } from '../api/answer'
import { useTurn } from './use-turn'

interface AskedState<Data> extends QueryState<Data> {
  /** What was asked. */
  readonly originalArgs?: unknown
}

/**
 * Read a query's state for a part of a page that is large and can wait a few frames.
 *
 * The store tells its news to everything at once. What comes through here is drawn after the
 * figures that people look at first, in slices that leave the page to its user in between. An
 * answer to another question never waits: a figure must not stand under the name of another.
 */
export function useDeferredAnswer<Data>(query: AskedState<Data>): Answer<Data> {
  const { currentData, error, fulfilledTimeStamp, refetch } = query
  const question = JSON.stringify(query.originalArgs)
  const now = useMemo(
    () => ({ question, answer: toAnswer({ currentData, error, fulfilledTimeStamp, refetch }) }),
    [question, currentData, error, fulfilledTimeStamp, refetch],
  )
  const drawn = useDeferredValue(now)
  return drawn.question === question ? drawn.answer : now.answer
}

/** The same, for one of many parts: of those that come at once, each is drawn in its turn. */
export function useAnswer<Data>(query: AskedState<Data>): Answer<Data> {
  return useTurn(useDeferredAnswer(query))
}
