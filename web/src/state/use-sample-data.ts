import { useGetSessionQuery } from '../api/economy-api'

/** Say whether this account is the demo's: then what leaves the page says so too. */
export function useIsSampleData(): boolean {
  const { data } = useGetSessionQuery()
  return data?.account.sampleData === true
}

/** Return how files of this account are named. */
export function useFileName(): (name: string) => string {
  const isSampleData = useIsSampleData()
  return (name) => (isSampleData ? `sample-data-${name}` : name)
}
