import { Route, Routes } from 'react-router'
import { DashboardPage } from './pages/dashboard-page'
import { LoginPage } from './pages/login-page'
import { NotFoundPage } from './pages/not-found-page'
import { SavingsPage } from './pages/savings-page'
import { SetupPage } from './pages/setup-page'
import { RequireSession } from './require-session'

/** Every address of the screen. */
export function AppRoutes() {
  return (
    <Routes>
      <Route path="/login" element={<LoginPage />} />
      <Route path="/setup" element={<SetupPage />} />
      <Route element={<RequireSession />}>
        <Route path="/" element={<DashboardPage />} />
        <Route path="/savings" element={<SavingsPage />} />
      </Route>
      <Route path="*" element={<NotFoundPage />} />
    </Routes>
  )
}
