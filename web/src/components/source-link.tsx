import type { ReactNode } from 'react'
import { language } from '../lib/language'
import { messages } from '../lib/messages'

interface SourceLinkProps {
  readonly href: string
  readonly title?: string
  readonly lang?: string
  /** Where there is no room for all of its words, they are cut. */
  readonly isCut?: boolean
  readonly children: ReactNode
}

/**
 * A link to where a price is from, on a site of somebody else: in a tab of its own, which says so
 * and learns nothing of ours.
 */
export function SourceLink({ href, title, lang, isCut = false, children }: SourceLinkProps) {
  return (
    <a
      href={href}
      target="_blank"
      rel="noopener noreferrer"
      title={title}
      lang={lang}
      className={`underline decoration-line-strong underline-offset-2 hover:decoration-current ${
        isCut ? 'inline-flex max-w-full' : ''
      }`}
    >
      <span className={isCut ? 'min-w-0 truncate' : ''}>{children}</span>
      <span aria-hidden="true">&nbsp;↗</span>
      <span lang={language} className="sr-only">
        {' '}
        ({messages.figures.newTab})
      </span>
    </a>
  )
}
