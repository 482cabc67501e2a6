import { StrictMode, startTransition } from 'react'
import { createRoot } from 'react-dom/client'
import { Provider } from 'react-redux'
import { BrowserRouter } from 'react-router'
import { ErrorScreen } from './app/error-screen'
import { AppRoutes } from './app/routes'
import { makeStore } from './app/store'
import { loadFormatsAfterPaint } from './lib/formatters'
import { language } from './lib/language'
import { siteOf } from './lib/site'
import { keptTheme, showTheme } from './lib/theme'
import './styles.css'

document.documentElement.lang = language
showTheme(keptTheme())

const root = document.getElementById('root')
if (root === null) throw new Error('The page has no root element.')

const site = siteOf(import.meta.url)

const store = makeStore(site)
const screen = createRoot(root)
// In slices: the first drawing is the longest, on a machine that is still busy with the page.
startTransition(() => {
  screen.render(
    <StrictMode>
      <ErrorScreen>
        <Provider store={store}>
          <BrowserRouter basename={site.pathname}>
            <AppRoutes />
          </BrowserRouter>
        </Provider>
      </ErrorScreen>
    </StrictMode>,
  )
})

loadFormatsAfterPaint()
