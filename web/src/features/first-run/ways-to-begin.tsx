import { type ReactNode, useState } from 'react'
import { Link, useHref } from 'react-router'
import { toProblem } from '../../api/problem'
import type { Session } from '../../api/session'
import { Button } from '../../components/button'
import { messages } from '../../lib/messages'
import { useCreateTokenMutation } from './first-run-api'

const text = messages.begin

/** Write the command that starts one RTX 4090, at an instant of the reader's clock. */
export function pushCommand(site: string, token: string, now: Date): string {
  const event = {
    id: `first-${now.getTime()}`,
    source: 'curl',
    type: 'start',
    instance: 'my-first-gpu',
    time: now.toISOString(),
    provider: 'vastai',
    gpu: 'RTX 4090',
    gpu_count: 1,
    rate: '0.74',
  }
  return [
    `curl ${site}api/v1/usage/events \\`,
    `  -H 'Authorization: Bearer ${token}' \\`,
    `  -H 'Content-Type: application/json' \\`,
    `  -d '${JSON.stringify({ events: [event] })}'`,
  ].join('\n')
}

/** How usage gets into the meter: push it, import it, or look at the demo. */
export function WaysToBegin({ session }: { readonly session: Session }) {
  return (
    <div>
      <h1 className="text-2xl font-semibold tracking-tight">{text.title}</h1>
      <p className="mt-1 text-ink-soft">{text.detail}</p>
      <div className="mt-6 space-y-4">
        <Way title={text.push} detail={text.pushDetail}>
          <PushAnEvent csrfToken={session.csrfToken} />
        </Way>
        <Way title={text.importFile} detail={text.importDetail}>
          <Command
            label={text.importCommand}
            command={`economy events import FILE --account '${session.account.name.replaceAll("'", `'\\''`)}'`}
          />
        </Way>
        <Way title={text.demo} detail={text.demoDetail}>
          <Command label={text.demoCommand} command="economy demo" />
        </Way>
      </div>
      <p className="mt-6">
        <Link to="/" className="font-medium underline underline-offset-4">
          {text.toDashboard}
        </Link>
      </p>
    </div>
  )
}

interface WayProps {
  readonly title: string
  readonly detail: string
  readonly children: ReactNode
}

function Way({ title, detail, children }: WayProps) {
  return (
    <section
      aria-label={title}
      className="card rounded-xl border border-line bg-surface p-4 shadow-card sm:p-5"
    >
      <h2 className="text-title font-semibold">{title}</h2>
      <p className="mt-0.5 text-sm text-ink-soft">{detail}</p>
      <div className="mt-3">{children}</div>
    </section>
  )
}

function PushAnEvent({ csrfToken }: { readonly csrfToken: string }) {
  const [createToken, { isLoading, error }] = useCreateTokenMutation()
  const [command, setCommand] = useState<string | null>(null)
  const site = new URL(useHref('/'), location.origin).href

  const makeToken = async () => {
    const { data: token } = await createToken({ csrfToken, name: text.tokenName })
    if (token !== undefined) setCommand(pushCommand(site, token, new Date()))
  }

  if (command !== null) {
    return (
      <>
        <Command label={text.curl} command={command} />
        <p className="mt-2 text-caption text-ink-faint">{text.tokenOnce}</p>
      </>
    )
  }
  return (
    <>
      <Button
        look="primary"
        isBusy={isLoading}
        onClick={() => {
          void makeToken()
        }}
      >
        {isLoading ? text.makingToken : text.makeToken}
      </Button>
      {error !== undefined && (
        <p role="alert" className="mt-2 text-sm text-loss">
          {toProblem(error).detail}
        </p>
      )}
    </>
  )
}

function Command({ label, command }: { readonly label: string; readonly command: string }) {
  const [isCopied, setCopied] = useState(false)

  const copy = async () => {
    await navigator.clipboard.writeText(command)
    setCopied(true)
  }

  return (
    <div className="flex flex-wrap items-start gap-2">
      <pre
        role="region"
        aria-label={label}
        tabIndex={0}
        className="max-w-full min-w-0 flex-1 basis-64 overflow-x-auto rounded-lg bg-sunken px-3 py-2.5 font-mono text-caption leading-5"
      >
        {command}
      </pre>
      <Button
        onClick={() => {
          void copy()
        }}
      >
        {isCopied ? text.copied : text.copy}
      </Button>
    </div>
  )
}
