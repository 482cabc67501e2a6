import { useGetSessionQuery } from '../api/economy-api'

/** Return the time zone in which this account's dates and times are shown. */
export function useTimeZone(): string {
  const { data } = useGetSessionQuery()
  return data?.account.timezone ?? 'UTC'
}
