import { type BoundFunctions, type queries, waitFor, within } from '@testing-library/dom'
import { delay } from 'msw/utils/delay'
import { http, HttpResponse } from 'msw/http'
import { describe, expect, it, vi } from 'vitest'
import '../economy-widget'
import {
  coverage,
  firstUseSavings,
  idleSavings,
  losingSavings,
  savings,
  session,
} from '../test/answers'
import { api, problem, server } from '../test/server'

/** Under this path of the page's origin the tests' API lies. */
const BASE = '/'

interface Placed {
  readonly element: HTMLElement
  /** Everything that the element shows. */
  readonly shown: HTMLElement
  readonly find: BoundFunctions<typeof queries>
}

/** Put an element on the page. */
function place(attributes: Record<string, string> = {}, into: HTMLElement = document.body): Placed {
  const element = document.createElement('economy-widget')
  for (const [name, value] of Object.entries({ base: BASE, ...attributes })) {
    element.setAttribute(name, value)
  }
  into.append(element)
  const shown = element.shadowRoot?.firstElementChild
  if (!(shown instanceof HTMLElement)) throw new Error('The element has drawn no frame.')
  return { element, shown, find: within(shown) }
}

function figure({ shown }: Placed, name: string): HTMLElement {
  const found = shown.querySelector<HTMLElement>(`[data-figure="${name}"]`)
  if (found === null) throw new Error(`No figure is named ${name}.`)
  return found
}

const answerSavings = (answer: Record<string, unknown>) => {
  server.use(http.get(api('economy/savings'), () => HttpResponse.json(answer)))
}

const nobodyIsIn = () => {
  server.use(http.get(api('auth/me'), () => HttpResponse.json({ authenticated: false })))
}

/** Note every question that the API is asked. */
function noted(): string[] {
  const asked: string[] = []
  server.events.on('request:start', ({ request }) => {
    asked.push(request.url.slice(api('').length))
  })
  return asked
}

describe('the element', () => {
  it('shows the meter, and leads from there into the screen', async () => {
    const meter = place()

    expect(await meter.find.findByText('3 instances active')).toBeVisible()
    expect(figure(meter, 'lifetime-saving')).toHaveTextContent('$100.25')
    expect(figure(meter, 'session-saving').textContent).toMatch(/^\$1\.50\d\d$/)
    expect(meter.find.getByRole('link', { name: 'All savings' })).toHaveAttribute(
      'href',
      `${location.origin}/savings`,
    )
    expect(figure(meter, 'lifetime-saving').closest('a')).toHaveAttribute(
      'href',
      `${location.origin}/?why=usage&why.against=AWS`,
    )
  })

  it('asks the API under the path that the page names', async () => {
    const asked: string[] = []
    server.use(
      http.get(`${location.origin}/economy/api/v1/*`, ({ request }) => {
        asked.push(new URL(request.url).pathname)
        return HttpResponse.json(request.url.includes('auth/me') ? session() : savings())
      }),
    )

    const meter = place({ base: '/economy' })

    expect(await meter.find.findByText('3 instances active')).toBeVisible()
    expect(new Set(asked)).toEqual(
      new Set([
        '/economy/api/v1/auth/me',
        '/economy/api/v1/economy/savings',
        '/economy/api/v1/economy/stream',
      ]),
    )
    expect(meter.find.getByRole('link', { name: 'All savings' })).toHaveAttribute(
      'href',
      `${location.origin}/economy/savings`,
    )
  })

  it('ticks in silence, beside a calm summary', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true })
    const meter = place()
    await meter.find.findByText('3 instances active')
    const before = Number(figure(meter, 'session-saving').textContent.slice(1))

    await vi.advanceTimersByTimeAsync(3_000)

    const grown = Number(figure(meter, 'session-saving').textContent.slice(1)) - before
    expect(grown).toBeGreaterThan(0.002)
    expect(grown).toBeLessThan(0.005)
    expect(figure(meter, 'session-saving')).toHaveAttribute('aria-live', 'off')
    expect(
      meter.find.getByText(
        '$1.50 saved in the running sessions, $100.25 saved in all time, against AWS.',
      ),
    ).toHaveAttribute('role', 'status')
    vi.useRealTimers()
  })

  it('compares with the provider that it names, and with another when that is changed', async () => {
    const meter = place({ provider: 'gcp' })
    expect(await meter.find.findByText(/^vs GCP/)).toBeVisible()

    meter.element.setAttribute('provider', 'Azure')

    expect(await meter.find.findByText(/^vs Azure/)).toBeVisible()
    expect(meter.find.queryByText(/^vs GCP/)).toBeNull()
  })

  it('compares with the provider that was chosen in the screen, where it names none', async () => {
    localStorage.setItem('dumont-economy.provider', 'GCP')

    const meter = place()

    expect(await meter.find.findByText(/^vs GCP/)).toBeVisible()
  })

  it('refuses a provider that there is not, and shows no figure of another', async () => {
    const meter = place({ provider: 'Oracle' })

    expect(
      await meter.find.findByText('Unknown provider: Oracle. Use AWS, GCP or Azure.'),
    ).toBeVisible()
    expect(meter.find.queryByText(/\$/)).toBeNull()
  })

  it.each([
    ['light', 'light'],
    ['dark', 'dark'],
    ['system', 'system'],
    ['sepia', undefined],
  ])('asked for the theme %j shows %j; undefined is that of the page', (theme, shown) => {
    const meter = place()
    expect(meter.shown.dataset['theme']).toBeUndefined()

    meter.element.setAttribute('theme', theme)

    expect(meter.shown.dataset['theme']).toBe(shown)
  })
})

