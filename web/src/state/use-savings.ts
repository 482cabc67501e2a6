import { useSelector } from 'react-redux'
import { type Answer, toAnswer } from '../api/answer'
import type { Provider } from '../api/comparison'
import { type Savings, useGetSavingsQuery } from '../api/savings'
import { selectPollingInterval } from './economy-slice'
import { useOver } from './use-over'
import { useTurn } from './use-turn'

/** How queries of the ledger poll: never in a hidden tab. */
export function usePolling() {
  return {
    pollingInterval: useSelector(selectPollingInterval),
    skipPollingIfUnfocused: true,
  }
}

/**
 * Ask for the savings against a provider, and keep asking.
 *
 * A counter stands still at the end of its answer. Where no other comes, that is said then, and not
 * only when the request for it has failed: a server that hangs takes its time to.
 */
export function useSavings(provider: Provider): Answer<Savings> {
  const query = useGetSavingsQuery(provider, usePolling())
  const isOver = useOver(query.currentData?.validity.endsAt ?? null)
  return toAnswer(query, isOver)
}

/** The same for the part of a page that people look at first, and that is drawn first. */
export function useDrawnSavings(provider: Provider): Answer<Savings> {
  return useTurn(useSavings(provider), true)
}
