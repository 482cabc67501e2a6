import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { MemoryRouter } from 'react-router'
import { ScreenLink } from '../app/screen-link'
import { PageLinks } from '../components/page-link'
import { keptTheme, showTheme } from '../lib/theme'
import '../styles.css'
import { Gallery } from './gallery'

showTheme(keptTheme())

const root = document.getElementById('root')
if (root === null) throw new Error('The page has no root element.')

createRoot(root).render(
  <StrictMode>
    <MemoryRouter>
      <PageLinks value={ScreenLink}>
        <Gallery />
      </PageLinks>
    </MemoryRouter>
  </StrictMode>,
)
