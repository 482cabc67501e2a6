import { Navigate, Outlet, useLocation } from 'react-router'
import { toAnswer } from '../api/answer'
import { useGetSessionQuery } from '../api/economy-api'
import { FirstLoadFailure } from '../components/failure'
import { useDeferredAnswer } from '../state/use-answer'
import { AppShell } from './app-shell'

/** Lets signed-in people in, and leads everyone else to the login and back. */
export function RequireSession() {
  const location = useLocation()
  const query = useGetSessionQuery()
  const known = toAnswer(query)
  const drawn = useDeferredAnswer(query)
  // The page of who is signed in can wait a few frames; that somebody is no longer cannot.
  const answer = known.state === 'ready' && known.data !== null ? drawn : known
  if (answer.state === 'loading') return <AppShell session={null} />
  if (answer.state === 'failed') {
    return (
      <main className="mx-auto max-w-md p-6">
        <FirstLoadFailure problem={answer.problem} retry={answer.retry} />
      </main>
    )
  }
  if (answer.data === null) {
    const next = encodeURIComponent(location.pathname + location.search)
    return <Navigate to={`/login?next=${next}`} replace />
  }
  return (
    <AppShell session={answer.data}>
      <Outlet />
    </AppShell>
  )
}
