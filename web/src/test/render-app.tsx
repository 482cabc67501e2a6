import { render } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { Provider } from 'react-redux'
import { MemoryRouter, useLocation } from 'react-router'
import { AppRoutes } from '../app/routes'
import { makeStore } from '../app/store'

function Address() {
  const { pathname, search } = useLocation()
  return <output aria-label="address">{pathname + search}</output>
}

/** Open the app at an address, with a store of its own. */
export function renderApp(address: string) {
  const store = makeStore()
  const view = render(
    <Provider store={store}>
      <MemoryRouter initialEntries={[address]}>
        <AppRoutes />
        <Address />
      </MemoryRouter>
    </Provider>,
  )
  return { store, view, user: userEvent.setup() }
}

/** Find a figure by its name; figures that tick have no role. */
export function figure(name: string): HTMLElement {
  const found = document.querySelector<HTMLElement>(`[data-figure="${name}"]`)
  if (found === null) throw new Error(`No figure is named ${name}.`)
  return found
}
