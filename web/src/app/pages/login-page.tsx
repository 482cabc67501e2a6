import { useEffect } from 'react'
import { Navigate, useSearchParams } from 'react-router'
import { useGetSessionQuery } from '../../api/economy-api'
import { LoginForm } from '../../features/auth/login-form'
import { useGetSetupQuery } from '../../features/first-run/first-run-api'
import { messages } from '../../lib/messages'
import { localPath } from '../local-path'
import { PlainPage } from '../plain-page'

/** `/login`: sign in, and go on to the page that was asked for, of the screen or of this origin. */
export function LoginPage() {
  const [parameters] = useSearchParams()
  const { data: session, refetch } = useGetSessionQuery()
  const { data: setup } = useGetSetupQuery()

  if (setup?.needsOwner === true) return <Navigate to="/setup" replace />
  if (session != null) {
    const back = parameters.get('back')
    if (back !== null) return <LeaveFor path={localPath(back)} />
    return <Navigate to={localPath(parameters.get('next'))} replace />
  }
  return (
    <PlainPage title={messages.login.title}>
      <LoginForm onSignedIn={() => void refetch()} />
    </PlainPage>
  )
}

/** Goes on to a page of this origin that the screen may not be part of. */
function LeaveFor({ path }: { readonly path: string }) {
  useEffect(() => {
    location.replace(path)
  }, [path])
  return null
}
