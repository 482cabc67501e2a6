import type { ReactNode } from 'react'
import { useRetry } from './use-retry'

interface LastAnswerProps {
  readonly staleSince: number | null
  readonly retry: () => void
  readonly className?: string
  readonly children: ReactNode
}

/** Figures that are dimmed while newer ones fail to come, and that ask for them again. */
export function LastAnswer({ staleSince, retry, className = '', children }: LastAnswerProps) {
  useRetry(staleSince !== null, retry)
  return <div className={`${className} ${staleSince === null ? '' : 'stale'}`}>{children}</div>
}
