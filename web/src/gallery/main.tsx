import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Provider } from 'react-redux'
import { MemoryRouter } from 'react-router'
import { ScreenLink } from '../app/screen-link'
import { makeStore } from '../app/store'
import { PageLinks } from '../components/page-link'
import { keptTheme, showTheme } from '../lib/theme'
import '../styles.css'
import { Gallery } from './gallery'

showTheme(keptTheme())

const root = document.getElementById('root')
if (root === null) throw new Error('The page has no root element.')

createRoot(root).render(
  <StrictMode>
    <Provider store={makeStore()}>
      <MemoryRouter>
        <PageLinks value={ScreenLink}>
          <Gallery />
        </PageLinks>
      </MemoryRouter>
    </Provider>
  </StrictMode>,
)
