import type { ReactNode } from 'react'
import { messages } from '../lib/messages'
import type { AskedWhy } from '../lib/why'
import { PageLink } from './page-link'

interface WhyProps {
  readonly about: AskedWhy
  readonly children: ReactNode
}

/** A figure that opens its proof: the lines behind it, and how they add up to it. */
export function Why({ about, children }: WhyProps) {
  return (
    <PageLink about={about} className="why">
      {children}
      <span className="sr-only">, {messages.figures.why}</span>
    </PageLink>
  )
}
