import { act, screen, waitFor, within } from '@testing-library/react'
import { http, HttpResponse } from 'msw/http'
import { describe, expect, it, vi } from 'vitest'
import oneInstance from '../../../tests/snapshots/instance.json'
import policy from '../../../tests/snapshots/policy.json'
import policyPreview from '../../../tests/snapshots/policy_preview.json'
import priceHistory from '../../../tests/snapshots/price_history.json'
import { economyApi } from '../api/economy-api'
import { session } from '../test/answers'
import { figure, renderApp } from '../test/render-app'
import { api, problem, server } from '../test/server'

/** Catch what is saved as a file from now on. */
function saved(): Blob[] {
  const files: Blob[] = []
  vi.spyOn(URL, 'createObjectURL').mockImplementation((file) => {
    files.push(file as Blob)
    return 'blob:test'
  })
  vi.spyOn(URL, 'revokeObjectURL').mockReturnValue()
  vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(() => undefined)
  return files
}

describe('the page of an instance', () => {
  it('shows what it is, what it saved, and its sessions with the rates paid', async () => {
    const files = saved()
    const { user } = renderApp('/instances/h100x2')

    const summary = await screen.findByRole('region', { name: 'H100-80GB-SXM × 1' })
    expect(within(summary).getByText('on vast')).toBeVisible()
    expect(within(summary).getByText(/reported as H100 SXM/)).toBeVisible()
    expect(within(summary).getByText('share of p5.48xlarge')).toBeVisible()
    expect(figure('lifetime-saving')).toHaveTextContent('$140.40')
    const rates = screen.getByRole('table', { name: /^Rates of the session of/ })
    expect(
      within(rates)
        .getAllByRole('row')
        .slice(1)
        .map((row) => row.lastChild?.lastChild?.textContent),
    ).toEqual(['$4.40', '$2.20'])
    const chart = screen.getByRole('slider', { name: /^Rate paid over time/ })
    expect(chart.nextElementSibling).toHaveTextContent(
      /^30 Jul 2026, 08:00 · \$4\.40.*04:00 · \$2\.20$/,
    )
    await user.click(screen.getByRole('button', { name: 'Download CSV' }))
    const rows = (await files[0]?.text())?.split('\r\n') ?? []
    expect(rows[0]).toBe('From,To,Change,GPU,Rate / h')
    expect(rows[1]).toMatch(/^2026-07-30T08:00:00Z,[^,]+,start,H100-80GB-SXM × 2,4\.4\d*$/)
    expect(rows[2]).toMatch(/,2\.2\d*$/)
  })

  it('calls the end of its rates now while they hold: nothing changed then', async () => {
    const [session, ...earlier] = oneInstance.sessions
    if (session === undefined) throw new Error('The instance has no session.')
    const runs = session.runs.map((run, index) =>
      index === session.runs.length - 1 ? { ...run, ended_at: null } : run,
    )
    const running = { ...session, ended_at: null, runs }
    server.use(
      http.get(api('instances/*'), () =>
        HttpResponse.json({ ...oneInstance, sessions: [running, ...earlier] }),
      ),
    )
    renderApp('/instances/h100x2')

    const chart = await screen.findByRole('slider', { name: /^Rate paid over time/ })
    expect(chart.nextElementSibling).toHaveTextContent(/08:00 · \$4\.40now · \$2\.20$/)
  })

  it('ticks: in all time, in the running session and in what was paid', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true })
    const [ended] = oneInstance.sessions
    if (ended === undefined) throw new Error('It has a session.')
    const per_second = {
      cost: '0.0010000000000000',
      comparable_cost: '0.0005000000000000',
      comparison_cost: '0.0035000000000000',
      saving: '0.0030000000000000',
    }
    server.use(
      http.get(api('instances/*'), () =>
        HttpResponse.json({
          ...oneInstance,
          instance: {
            ...oneInstance.instance,
            lifetime: { ...oneInstance.instance.lifetime, per_second },
          },
          sessions: [
            {
              ...ended,
              started_at: '2026-08-03T11:00:00Z',
              ended_at: null,
              totals: { ...ended.totals, cost: '2.0000000000', saving: '1.0000000000', per_second },
            },
            ended,
          ],
        }),
      ),
    )
    renderApp('/instances/h100x2')
    await waitFor(() => figure('lifetime-saving'))
    const shown = (name: string) =>
      Number(figure(name).querySelector('.ticking')?.textContent.replace('$', ''))
    const of = (name: string) => `${name}:2026-08-03T11:00:00Z`
    const savings = ['lifetime-saving', of('saving')]
    const costs = ['lifetime-cost', of('cost'), 'uncompared']
    const before = new Map([...savings, ...costs].map((name) => [name, shown(name)]))

    await act(() => vi.advanceTimersByTimeAsync(20_000))

    const grown = (name: string) => shown(name) - (before.get(name) ?? 0)
    for (const name of savings) expect(grown(name)).toBeGreaterThan(0.045)
    // Half of what it costs now has no comparison, and that ticks too.
    for (const name of costs) expect(grown(name)).toBeGreaterThan(0.005)
    for (const name of costs) expect(grown(name)).toBeLessThan(0.035)
    expect(figure('lifetime-cost').parentElement).toHaveTextContent(/^paid \$66\.0\d, why\?$/)
    // What was paid is neither a saving nor a loss.
    expect(figure('lifetime-cost')).not.toHaveAttribute('data-outcome')
    expect(figure(`saving:${ended.started_at}`)).toHaveTextContent('$140.40')
    vi.useRealTimers()
  })

  it('asks for an id that holds anything, slashes and all', async () => {
    const asked: string[] = []
    server.use(
      http.get(api('instances/*'), ({ request }) => {
        asked.push(new URL(request.url).pathname)
        return HttpResponse.json(oneInstance)
      }),
    )
    renderApp(`/instances/${encodeURIComponent('rack/7 a?b#c%')}`)

    await screen.findByRole('heading', { level: 1, name: 'rack/7 a?b#c%' })
    await waitFor(() => {
      expect(asked[0]).toBe('/api/v1/instances/rack%2F7%20a%3Fb%23c%25')
    })
  })

  it('says that there is none of that name', async () => {
    server.use(http.get(api('instances/*'), () => problem(404, 'not_found', 'Not found.')))
    renderApp('/instances/ghost')

    expect(await screen.findByText('No instance is called that.')).toBeVisible()
  })

  it('is reached from the table of instances', async () => {
    const { user } = renderApp('/')

    const table = await screen.findByRole('table', { name: /^All instances/ })
    await user.click(within(table).getByRole('link', { name: 'trainer' }))

    expect(screen.getByLabelText('address')).toHaveTextContent('/instances/i-1')
  })
})

