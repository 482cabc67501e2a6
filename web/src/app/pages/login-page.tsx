import { Navigate, useSearchParams } from 'react-router'
import { useGetSessionQuery } from '../../api/economy-api'
import { LoginForm } from '../../features/auth/login-form'
import { useGetSetupQuery } from '../../features/first-run/first-run-api'
import { messages } from '../../lib/messages'
import { localPath } from '../local-path'
import { PlainPage } from '../plain-page'

/** `/login`: sign in, and go on to the page that was asked for. */
export function LoginPage() {
  const [parameters] = useSearchParams()
  const { data: session, refetch } = useGetSessionQuery()
  const { data: setup } = useGetSetupQuery()

  if (setup?.needsOwner === true) return <Navigate to="/setup" replace />
  if (session != null) return <Navigate to={localPath(parameters.get('next'))} replace />
  return (
    <PlainPage title={messages.login.title}>
      <LoginForm onSignedIn={() => void refetch()} />
    </PlainPage>
  )
}
