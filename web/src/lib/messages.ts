import { type Language, language, writeIn } from './language'
import { english } from './messages/en'
import { portuguese } from './messages/pt-br'

const SENTENCES = { en: english, 'pt-BR': portuguese }

/** Every sentence of the screen, in the language of its reader. */
export let messages = SENTENCES[language]

/** Speak and write another language from now on; what is shown already has to be shown anew. */
export function speak(chosen: Language): void {
  writeIn(chosen)
  messages = SENTENCES[chosen]
}