describe('the prices', () => {
  it('stand in a matrix with their grade and age', async () => {
    renderApp('/prices')

    const matrix = await screen.findByRole('table', { name: /^GPU by provider/ })
    const row = within(matrix).getByRole('row', { name: /RTX 4090/ })
    const atAws = within(row).getByRole('link', { name: /RTX 4090 at AWS/ })
    expect(atAws).toHaveTextContent('$1.861')
    expect(atAws).toHaveTextContent('as L40S')
    expect(atAws).toHaveTextContent('14 days old')
    expect(
      within(within(matrix).getByRole('row', { name: /MI300X/ })).getAllByText('no comparison'),
    ).toHaveLength(3)
  })

  it('stay, dimmed, and say since when newer ones fail to come', async () => {
    const { store } = renderApp('/prices?gpu=RTX-4090&count=1&provider=AWS')
    const matrix = await screen.findByRole('table', { name: /^GPU by provider/ })
    const panel = await screen.findByRole('dialog')
    await within(panel).findByRole('region', { name: 'Price history' })
    const broken = () => problem(503, 'database_unavailable', 'Not now.')
    server.use(http.get(api('prices/compared'), broken), http.get(api('prices/explain'), broken))

    act(() => {
      store.dispatch(economyApi.util.invalidateTags(['Policy']))
    })

    await waitFor(() => {
      expect(screen.getAllByText(/^No new figures since .*, retrying$/)).toHaveLength(2)
    })
    expect(matrix.closest('.stale')).not.toBeNull()
    expect(panel.querySelector('.stale')).not.toBeNull()
  })

  it.each([
    ['gpu=T4&count=1&provider=Oracle', 'provider=Oracle'],
    ['gpu=T4&count=many&provider=AWS', 'count=many'],
    ['provider=Oracle', 'provider=Oracle'],
  ])(
    'say what of their address means nothing, and show no other price (%s)',
    async (asked, part) => {
      const explained = vi.fn()
      server.use(http.get(api('prices/explain'), explained))
      const { user } = renderApp(`/prices?${asked}`)

      const panel = await screen.findByRole('dialog')

      expect(panel).toHaveTextContent(`The address asks for ${part}, which means nothing here`)
      expect(explained).not.toHaveBeenCalled()
      await user.click(within(panel).getByRole('button', { name: 'Close' }))
      await waitFor(() => {
        expect(screen.queryByRole('dialog')).toBeNull()
      })
    },
  )

  it('are filtered, and asked for as many GPUs', async () => {
    const asked: (string | null)[] = []
    server.events.on('request:start', ({ request }) => {
      const { pathname, searchParams } = new URL(request.url)
      if (pathname.endsWith('/prices/compared')) asked.push(searchParams.get('count'))
    })
    const { user } = renderApp('/prices')
    const matrix = await screen.findByRole('table', { name: /^GPU by provider/ })

    await user.type(screen.getByLabelText('Filter GPUs'), 'h100')

    expect(within(matrix).getAllByRole('row')).toHaveLength(2)
    await user.click(screen.getByRole('button', { name: '× 8' }))
    await waitFor(() => {
      expect(asked.at(-1)).toBe('8')
    })
    expect(screen.getByLabelText('address')).toHaveTextContent('/prices?count=8')
    server.events.removeAllListeners()
  })

  it('have a history that ends now, where the last one still holds', async () => {
    const [held] = priceHistory.timeline
    const changed = '2026-03-01T00:00:00Z'
    const timeline = [
      { ...held, until: changed },
      { ...held, effective_from: changed, price_per_instance_hour: '0.5' },
    ]
    server.use(
      http.get(api('prices/*/history'), () => HttpResponse.json({ ...priceHistory, timeline })),
    )
    const files = saved()
    const { user } = renderApp('/prices?gpu=RTX+4090&provider=AWS')

    const chart = await screen.findByRole('slider', { name: /^Price of .* over time/ })
    expect(chart.nextElementSibling).toHaveTextContent(/now · \$0\.50$/)
    await user.click(await screen.findByRole('button', { name: 'Download CSV' }))
    const [header, newest, oldest] = (await files[0]?.text())?.split('\r\n') ?? []
    expect(header).toBe('In force since,Until,Per instance-hour,Source')
    expect(newest).toMatch(/^2026-03-01T00:00:00Z,,0\.5,./)
    expect(oldest).toMatch(/^[^,]+,2026-03-01T00:00:00Z,[\d.]+,./)
    await user.click(screen.getByRole('button', { name: 'Save SVG' }))
    const picture = new DOMParser().parseFromString((await files[1]?.text()) ?? '', 'image/svg+xml')
    expect(picture.querySelector('title')?.textContent).toMatch(/^Price of .* per instance-hour$/)
    expect(picture.querySelectorAll('path[fill=none]')).toHaveLength(2)
  })

  it('open what they rest on: the source, what was weighed, and the history', async () => {
    const { user } = renderApp('/prices')
    await user.click(await screen.findByRole('link', { name: /RTX 4090 at AWS/ }))

    const panel = await screen.findByRole('dialog', { name: 'RTX 4090 × 1 · AWS' })
    expect(await within(panel).findByText('per GPU-hour')).toBeVisible()
    expect(figure('price-per-gpu-hour')).toHaveTextContent('$1.861')
    const weighed = within(panel).getByRole('table', { name: /^Every way that was weighed/ })
    expect(within(weighed).getByText('chosen')).toBeVisible()
    expect(within(panel).getByRole('table', { name: /^GPUs that had a price/ })).toBeVisible()
    expect(await within(panel).findByRole('table', { name: /per instance-hour$/ })).toBeVisible()
  })

  it('say why there is none', async () => {
    renderApp('/prices?gpu=Foo+9000&provider=AWS')

    const panel = await screen.findByRole('dialog', { name: 'Foo 9000 × 1 · AWS' })
    expect(await within(panel).findByText('no comparison')).toBeVisible()
    expect(within(panel).getByText(/There is no SKU behind this|no SKU behind this/)).toBeVisible()
  })

  it('say why they cannot be told', async () => {
    server.use(
      http.get(api('prices/compared'), () => problem(503, 'database_unavailable', 'Away.')),
    )
    renderApp('/prices')

    expect(await screen.findByText(/^The database cannot be used now\./)).toBeVisible()
  })
})

