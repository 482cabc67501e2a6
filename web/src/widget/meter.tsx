import { createContext, useContext } from 'react'
import { toAnswer } from '../api/answer'
import type { Provider } from '../api/comparison'
import { useGetSessionQuery } from '../api/economy-api'
import { type PageLinkProps, PageLinks } from '../components/page-link'
import { EconomyWidget } from '../features/live-meter/economy-widget'
import { messages } from '../lib/messages'
import type { Site } from '../lib/site'
import { writeWhy } from '../lib/why'
import { useDrawnSavings } from '../state/use-savings'

/** The meter on somebody else's page, in all of its states. */
export function Meter({ site, provider }: { readonly site: Site; readonly provider: Provider }) {
  // Whoever signs in elsewhere and comes back is recognised.
  const session = toAnswer(
    useGetSessionQuery(undefined, { refetchOnFocus: true, refetchOnReconnect: true }),
  )
  return (
    <Destination value={{ site, provider }}>
      <PageLinks value={OutwardLink}>
        {session.state !== 'ready' ? (
          <EconomyWidget answer={session} timeZone="UTC" isAlone />
        ) : session.data === null ? (
          <SignInFirst site={site} />
        ) : (
          <>
            {session.data.account.sampleData && <SampleDataBand />}
            <Figures provider={provider} timeZone={session.data.account.timezone} />
          </>
        )}
      </PageLinks>
    </Destination>
  )
}

function Figures({
  provider,
  timeZone,
}: {
  readonly provider: Provider
  readonly timeZone: string
}) {
  return <EconomyWidget answer={useDrawnSavings(provider)} timeZone={timeZone} isAlone />
}

const Destination = createContext<{ readonly site: Site; readonly provider: Provider } | null>(null)

/** A link from a page of somebody else to the screen. */
function OutwardLink({ className, children, ...where }: PageLinkProps) {
  const destination = useContext(Destination)
  if (destination === null) return children
  const { site, provider } = destination
  const path =
    'about' in where ? writeWhy('', { provider, ...where.about }) : where.to.replace(/^\//, '')
  return (
    <a href={new URL(path, site).href} className={className}>
      {children}
    </a>
  )
}

function SignInFirst({ site }: { readonly site: Site }) {
  const address = new URL('login', site)
  address.searchParams.set('back', location.pathname + location.search)
  return (
    <div
      role="group"
      aria-label={messages.widget.title}
      className="flex flex-col items-start gap-3 rounded-xl border border-line bg-surface p-4 shadow-card"
    >
      <p className="text-sm text-ink-soft">{messages.widget.signInFirst}</p>
      <a
        href={address.href}
        className="inline-flex min-h-9 items-center rounded-lg bg-action px-3.5 text-sm font-medium text-action-ink hover:opacity-90"
      >
        {messages.login.title}
      </a>
    </div>
  )
}

function SampleDataBand() {
  return (
    <p className="mb-2 flex flex-wrap gap-x-2 rounded-lg bg-action px-3 py-1.5 text-caption text-action-ink">
      <strong className="font-semibold">{messages.shell.sampleData}</strong>
      <span className="opacity-80">{messages.shell.sampleDataDetail}</span>
    </p>
  )
}

/** What stands where the page asks for a comparison that there is not. */
export function UnknownProvider({ name }: { readonly name: string }) {
  return (
    <div
      role="group"
      aria-label={messages.widget.title}
      className="rounded-xl border border-line bg-surface p-4 shadow-card"
    >
      <p className="font-medium">{messages.problem.firstLoad}</p>
      <p className="mt-1 text-sm text-ink-soft">{messages.widget.unknownProvider(name)}</p>
    </div>
  )
}
