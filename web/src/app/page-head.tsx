import { type ReactNode } from 'react'
import { messages } from '../lib/messages'

interface PageHeadProps {
  readonly title: string
  readonly children?: ReactNode
}

/** A page's heading, its title in the browser, and what stands beside it. */
export function PageHead({ title, children }: PageHeadProps) {
  return (
    <div className="mb-4 flex flex-wrap items-center justify-between gap-x-6 gap-y-3">
      <title>{messages.pageTitle(title)}</title>
      <h1 className="text-xl font-semibold tracking-tight">{title}</h1>
      {children}
    </div>
  )
}