describe('its language', () => {
  it('is that of the page around it, or its own, down to the last sentence', async () => {
    document.documentElement.lang = 'pt-BR'
    const meter = place()
    await meter.find.findByText('3 instâncias ativas')
    const inPortuguese = meter.shown.textContent.replaceAll(/\d/g, '0')
    expect(meter.shown).toHaveAttribute('lang', 'pt-BR')

    meter.element.lang = 'en'
    await meter.find.findByText('3 instances active')
    const inEnglish = meter.shown.textContent.replaceAll(/\d/g, '0')
    expect(figure(meter, 'lifetime-saving')).toHaveTextContent('$100.25')
    meter.element.lang = 'pt-PT'
    await meter.find.findByText('3 instâncias ativas')

    // Whatever was read before the language was another would still stand there.
    expect(meter.shown.textContent.replaceAll(/\d/g, '0')).toBe(inPortuguese)
    for (const sentence of ['Saved', 'vs AWS on-demand', 'why?', 'Grade', 'oldest price']) {
      expect(inEnglish).toContain(sentence)
      expect(inPortuguese).not.toContain(sentence)
    }
  })

  it('is the one that the reader speaks, where the page names none or one that we do not', async () => {
    localStorage.setItem('dumont-economy.language', 'pt-BR')
    expect(await place().find.findByText('3 instâncias ativas')).toBeVisible()

    expect(await place({ lang: 'de' }).find.findByText('3 instâncias ativas')).toBeVisible()
    expect(await place({ lang: 'en-GB' }).find.findByText('3 instances active')).toBeVisible()
  })

  it('is the same for all of a page, also in a reason why there is nothing', async () => {
    server.use(http.get(api('economy/savings'), () => HttpResponse.error()))
    const first = place({ lang: 'en' })
    expect(await first.find.findByText('The server does not answer.')).toBeVisible()

    place({ lang: 'pt-BR', provider: 'GCP' })

    expect(await first.find.findByText('O servidor não responde.')).toBeVisible()
  })
})

