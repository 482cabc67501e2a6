import { lazy } from 'react'
import { Route, Routes } from 'react-router'
import { PageLinks } from '../components/page-link'
import { DashboardPage } from './pages/dashboard-page'
import { LoginPage } from './pages/login-page'
import { NotFoundPage } from './pages/not-found-page'
import { SavingsPage } from './pages/savings-page'
import { SetupPage } from './pages/setup-page'
import { RequireSession } from './require-session'
import { ScreenLink } from './screen-link'

// The pages that are not looked at first are loaded when they are.
const InstancePage = lazy(() => import('./pages/instance-page'))
const PricesPage = lazy(() => import('./pages/prices-page'))
const SettingsPage = lazy(() => import('./pages/settings-page'))

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
          <Route path="/instances/*" element={<InstancePage />} />
          <Route path="/prices" element={<PricesPage />} />
          <Route path="/settings" element={<SettingsPage />} />
        </Route>
        <Route path="*" element={<NotFoundPage />} />
      </Routes>
    </PageLinks>
  )
}
