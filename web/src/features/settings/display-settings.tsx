import { useState } from 'react'
import type { Account } from '../../api/session'
import { Card } from '../../components/card'
import { LanguageToggle } from '../../components/language-toggle'
import { Segmented } from '../../components/segmented'
import { Toast } from '../../components/toast'
import { messages } from '../../lib/messages'
import { chooseTheme, keptTheme, THEMES } from '../../lib/theme'
import { usePassing } from '../../state/use-passing'
import { TimeZoneForm } from './time-zone-form'

const text = messages.settings

interface DisplaySettingsProps {
  readonly account: Account
  readonly csrfToken: string
}

/** How the screen looks in this browser, and what the account decides about it. */
export function DisplaySettings({ account, csrfToken }: DisplaySettingsProps) {
  const [theme, setTheme] = useState(keptTheme)
  const [notice, tell] = usePassing()
  return (
    <Card title={text.display}>
      <dl className="grid grid-cols-1 gap-5 px-4 pb-5 sm:grid-cols-2 sm:px-5">
        <div>
          <dt className="mb-1.5 text-sm font-medium">{text.theme}</dt>
          <dd>
            <Segmented
              label={text.theme}
              value={theme}
              onChange={(chosen) => {
                chooseTheme(chosen)
                setTheme(chosen)
              }}
              options={THEMES.map((value) => ({ value, label: text.themes[value] }))}
            />
          </dd>
        </div>
        <div>
          <dt className="mb-1.5 text-sm font-medium">{messages.shell.language}</dt>
          <dd>
            <LanguageToggle />
          </dd>
        </div>
        <div>
          <dt className="text-sm font-medium">{text.currency}</dt>
          <dd className="text-sm">{account.currency}</dd>
        </div>
      </dl>
      <div className="px-4 pb-5 sm:px-5">
        {/* Another zone that is in force is another form: what was typed was about the one before. */}
        <TimeZoneForm
          key={account.timezone}
          timeZone={account.timezone}
          csrfToken={csrfToken}
          tell={tell}
        />
      </div>
      <Toast message={notice} />
    </Card>
  )
}