describe('its states', () => {
  it('keep the place of the figures while they load', async () => {
    server.use(http.get(api('economy/savings'), () => delay('infinite')))

    const meter = place()

    expect(await meter.find.findByText('Loading')).toBeInTheDocument()
    expect(meter.find.getByText('Running sessions')).toBeVisible()
    expect(meter.find.queryByText(/\$/)).toBeNull()
  })

  it('lead somebody who is not signed in to the login, and back to the page', async () => {
    nobodyIsIn()

    const meter = place()

    const link = await meter.find.findByRole('link', { name: 'Sign in' })
    const here = encodeURIComponent(location.pathname + location.search)
    expect(link).toHaveAttribute('href', `${location.origin}/login?back=${here}`)
    expect(meter.find.queryByText(/\$/)).toBeNull()
  })

  it('lead to the login when the session ends, and come back by themselves', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true })
    const meter = place()
    await meter.find.findByText('3 instances active')
    nobodyIsIn()
    server.use(
      http.get(api('economy/savings'), () => problem(401, 'unauthenticated', 'Sign in first.')),
    )

    await vi.advanceTimersByTimeAsync(31_000)
    expect(await meter.find.findByRole('link', { name: 'Sign in' })).toBeVisible()
    expect(meter.find.queryByText(/\$/)).toBeNull()

    // In another tab somebody signs in, and comes back to this one.
    server.resetHandlers()
    window.dispatchEvent(new Event('focus'))
    expect(await meter.find.findByText('3 instances active')).toBeVisible()
    // Effects that wait for a frame of the fake clock would wait for ever.
    await vi.advanceTimersByTimeAsync(200)
    vi.useRealTimers()
  })

  it('show the reason and a retry at first load, and no figure', async () => {
    server.use(
      http.get(api('economy/savings'), () =>
        problem(503, 'database_unavailable', 'The database cannot be reached.'),
      ),
    )
    const meter = place()
    expect(await meter.find.findByRole('alert')).toHaveTextContent(
      'The database cannot be used now.',
    )
    expect(meter.find.queryByText(/\$/)).toBeNull()

    answerSavings(savings())
    meter.find.getByRole('button', { name: 'Try again' }).click()

    expect(await meter.find.findByText('3 instances active')).toBeVisible()
  })

  it('keep the last figures, say since when, and recover by themselves', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true })
    const meter = place()
    await meter.find.findByText('3 instances active')

    server.use(http.get(api('economy/savings'), () => HttpResponse.error()))
    await vi.advanceTimersByTimeAsync(31_000)
    expect(await meter.find.findByText(/since \d\d:\d\d:\d\d, retrying$/)).toBeVisible()
    expect(figure(meter, 'lifetime-saving').textContent).toMatch(/^\$100\.\d\d/)

    answerSavings(savings())
    await vi.advanceTimersByTimeAsync(11_000)
    await waitFor(() => {
      expect(meter.find.queryByText(/retrying/)).toBeNull()
    })
    vi.useRealTimers()
  })

  it('stand still when nothing runs', async () => {
    answerSavings(idleSavings())

    const meter = place()

    expect(await meter.find.findAllByText('Nothing is running')).toHaveLength(2)
    expect(figure(meter, 'lifetime-saving')).toHaveTextContent('$100.25')
    expect(figure(meter, 'session-saving')).toHaveTextContent('$0.0000')
  })

  it('tell a first-time user what happens next', async () => {
    answerSavings(firstUseSavings())

    const meter = place()

    expect(await meter.find.findByText('Nothing has been reported yet.')).toBeVisible()
    expect(figure(meter, 'month-projection')).toHaveTextContent('–')
    expect(meter.find.getByRole('link', { name: 'Ways to begin' })).toHaveAttribute(
      'href',
      `${location.origin}/setup`,
    )
  })

  it('show a loss with its sign', async () => {
    answerSavings(losingSavings())

    const meter = place()
    await meter.find.findByText('3 instances active')

    expect(figure(meter, 'lifetime-saving')).toHaveTextContent('-$12.50')
    expect(figure(meter, 'lifetime-saving')).toHaveAttribute('data-outcome', 'loss')
    expect(meter.find.getAllByText('costs more here').length).toBeGreaterThan(0)
  })

  it('tell what is left out, which nothing beside it does', async () => {
    answerSavings(
      savings({
        coverage: coverage({
          gpu_time: 0.9,
          grades: { A: 9, B: 0, C: 0, D: 0, N: 1, R: 0 },
          unpriced: [{ gpu_type: 'Foo 9000', gpu_hours: 1 }],
        }),
        notices: [
          {
            code: 'silent_instances',
            message: 'Active, but silent: trainer.',
            parameters: { more: '2' },
            named: [{ instance: 'trainer' }],
          },
        ],
        oldest_price_retrieved_at: '2026-01-10',
      }),
    )

    const meter = place()

    expect(await meter.find.findByText(/Foo 9000 \(1 GPU-h\)/)).toBeVisible()
    expect(
      meter.find.getByText(/^Active, but without a report .*: trainer and 2 more\. /),
    ).toBeVisible()
    expect(meter.find.getByText('(over 180 days old)')).toBeInTheDocument()
  })

  it('are marked where the account is a sample', async () => {
    server.use(
      http.get(api('auth/me'), () =>
        HttpResponse.json(
          session({
            account: {
              id: 'acc-7',
              name: 'Demo',
              currency: 'USD',
              timezone: 'UTC',
              sample_data: true,
            },
          }),
        ),
      ),
    )

    const meter = place()

    expect(await meter.find.findByText('Sample data')).toBeVisible()
  })
})

