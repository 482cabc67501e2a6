import { useGetSessionQuery } from '../../api/economy-api'
import { DisplaySettings } from '../../features/settings/display-settings'
import { PolicyForm } from '../../features/settings/policy-form'
import { Tokens } from '../../features/settings/tokens'
import { messages } from '../../lib/messages'
import { PageHead } from '../page-head'

/** `/settings`: how the account compares, how the screen looks, and the machines' tokens. */
export default function SettingsPage() {
  const { data: session } = useGetSessionQuery()
  // The page is inside of what a session is asked for; it is only gone while that ends.
  if (session == null) return null
  const { account, csrfToken } = session
  return (
    <>
      <PageHead title={messages.settings.title} />
      <div className="space-y-4">
        <PolicyForm csrfToken={csrfToken} timeZone={account.timezone} />
        <DisplaySettings account={account} csrfToken={csrfToken} />
        <Tokens csrfToken={csrfToken} timeZone={account.timezone} />
      </div>
    </>
  )
}
