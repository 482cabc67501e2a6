import { useEffect, useState } from 'react'
import { type Answer } from '../api/answer'
import { serverNow } from '../api/base-query'
import type { Problem } from '../api/problem'
import { messages } from '../lib/messages'
import { formatAge, formatTimeOfDay } from '../lib/time'
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

interface StaleNoticeProps {
  readonly since: number
  readonly timeZone: string
  readonly retry: () => void
  /** Over the whole width of what it is about, where it has to be seen first. */
  readonly isBand?: boolean
}

/** Newer answers fail to come: since when, and how old that is, while it keeps trying. */
export function StaleNotice({ since, timeZone, retry, isBand = false }: StaleNoticeProps) {
  useRetry(true, retry)
  return (
    <p
      className={`text-caption text-loss ${
        isBand ? 'rounded-t-xl border-b border-line bg-loss-soft px-4 py-2.5 @md:px-6' : ''
      }`}
    >
      {/* What ticks stands outside: it is not to be read out every second. */}
      <span role="status" className="font-medium">
        {messages.problem.stale(formatTimeOfDay(since, timeZone))}
      </span>{' '}
      <span className="whitespace-nowrap">
        {'· '}
        <Age since={since} />
      </span>
    </p>
  )
}

interface StaleAnswerProps {
  readonly answer: Answer<unknown>
  readonly timeZone: string
}

/** The notice of an answer in a card's title; nothing while newer ones come. */
export function StaleAnswer({ answer, timeZone }: StaleAnswerProps) {
  if (answer.state !== 'ready' || answer.staleSince === null) return null
  return <StaleNotice since={answer.staleSince} timeZone={timeZone} retry={answer.retry} />
}

/** How old what is shown is, by the server's clock, counted on. */
function Age({ since }: { readonly since: number }) {
  const [now, setNow] = useState(serverNow)

  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) setNow(serverNow())
    }, 1000)
    return () => {
      clearInterval(timer)
    }
  }, [])

  return messages.problem.staleAge(formatAge((now - since) / 1000))
}
