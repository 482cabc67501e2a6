import { language } from './language'
import { english } from './messages/en'
import { portuguese } from './messages/pt-br'

/** Every sentence of the screen, in the language of its reader. */
export const messages = language === 'pt-BR' ? portuguese : english