describe('several on one page', () => {
  it('ask for the same figures once', async () => {
    const asked = noted()

    const meters = [place(), place({ theme: 'dark' }), place({ provider: 'GCP' })]
    for (const meter of meters) await meter.find.findByText('3 instances active')

    expect(asked.filter((path) => path === 'economy/savings?provider=AWS')).toHaveLength(1)
    expect(asked.filter((path) => path === 'economy/savings?provider=GCP')).toHaveLength(1)
    expect(asked.filter((path) => path === 'auth/me')).toHaveLength(1)
  })

  it('go on when the first one leaves', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true })
    const first = place()
    const second = place({ provider: 'GCP' })
    await second.find.findByText('3 instances active')
    const asked = noted()

    first.element.remove()
    await vi.advanceTimersByTimeAsync(31_000)

    expect(asked.filter((path) => path === 'economy/savings?provider=GCP').length).toBeGreaterThan(
      0,
    )
    expect(asked.filter((path) => path === 'economy/savings?provider=AWS')).toHaveLength(0)
    expect(first.shown.childElementCount).toBe(0)
    vi.useRealTimers()
  })
})

describe('coming and going', () => {
  it('stays what it is while it is moved about', async () => {
    const meter = place()
    await meter.find.findByText('3 instances active')
    const asked = noted()
    const drawn = figure(meter, 'session-saving')
    const elsewhere = document.body.appendChild(document.createElement('div'))

    elsewhere.append(meter.element)
    await Promise.resolve()

    expect(figure(meter, 'session-saving')).toBe(drawn)
    expect(drawn.textContent).toMatch(/^\$1\.50\d\d$/)
    expect(asked).toEqual([])
  })

  it('leaves nothing behind: no timer, no listener, no question', async () => {
    const listening = new Set<unknown>()
    for (const target of [window, document]) {
      const add = target.addEventListener.bind(target)
      const remove = target.removeEventListener.bind(target)
      vi.spyOn(target, 'addEventListener').mockImplementation(
        (type: string, listener: EventListenerOrEventListenerObject) => {
          listening.add(listener)
          add(type, listener)
        },
      )
      vi.spyOn(target, 'removeEventListener').mockImplementation(
        (type: string, listener: EventListenerOrEventListenerObject) => {
          listening.delete(listener)
          remove(type, listener)
        },
      )
    }
    vi.useFakeTimers({ shouldAdvanceTime: true })
    const meters = [place(), place({ provider: 'GCP' }), place({ provider: 'Oracle' })]
    await meters[1]?.find.findByText('3 instances active')
    expect(vi.getTimerCount()).toBeGreaterThan(3)
    expect(listening.size).toBeGreaterThan(0)

    for (const { element } of meters) element.remove()
    await vi.advanceTimersByTimeAsync(100)
    const asked = noted()
    await vi.advanceTimersByTimeAsync(200_000)

    expect(vi.getTimerCount()).toBe(0)
    expect(listening.size).toBe(0)
    expect(asked).toEqual([])
    for (const { shown } of meters) expect(shown.childElementCount).toBe(0)
    vi.useRealTimers()
  })

  it('shows the figures again when it comes back', async () => {
    const meter = place()
    await meter.find.findByText('3 instances active')
    meter.element.remove()
    await Promise.resolve()

    document.body.append(meter.element)

    expect(await meter.find.findByText('3 instances active')).toBeVisible()
  })
})
