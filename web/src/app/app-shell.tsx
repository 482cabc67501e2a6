import type { ReactNode } from 'react'
import { Link, NavLink } from 'react-router'
import type { Session } from '../api/session'
import { Skeleton } from '../components/skeleton'
import { useLogoutMutation } from '../features/auth/auth-api'
import { messages } from '../lib/messages'
import { Brand } from './brand'
import { EconomyPolling } from './economy-polling'
import { useLatePartsAtHand } from './late-parts'
import { OpenedFigure } from './opened-figure'

const text = messages.shell

const FRAME = 'mx-auto w-full max-w-page px-3 sm:px-6'

const PAGES = [
  { to: '/', label: text.dashboard },
  { to: '/savings', label: text.savings },
  { to: '/prices', label: text.prices },
  { to: '/settings', label: text.settings },
]

interface AppShellProps {
  /** Null until it is known who is signed in. */
  readonly session: Session | null
  readonly children?: ReactNode
}

/** What every page of a signed-in person has around it. */
export function AppShell({ session, children }: AppShellProps) {
  useLatePartsAtHand(session !== null)
  return (
    <>
      <a
        href="#content"
        className="absolute top-2 left-2 z-10 -translate-y-16 rounded-lg bg-action px-3 py-2 text-sm text-action-ink focus:translate-y-0"
      >
        {text.skip}
      </a>
      {session?.account.sampleData === true && <SampleDataBand />}
      <header className="border-b border-line bg-surface">
        <div className={`${FRAME} flex flex-wrap items-center gap-x-6 gap-y-1 py-2`}>
          <Link to="/" className="flex rounded py-1.5">
            <Brand />
          </Link>
          <nav
            aria-label={text.navigation}
            className="order-last -ml-2 w-full sm:order-none sm:ml-0 sm:w-auto"
          >
            <ul className="flex gap-1">
              {PAGES.map(({ to, label }) => (
                <li key={to}>
                  <NavLink
                    to={to}
                    end
                    className="block rounded-lg px-2.5 py-1.5 text-sm font-medium text-ink-soft hover:text-ink aria-[current=page]:bg-sunken aria-[current=page]:text-ink"
                  >
                    {label}
                  </NavLink>
                </li>
              ))}
            </ul>
          </nav>
          <div className="ml-auto flex min-w-0 items-center gap-3 text-caption">
            {session === null ? <Skeleton className="h-8 w-14" /> : <WhoIsIn session={session} />}
          </div>
        </div>
      </header>
      <main id="content" tabIndex={-1} className={`${FRAME} py-5 outline-none sm:py-7`}>
        {session !== null && <EconomyPolling accountId={session.account.id} />}
        {children}
      </main>
      {session !== null && <OpenedFigure />}
    </>
  )
}

function WhoIsIn({ session }: { readonly session: Session }) {
  const [logout, { isLoading }] = useLogoutMutation()
  return (
    <>
      <span className="hidden min-w-0 truncate text-ink-soft md:inline" title={session.email}>
        {session.account.name}
      </span>
      <button
        type="button"
        disabled={isLoading}
        onClick={() => {
          void logout({ csrfToken: session.csrfToken })
        }}
        className="rounded px-1 py-1.5 font-medium whitespace-nowrap text-ink-soft hover:text-ink"
      >
        {text.signOut}
      </button>
    </>
  )
}

function SampleDataBand() {
  return (
    <aside aria-label={text.sampleData} className="bg-action text-action-ink">
      <p className={`${FRAME} flex flex-wrap gap-x-2 py-1.5 text-caption`}>
        <strong className="font-semibold">{text.sampleData}</strong>
        <span className="opacity-80">{text.sampleDataDetail}</span>
      </p>
    </aside>
  )
}
