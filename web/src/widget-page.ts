import { language } from './lib/language'
import { messages } from './lib/messages'
import { keptTheme, showTheme } from './lib/theme'
import './economy-widget'
import './widget-page.css'

document.documentElement.lang = language
document.title = messages.pageTitle(messages.widget.title)
for (const heading of document.querySelectorAll('h1')) heading.textContent = messages.widget.title
showTheme(keptTheme())