describe('the settings', () => {
  it('stay, dimmed, and say since when newer ones fail to come', async () => {
    const { store } = renderApp('/settings')
    const names = ['How you compare', 'API tokens']
    const regions = await Promise.all(names.map((name) => screen.findByRole('region', { name })))
    await waitFor(() => {
      expect(document.querySelectorAll('.skeleton')).toHaveLength(0)
    })
    const broken = () => problem(503, 'database_unavailable', 'Not now.')
    server.use(http.get(api('policy'), broken), http.get(api('tokens'), broken))

    act(() => {
      store.dispatch(economyApi.util.invalidateTags(['Policy', 'Tokens']))
    })

    for (const region of regions) {
      expect(await within(region).findByText(/^No new figures since .*, retrying$/)).toBeVisible()
      expect(region.querySelector('.stale')).not.toBeNull()
    }
  })

  const thePolicy = () => screen.findByRole('region', { name: 'How you compare' })

  it('preview a change before it is made, and make it a version', async () => {
    const previewed: unknown[] = []
    const saved: unknown[] = []
    server.use(
      http.put(api('policy'), async ({ request }) => {
        saved.push(await request.json())
        expect(request.headers.get('X-CSRF-Token')).toBe('csrf-1')
        return HttpResponse.json({ ...policy, version: 2, versions: 2, author: 'a@b.test' })
      }),
    )
    server.events.on('request:start', ({ request }) => {
      if (request.url.endsWith('/policy/preview')) {
        void request
          .clone()
          .json()
          .then((body) => previewed.push(body))
      }
    })
    const { user } = renderApp('/settings')
    const form = await thePolicy()
    const make = await within(form).findByRole('button', { name: 'Make version' })
    expect(make).toBeDisabled()

    await user.click(within(form).getByRole('button', { name: 'Leave out' }))
    await user.clear(within(form).getByLabelText('AWS discount, %'))
    await user.type(within(form).getByLabelText('AWS discount, %'), '7.5')

    const effects = await within(form).findByRole('table', { name: /before and after/ })
    expect(figure('preview-after:AWS')).toHaveTextContent('$107.40')
    // Less is saved, but what is left is a saving: nothing here is called a loss, or looks like one.
    expect(within(effects).getByText('-$46.83')).toHaveTextContent('-$46.83 less saved')
    expect(effects).not.toHaveTextContent('costs more here')
    expect(effects.querySelector('[data-outcome="loss"]')).toBeNull()
    await waitFor(() => {
      expect(previewed.at(-1)).toMatchObject({
        substitutes: 'exclude',
        discounts: { AWS: '0.075', GCP: '0' },
      })
    })

    await user.click(make)

    expect(await screen.findByText('Version 2 is in force.')).toBeVisible()
    expect(saved).toEqual([
      expect.objectContaining({ substitutes: 'exclude', expected_version: policy.version }),
    ])
    server.events.removeAllListeners()
  })

  it('keep the figures of an earlier change, marked, until those of this one have come', async () => {
    let letIt: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      letIt = resolve
    })
    server.use(
      http.post(api('policy/preview'), async ({ request }) => {
        const { discounts } = (await request.json()) as { discounts: { AWS: string } }
        if (discounts.AWS === '0.5') await held
        return HttpResponse.json(policyPreview)
      }),
    )
    const { user } = renderApp('/settings')
    const form = await thePolicy()
    await user.click(await within(form).findByRole('button', { name: 'Leave out' }))
    const effects = await within(form).findByRole('table', { name: /before and after/ })
    const isMarked = () => effects.closest('[aria-busy="true"]') !== null
    expect(isMarked()).toBe(false)

    const asked = new Promise<void>((resolve) => {
      server.events.on('request:start', ({ request }) => {
        if (request.url.endsWith('/policy/preview')) resolve()
      })
    })
    const discount = within(form).getByLabelText('AWS discount, %')
    await user.tripleClick(discount)
    await user.keyboard('50')
    expect(isMarked()).toBe(true)
    await asked
    expect(effects).toBeInTheDocument()
    expect(isMarked()).toBe(true)
    letIt()

    await waitFor(() => {
      expect(isMarked()).toBe(false)
    })
    expect(effects).toBeInTheDocument()
    server.events.removeAllListeners()
  })

  it('refuse a discount that is none, and ask nothing of the server', async () => {
    const { user } = renderApp('/settings')
    const form = await thePolicy()

    await user.type(await within(form).findByLabelText('GCP discount, %'), '00')

    expect(within(form).getByText(/^A number from 0/)).toBeVisible()
    expect(within(form).getByText(/^Correct the discount above first/)).toBeVisible()
    expect(within(form).queryByText(/^This is how it is now/)).toBeNull()
    expect(within(form).getByRole('button', { name: 'Make version' })).toBeDisabled()
  })

  it('show the region that the server refused, and why', async () => {
    server.use(
      http.put(api('policy'), () =>
        HttpResponse.json(
          {
            status: 422,
            title: 'unknown_region',
            code: 'unknown_region',
            detail: 'regions.AWS: no prices.',
            errors: [
              {
                pointer: '/regions/AWS',
                code: 'unknown_region',
                message: 'No prices.',
                parameters: {},
              },
            ],
          },
          { status: 422 },
        ),
      ),
    )
    const { user } = renderApp('/settings')
    const form = await thePolicy()
    await user.type(await within(form).findByLabelText('AWS region'), '9')

    await user.click(within(form).getByRole('button', { name: 'Make version' }))

    expect(
      await within(form).findByText('There are no prices of this provider in that region.'),
    ).toBeVisible()
    expect(within(form).getByLabelText('AWS region')).toBeInvalid()
    // Whoever cannot see the note beside it is told where to go on.
    expect(within(form).getByLabelText('AWS region')).toHaveFocus()
  })

  it('keep the focus while a version is made, and make it once', async () => {
    const asked: unknown[] = []
    let letIt: () => void = () => undefined
    const isLet = new Promise<void>((resolve) => {
      letIt = resolve
    })
    server.use(
      http.put(api('policy'), async ({ request }) => {
        asked.push(await request.json())
        await isLet
        return problem(503, 'database_unavailable', 'Away.')
      }),
    )
    const { user } = renderApp('/settings')
    const form = await thePolicy()
    await user.click(await within(form).findByRole('button', { name: 'Leave out' }))
    const make = within(form).getByRole('button', { name: 'Make version' })

    await user.click(make)
    expect(await within(form).findByRole('button', { name: 'Saving' })).toHaveFocus()
    await user.keyboard('{Enter}')
    letIt()

    expect(await within(form).findByRole('alert')).toBeVisible()
    expect(make).toHaveFocus()
    expect(asked).toHaveLength(1)
  })

  it('say at once what the server would refuse', async () => {
    server.use(
      http.post(api('policy/preview'), () =>
        problem(422, 'unknown_region', 'regions.AWS: No prices are known there.'),
      ),
    )
    const { user } = renderApp('/settings')
    const form = await thePolicy()

    await user.type(await within(form).findByLabelText('AWS region'), '9')

    expect(await within(form).findByText(/^There are no prices of this provider/)).toBeVisible()
    expect(within(form).queryByRole('button', { name: 'Try again' })).toBeNull()
  })

  it('keep a refusal until the answer to what is typed on has come', async () => {
    let letIt: () => void = () => undefined
    const isLet = new Promise<void>((resolve) => {
      letIt = resolve
    })
    const asked: string[] = []
    server.use(
      http.post(api('policy/preview'), async ({ request }) => {
        const { regions } = (await request.json()) as { regions: { AWS: string } }
        asked.push(regions.AWS)
        if (regions.AWS === 'us-east-1') return HttpResponse.json(policyPreview)
        if (regions.AWS === 'us-east-123') await isLet
        return problem(422, 'unknown_region', 'regions.AWS: No prices are known there.')
      }),
    )
    const { user } = renderApp('/settings')
    const form = await thePolicy()
    await user.click(await within(form).findByRole('button', { name: 'Leave out' }))
    await within(form).findByRole('table', { name: /before and after/ })
    const region = within(form).getByLabelText('AWS region')
    await user.type(region, '2')
    const refusal = await within(form).findByText(/^There are no prices of this provider/)

    await user.type(region, '3')
    await waitFor(() => {
      expect(asked.at(-1)).toBe('us-east-123')
    })

    expect(refusal).toBeVisible()
    expect(refusal.parentElement).toHaveAttribute('aria-busy', 'true')
    letIt()
    await waitFor(() => {
      expect(refusal.parentElement).toHaveAttribute('aria-busy', 'false')
    })
    expect(refusal).toBeVisible()
  })

  it('say that somebody else changed it, and load it again', async () => {
    let version = 1
    server.use(
      http.get(api('policy'), () => HttpResponse.json({ ...policy, version })),
      http.put(api('policy'), () => {
        version = 5
        return problem(409, 'version_conflict', 'Changed.')
      }),
    )
    const { user } = renderApp('/settings')
    const form = await thePolicy()
    await user.click(await within(form).findByRole('button', { name: 'Leave out' }))

    await user.click(within(form).getByRole('button', { name: 'Make version' }))

    expect(await screen.findByText(/^Somebody else changed the policy/)).toBeVisible()
    expect(await within(form).findByText(/^Version 5\./)).toBeVisible()
  })

  it('change the time zone, say what that does, and show dates in it', async () => {
    const saved: unknown[] = []
    let timezone = 'UTC'
    server.use(
      http.get(api('auth/me'), () =>
        HttpResponse.json({ ...session(), account: { ...session().account, timezone } }),
      ),
      http.get(api('policy'), () => HttpResponse.json({ ...policy, timezone })),
      http.put(api('policy'), async ({ request }) => {
        saved.push(await request.json())
        timezone = 'America/Sao_Paulo'
        return HttpResponse.json({ ...policy, version: 2, versions: 2, timezone })
      }),
    )
    const { user } = renderApp('/settings')
    const field = await screen.findByLabelText('Time zone of dates and days')
    expect(screen.queryByRole('button', { name: 'Change the time zone' })).toBeNull()
    await user.clear(field)
    await user.type(field, 'America')
    expect(field).toBeInvalid()
    expect(screen.getByText(/^Not the name of a time zone/)).toBeVisible()
    expect(screen.getByRole('button', { name: 'Change the time zone' })).toBeDisabled()

    await user.type(field, '/Sao_Paulo')
    expect(
      screen.getByText(/^Days will be cut at midnight of America\/Sao_Paulo, past days too/),
    ).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Change the time zone' }))

    await waitFor(() => {
      expect(screen.queryByRole('button', { name: 'Change the time zone' })).toBeNull()
    })
    expect(screen.getByLabelText('Time zone of dates and days')).toHaveValue('America/Sao_Paulo')
    expect(screen.getByText('Days are cut at midnight of America/Sao_Paulo.')).toBeVisible()
    expect(saved).toEqual([
      expect.objectContaining({ timezone: 'America/Sao_Paulo', expected_version: policy.version }),
    ])
  })

  it('show the time zone that the server refused, and keep the one in force', async () => {
    server.use(
      http.put(api('policy'), () =>
        HttpResponse.json(
          {
            status: 422,
            title: 'unknown_timezone',
            code: 'unknown_timezone',
            detail: 'timezone: unknown.',
            errors: [
              {
                pointer: '/timezone',
                code: 'unknown_timezone',
                message: 'Unknown.',
                parameters: {},
              },
            ],
          },
          { status: 422 },
        ),
      ),
    )
    const { user } = renderApp('/settings')
    const field = await screen.findByLabelText('Time zone of dates and days')
    await user.clear(field)
    await user.type(field, 'Asia/Gaza')

    await user.click(screen.getByRole('button', { name: 'Change the time zone' }))

    expect(await screen.findByText(/^Not the name of a time zone/)).toBeVisible()
    await user.click(screen.getByRole('button', { name: /^Keep / }))
    expect(field).toBeValid()
  })

  it('choose a theme, and keep it', async () => {
    const { user } = renderApp('/settings')

    await user.click(await screen.findByRole('button', { name: 'Dark' }))

    expect(document.documentElement.dataset['theme']).toBe('dark')
    expect(localStorage.getItem('dumont-economy.theme')).toBe('dark')
    await user.click(screen.getByRole('button', { name: 'As the system' }))
    expect(document.documentElement.dataset['theme']).toBeUndefined()
  })

  it('say at the name of a token what is wrong with it', async () => {
    server.use(
      http.post(api('tokens'), () =>
        HttpResponse.json(
          {
            status: 422,
            title: 'empty',
            code: 'empty',
            detail: 'name: Give the token a name.',
            errors: [{ pointer: '/name', code: 'empty', message: 'Give it one.', parameters: {} }],
          },
          { status: 422 },
        ),
      ),
    )
    const { user } = renderApp('/settings')
    const tokens = await screen.findByRole('form', { name: 'New token' })

    await user.type(within(tokens).getByLabelText('Name'), '  ')
    await user.click(within(tokens).getByRole('button', { name: 'Make token' }))

    expect(await within(tokens).findByText('Nothing is written here: enter a text.')).toBeVisible()
    expect(within(tokens).getByLabelText('Name')).toBeInvalid()
  })

  it('make a token that is shown once, and revoke one when asked twice', async () => {
    const revoked = vi.fn()
    const token = {
      id: 't-1',
      name: 'fleet',
      scopes: ['ingest'],
      created_at: '2026-11-23T12:00:00Z',
      revoked_at: null,
    }
    server.use(
      http.get(api('tokens'), () => HttpResponse.json({ tokens: [token] })),
      http.post(api('tokens'), () =>
        HttpResponse.json({ ...token, token: 'secret-1' }, { status: 201 }),
      ),
      http.delete(api('tokens/t-1'), () => {
        revoked()
        return new HttpResponse(null, { status: 204 })
      }),
    )
    const { user } = renderApp('/settings')
    const tokens = await screen.findByRole('region', { name: 'API tokens' })

    await user.type(within(tokens).getByLabelText('Name'), 'reader')
    await user.click(within(tokens).getByRole('checkbox', { name: 'read figures' }))
    await user.click(within(tokens).getByRole('button', { name: 'Make token' }))
    expect(await within(tokens).findByText('secret-1')).toBeVisible()

    await user.click(within(tokens).getByRole('button', { name: 'Revoke fleet' }))
    expect(revoked).not.toHaveBeenCalled()
    await user.click(within(tokens).getByRole('button', { name: 'Revoke for good' }))
    await waitFor(() => {
      expect(revoked).toHaveBeenCalledTimes(1)
    })
  })
})
