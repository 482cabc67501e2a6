import type { Problem } from '../api/problem'
import { messages } from '../lib/messages'
import { formatTimeOfDay } from '../lib/time'
import { Button } from './button'
import { useRetry } from './use-retry'

/** There is nothing to show yet: the reason, and a button. */
export function FirstLoadFailure({
  problem,
  retry,
}: {
  readonly problem: Problem
  readonly retry: () => void
}) {
  return (
    <div role="alert" className="flex flex-col items-start gap-3 px-4 py-5 sm:px-5">
      <div>
        <p className="font-medium">{messages.problem.firstLoad}</p>
        <p className="mt-1 text-sm text-ink-soft">{problem.detail}</p>
      </div>
      <Button onClick={retry}>{messages.problem.retry}</Button>
    </div>
  )
}

/** Newer answers fail to come: since when, while it keeps trying. */
export function StaleNotice({
  since,
  timeZone,
  retry,
}: {
  readonly since: number
  readonly timeZone: string
  readonly retry: () => void
}) {
  useRetry(true, retry)
  return (
    <p role="status" className="text-[13px] text-loss">
      {messages.problem.stale(formatTimeOfDay(since, timeZone))}
    </p>
  )
}
