import type { ReactNode } from 'react'
import { LanguageToggle } from '../components/language-toggle'
import { messages } from '../lib/messages'
import { Brand } from './brand'

interface PlainPageProps {
  readonly title: string
  readonly detail?: string
  readonly children: ReactNode
}

/** A page of one thing, for people who are not signed in. */
export function PlainPage({ title, detail, children }: PlainPageProps) {
  return (
    <main className="mx-auto flex min-h-dvh w-full max-w-sm flex-col justify-center px-4 py-10">
      <title>{messages.pageTitle(title)}</title>
      <Brand />
      <h1 className="mt-8 text-2xl font-semibold tracking-tight">{title}</h1>
      {detail !== undefined && <p className="mt-1.5 text-sm text-ink-soft">{detail}</p>}
      <div className="mt-6">{children}</div>
      <div className="mt-10">
        <LanguageToggle />
      </div>
    </main>
  )
}
