import type { ReactNode } from 'react'
import { Link, useLocation } from 'react-router'
import { messages } from '../lib/messages'
import { type AskedWhy, writeWhy } from '../lib/why'

interface WhyProps {
  readonly about: AskedWhy
  readonly children: ReactNode
}

/** A figure that opens its proof: the lines behind it, and how they add up to it. */
export function Why({ about, children }: WhyProps) {
  const { search } = useLocation()
  return (
    <Link to={{ search: writeWhy(search, about) }} preventScrollReset className="why">
      {children}
      <span className="sr-only">, {messages.figures.why}</span>
    </Link>
  )
}
