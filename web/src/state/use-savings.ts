import { useSelector } from 'react-redux'
import { type Answer, toAnswer } from '../api/answer'
import type { Provider } from '../api/comparison'
import { type Savings, useGetSavingsQuery } from '../api/savings'
import { selectPollingInterval } from './economy-slice'

/** How queries of the ledger poll: never in a hidden tab. */
export function usePolling() {
  return {
    pollingInterval: useSelector(selectPollingInterval),
    skipPollingIfUnfocused: true,
  }
}

/** Ask for the savings against a provider, and keep asking. */
export function useSavings(provider: Provider): Answer<Savings> {
  return toAnswer(useGetSavingsQuery(provider, usePolling()))
}
