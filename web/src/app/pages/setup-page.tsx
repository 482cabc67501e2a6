import { Navigate } from 'react-router'
import { toAnswer } from '../../api/answer'
import { useGetSessionQuery } from '../../api/economy-api'
import { FirstLoadFailure } from '../../components/failure'
import { Skeleton } from '../../components/skeleton'
import { useGetSetupQuery } from '../../features/first-run/first-run-api'
import { OwnerForm } from '../../features/first-run/owner-form'
import { WaysToBegin } from '../../features/first-run/ways-to-begin'
import { messages } from '../../lib/messages'
import { AppShell } from '../app-shell'
import { PlainPage } from '../plain-page'

const text = messages.setup

/** `/setup`: create the owner, then choose a way to begin. */
export function SetupPage() {
  const session = toAnswer(useGetSessionQuery())
  const setup = toAnswer(useGetSetupQuery())

  if (session.state === 'ready' && session.data !== null) {
    return (
      <AppShell session={session.data}>
        <title>{messages.pageTitle(messages.begin.title)}</title>
        <div className="mx-auto max-w-3xl">
          <WaysToBegin session={session.data} />
        </div>
      </AppShell>
    )
  }
  if (setup.state === 'failed') {
    return (
      <PlainPage title={text.title}>
        <FirstLoadFailure problem={setup.problem} retry={setup.retry} />
      </PlainPage>
    )
  }
  if (setup.state === 'loading' || session.state === 'loading') {
    return (
      <PlainPage title={text.title}>
        <Skeleton className="h-72 w-full" />
      </PlainPage>
    )
  }
  if (!setup.data.needsOwner) return <Navigate to="/login" replace />
  return (
    <PlainPage title={text.title} detail={text.detail}>
      <OwnerForm codeRequired={setup.data.codeRequired} />
    </PlainPage>
  )
}
