import { Route, Routes } from 'react-router'
import { PageLinks } from '../components/page-link'
import { LatePage } from './late-page'
import { loadInstancePage, loadPricesPage, loadSettingsPage } from './late-parts'
import { DashboardPage } from './pages/dashboard-page'
import { LoginPage } from './pages/login-page'
import { NotFoundPage } from './pages/not-found-page'
import { SavingsPage } from './pages/savings-page'
import { SetupPage } from './pages/setup-page'
import { RequireSession } from './require-session'
import { ScreenLink } from './screen-link'

/** Every address of the screen. */
export function AppRoutes() {
  return (
    <PageLinks value={ScreenLink}>
      <Routes>
        <Route path="/login" element={<LoginPage />} />
        <Route path="/setup" element={<SetupPage />} />
        <Route element={<RequireSession />}>
          <Route path="/" element={<DashboardPage />} />
          <Route path="/savings" element={<SavingsPage />} />
          <Route
            path="/instances/*"
            element={<LatePage key="instance" load={loadInstancePage} />}
          />
          <Route path="/prices" element={<LatePage key="prices" load={loadPricesPage} />} />
          <Route path="/settings" element={<LatePage key="settings" load={loadSettingsPage} />} />
        </Route>
        <Route path="*" element={<NotFoundPage />} />
      </Routes>
    </PageLinks>
  )
}
