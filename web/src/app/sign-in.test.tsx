import { screen, waitFor, within } from '@testing-library/react'
import { http, HttpResponse } from 'msw/http'
import { describe, expect, it, vi } from 'vitest'
import { economyApi } from '../api/economy-api'
import { session } from '../test/answers'
import { renderApp } from '../test/render-app'
import { api, problem, server } from '../test/server'
import { localPath } from './local-path'

const signedOut = () => problem(401, 'unauthenticated', 'Sign in first.')

const nobodyIsIn = () => {
  server.use(http.get(api('auth/me'), signedOut))
}

/** Answer logins: one pair is right, and from then on somebody is in. */
function acceptLogin() {
  server.use(
    http.post(api('auth/login'), async ({ request }) => {
      const { email, password } = (await request.json()) as Record<string, string>
      if (email !== 'owner@example.test' || password !== 'correct horse') {
        return problem(401, 'bad_credentials', 'The credentials are wrong.')
      }
      server.use(http.get(api('auth/me'), () => HttpResponse.json(session())))
      return HttpResponse.json({ success: true, token: 'never-kept', ...session() })
    }),
  )
}

async function signIn(user: ReturnType<typeof renderApp>['user'], password: string) {
  await user.type(await screen.findByLabelText('E-mail'), 'owner@example.test')
  await user.type(screen.getByLabelText('Password'), password)
  await user.click(screen.getByRole('button', { name: 'Sign in' }))
}

const address = () => screen.getByLabelText('address').textContent

describe('signing in', () => {
  it('is asked of a stranger, and leads to the page that was wanted', async () => {
    nobodyIsIn()
    acceptLogin()
    const { user, store } = renderApp('/savings')
    await screen.findByRole('heading', { name: 'Sign in' })
    expect(address()).toBe('/login?next=%2Fsavings')

    await signIn(user, 'correct horse')

    expect(await screen.findByRole('heading', { name: 'Savings' })).toBeVisible()
    expect(address()).toBe('/savings')
    expect(JSON.stringify(store.getState())).not.toContain('never-kept')
    expect(JSON.stringify(Object.entries(localStorage))).not.toContain('never-kept')
  })

  it('is refused without a hint whether the person exists', async () => {
    nobodyIsIn()
    acceptLogin()
    const { user } = renderApp('/login')

    await signIn(user, 'wrong')

    expect(await screen.findByRole('alert')).toHaveTextContent('E-mail or password is wrong.')
    expect(screen.getByLabelText('Password')).toHaveValue('')
  })

  it('says when there were too many attempts', async () => {
    nobodyIsIn()
    server.use(http.post(api('auth/login'), () => problem(429, 'too_many_requests', 'Slow down.')))
    const { user } = renderApp('/login')

    await signIn(user, 'wrong')

    expect(await screen.findByRole('alert')).toHaveTextContent(/^Too many attempts/)
  })

  it('is asked again when the session ends, and leads back', async () => {
    acceptLogin()
    const { user, store } = renderApp('/savings')
    await screen.findAllByText('66.7% less')

    nobodyIsIn()
    server.use(http.get(api('economy/savings/history'), signedOut))
    await user.click(screen.getByRole('button', { name: '7 d' }))

    expect(await screen.findByRole('heading', { name: 'Sign in' })).toBeVisible()
    expect(address()).toBe('/login?next=%2Fsavings')
    expect(store.getState().economy.polling.isPolling).toBe(false)
  })

  it('ends with signing out', async () => {
    let csrf: string | null = null
    server.use(
      http.post(api('auth/logout'), ({ request }) => {
        csrf = request.headers.get('X-CSRF-Token')
        nobodyIsIn()
        return new HttpResponse(null, { status: 204 })
      }),
    )
    const { user } = renderApp('/')

    await user.click(await screen.findByRole('button', { name: 'Sign out' }))

    expect(await screen.findByRole('heading', { name: 'Sign in' })).toBeVisible()
    expect(csrf).toBe('csrf-1')
  })

  it('takes everything off the screen in the very task in which it is known', async () => {
    const { store } = renderApp('/savings')
    await screen.findByRole('button', { name: 'Sign out' })
    await screen.findAllByText('66.7% less')
    nobodyIsIn()

    // Outside of what waits for everything to be drawn, as a browser is.
    vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', false)
    store.dispatch(economyApi.util.updateQueryData('getSession', undefined, () => null))
    // What is drawn in slices needs a task; these are none.
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve()

    expect(screen.queryByText('66.7% less')).toBeNull()
    vi.unstubAllGlobals()
    expect(await screen.findByRole('heading', { name: 'Sign in' })).toBeVisible()
  })
})

