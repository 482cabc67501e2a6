import { chooseLanguage, language, LANGUAGES } from '../lib/language'
import { messages } from '../lib/messages'
import { Segmented } from './segmented'

/** Chooses the language of the screen, for this browser. */
export function LanguageToggle() {
  return (
    <Segmented
      label={messages.shell.language}
      value={language}
      onChange={chooseLanguage}
      options={LANGUAGES.map((value) => ({ value, label: messages.settings.languages[value] }))}
    />
  )
}