describe('the page after the login', () => {
  it.each([
    ['/savings?x=1', '/savings?x=1'],
    [null, '/'],
    ['https://elsewhere.example', '/'],
    ['//elsewhere.example', '/'],
    ['/\\elsewhere.example', '/'],
    ['javascript:alert(1)', '/'],
    ['savings', '/'],
  ])('for %j is %s', (next, expected) => {
    expect(localPath(next)).toBe(expected)
  })
})

describe('the first run', () => {
  const emptyInstallation = () => {
    nobodyIsIn()
    server.use(
      http.get(api('setup'), () => HttpResponse.json({ needs_owner: true, code_required: true })),
    )
  }

  it('creates the owner, then shows how to begin', async () => {
    emptyInstallation()
    let sent: unknown
    server.use(
      http.post(api('setup'), async ({ request }) => {
        sent = await request.json()
        return HttpResponse.json({ success: true, token: 't', ...session() }, { status: 201 })
      }),
    )
    const { user } = renderApp('/')

    await user.type(await screen.findByLabelText('One-time code'), '123456')
    await user.type(screen.getByLabelText('E-mail'), 'owner@example.test')
    await user.type(screen.getByLabelText('Password'), 'correct horse battery')
    await user.click(screen.getByRole('button', { name: 'Create owner' }))

    expect(await screen.findByRole('heading', { name: 'Ways to begin' })).toBeVisible()
    expect(sent).toEqual({
      email: 'owner@example.test',
      password: 'correct horse battery',
      code: '123456',
    })
  })

  it('says which field was refused, and why', async () => {
    emptyInstallation()
    server.use(
      http.post(api('setup'), () =>
        HttpResponse.json(
          {
            type: 'about:blank',
            title: 'Unprocessable',
            status: 422,
            detail: 'The code is wrong.',
            code: 'invalid',
            request_id: 'r',
            errors: [
              { pointer: '/code', code: 'wrong', message: 'This is not the code.', parameters: {} },
            ],
          },
          { status: 422 },
        ),
      ),
    )
    const { user } = renderApp('/setup')

    await user.type(await screen.findByLabelText('One-time code'), '1')
    await user.type(screen.getByLabelText('E-mail'), 'owner@example.test')
    await user.type(screen.getByLabelText('Password'), 'correct horse battery')
    await user.click(screen.getByRole('button', { name: 'Create owner' }))

    expect(await screen.findByText('This is not the code.')).toBeVisible()
    expect(screen.getByLabelText('One-time code')).toBeInvalid()
  })

  it('makes a fresh token for a first event, on a click', async () => {
    server.use(
      http.post(api('tokens'), async ({ request }) => {
        expect(request.headers.get('X-CSRF-Token')).toBe('csrf-1')
        expect(await request.json()).toEqual({ name: 'First events', scopes: ['ingest'] })
        return HttpResponse.json(
          { id: 1, name: 'First events', token: 'fresh-token', scopes: ['ingest'] },
          { status: 201 },
        )
      }),
    )
    const { user } = renderApp('/setup')
    const push = await screen.findByRole('region', { name: 'Push an event' })

    await user.click(within(push).getByRole('button', { name: 'Make a token' }))

    const command = await within(push).findByRole('region', {
      name: 'Command that pushes a first event',
    })
    expect(command).toHaveTextContent('Authorization: Bearer fresh-token')
    expect(command).toHaveTextContent('"rate":"0.74"')
    expect(screen.getByText(`economy events import FILE --account 'Atelier'`)).toBeVisible()
    await user.click(within(push).getByRole('button', { name: 'Copy' }))
    await waitFor(async () => {
      expect(await navigator.clipboard.readText()).toBe(command.textContent)
    })
  })
})

describe('an unknown address', () => {
  it('says so and leads home', async () => {
    renderApp('/nowhere')

    expect(await screen.findByRole('heading', { name: 'Page not found' })).toBeVisible()
    expect(screen.getByRole('link', { name: 'Go to the dashboard' })).toHaveAttribute('href', '/')
  })
})
