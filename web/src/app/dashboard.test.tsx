import { act, screen, waitFor, within } from '@testing-library/react'
import { http, HttpResponse } from 'msw/http'
import { delay } from 'msw/utils/delay'
import { describe, expect, it, vi } from 'vitest'
import {
  firstUseSavings,
  history,
  idleSavings,
  instance,
  instances,
  losingSavings,
  match,
  savings,
  session,
  unpricedInstance,
  usageEvents,
} from '../test/answers'
import type { Schemas } from '../api/schema'
import { figure, renderApp } from '../test/render-app'
import { api, problem, server } from '../test/server'

const answerSavings = (answer: object) => {
  server.use(http.get(api('economy/savings'), () => HttpResponse.json({ ...answer })))
}

const answerInstances = (...list: Schemas['InstanceInfo'][]) => {
  server.use(http.get(api('instances'), () => HttpResponse.json(instances(list))))
}

const theMeter = () => screen.findByRole('region', { name: 'Savings meter' })

const rowOf = async (name: string) => {
  const table = await screen.findByRole('table', { name: 'All instances with their comparison' })
  return within(table).findByRole('row', { name: new RegExp(name) })
}

describe('the meter', () => {
  it('shows what is saved while instances run, and what it is against', async () => {
    renderApp('/')

    const meter = await theMeter()
    await within(meter).findByText('3 instances active')

    expect(figure('lifetime-saving')).toHaveTextContent('$100.25')
    expect(figure('session-saving').textContent).toMatch(/^\$1\.50\d\d$/)
    expect(figure('session-duration').textContent).toMatch(/^2:00:0\d$/)
    expect(figure('saving-per-hour')).toHaveTextContent('$3.60')
    expect(figure('month-projection')).toHaveTextContent('$864.00')
    expect(within(meter).getByText('mean of the last 12 days')).toBeVisible()
    expect(within(meter).getByText('vs AWS on-demand, us-east-1')).toBeVisible()
    expect(within(meter).getByText(/^oldest price/)).toBeVisible()
    expect(within(meter).getByRole('link', { name: 'All savings' })).toHaveAttribute(
      'href',
      '/savings',
    )
  })

  it('draws what is saved in all time as often as what is saved now', async () => {
    const live = { value: '100.0000000000', per_second: '1.0000000000000000' }
    answerSavings(savings({ live: { lifetime: live, session: live } }))
    renderApp('/')
    await screen.findByText('3 instances active')
    const drawn = { 'lifetime-saving': 0, 'session-saving': 0 }
    for (const name of ['lifetime-saving', 'session-saving'] as const) {
      new MutationObserver(() => {
        drawn[name] += 1
      }).observe(figure(name), { characterData: true, subtree: true, childList: true })
    }

    // A figure of a table is drawn twice at most in that time.
    await waitFor(
      () => {
        expect(drawn['session-saving']).toBeGreaterThanOrEqual(5)
      },
      { timeout: 5_000 },
    )
    expect(drawn['lifetime-saving']).toBeGreaterThanOrEqual(4)
  })

  it('is silent to a screen reader beside a calm summary', async () => {
    renderApp('/')
    await screen.findByText('3 instances active')

    expect(figure('session-saving')).toHaveAttribute('aria-live', 'off')
    expect(
      screen.getByText(
        '$1.50 saved in the running sessions, $100.25 saved in all time, against AWS.',
      ),
    ).toHaveAttribute('role', 'status')
  })

  it('stands still when nothing runs, and keeps the lifetime figure', async () => {
    answerSavings(idleSavings())
    renderApp('/')

    const meter = await theMeter()
    expect(await within(meter).findAllByText('Nothing is running')).toHaveLength(2)

    expect(figure('session-saving')).toHaveTextContent('$0.0000')
    expect(figure('lifetime-saving')).toHaveTextContent('$100.25')
  })

  it('tells a first-time user what happens next, without projection', async () => {
    answerSavings(firstUseSavings())
    answerInstances()
    renderApp('/')

    expect(await screen.findByText('Nothing has been reported yet.')).toBeVisible()

    expect(figure('lifetime-saving')).toHaveTextContent('$0.00')
    expect(figure('month-projection')).toHaveTextContent('–')
    expect(screen.getByText('not enough data')).toBeVisible()
    expect(screen.getByRole('link', { name: 'Ways to begin' })).toHaveAttribute('href', '/setup')
  })

  it('shows a loss with its sign, and says that it costs more here', async () => {
    answerSavings(losingSavings())
    renderApp('/')
    const meter = await theMeter()
    await within(meter).findByText('3 instances active')

    expect(figure('lifetime-saving')).toHaveTextContent('-$12.50')
    expect(figure('lifetime-saving')).toHaveAttribute('data-outcome', 'loss')
    // Whoever hears it hears no minus sign: each figure says that it is a loss.
    for (const name of ['lifetime-saving', 'session-saving', 'saving-per-hour']) {
      expect(figure(name)).toHaveTextContent(/^-\$[\d.]+ costs more here$/)
    }
    expect(
      screen.getByText(
        'a loss of $0.25 in the running sessions, a loss of $12.50 in all time, against AWS.',
      ),
    ).toHaveAttribute('role', 'status')
    expect(figure('month-projection')).toHaveTextContent('-$86.40')
    expect(within(meter).getAllByText('costs more here').length).toBeGreaterThan(0)
    expect(within(meter).getByText('assuming 8 h a day')).toBeVisible()
  })

  it('tells what is paid an hour, and how much of it the hourly saving is of', async () => {
    const { hourly_comparison: hourly } = losingSavings()
    answerSavings({ ...losingSavings(), hourly_comparison: { ...hourly, dumont_rate: 3.5 } })
    renderApp('/')

    const meter = await theMeter()
    const link = await within(meter).findByRole('link', { name: 'you pay $3.50, why?' })
    expect(link.parentElement).toHaveTextContent(
      'costs more here, you pay $3.50, why?, $1.00 of it compared, why?',
    )
    expect(link).toHaveAttribute('href', '/?why=pace&why.of=paid&why.against=AWS')
  })

  it('keeps the place of the figures while they load', async () => {
    server.use(http.get(api('economy/savings'), () => delay('infinite')))
    renderApp('/')

    const meter = await theMeter()

    expect(within(meter).getByText('Loading')).toBeInTheDocument()
    expect(within(meter).getByText('Running sessions')).toBeVisible()
    expect(within(meter).queryByText(/\$/)).toBeNull()
  })

  it('changes every figure with the provider, and remembers it', async () => {
    server.use(
      http.get(api('economy/savings'), ({ request }) =>
        HttpResponse.json(
          new URL(request.url).searchParams.get('provider') === 'GCP'
            ? idleSavings({
                provider: 'GCP',
                live: {
                  lifetime: { value: '42.0000000000', per_second: '0.0000000000000000' },
                  session: { value: '0.0000000000', per_second: '0.0000000000000000' },
                },
              })
            : savings(),
        ),
      ),
    )
    const { user } = renderApp('/')
    await screen.findByText('3 instances active')

    await user.click(screen.getByRole('button', { name: 'GCP' }))

    await waitFor(() => {
      expect(figure('lifetime-saving')).toHaveTextContent('$42.00')
    })
    expect(screen.getByText(/^vs GCP/)).toBeVisible()
    expect(localStorage.getItem('dumont-economy.provider')).toBe('GCP')
  })
})

describe('today', () => {
  const ofToday = (changes: object = {}) => {
    server.use(
      http.get(api('economy/savings/history'), ({ request }) => {
        const isToday = new URL(request.url).searchParams.get('days') === '1'
        const { totals } = history()
        return HttpResponse.json(
          history({ totals: isToday ? { ...totals, total_savings: 7.5, ...changes } : totals }),
        )
      }),
    )
  }

  it('has a figure of its own, which opens and goes on as all time does', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true })
    ofToday()
    const { user } = renderApp('/')
    await screen.findByText('3 instances active')
    await waitFor(() => {
      expect(figure('today-saving')).toHaveTextContent('$7.5')
    })
    expect(screen.getByText('Today')).toBeVisible()

    // 20 s at $0.001 a second.
    await act(() => vi.advanceTimersByTimeAsync(20_000))
    expect(figure('today-saving')).toHaveTextContent('$7.52')
    vi.useRealTimers()

    await user.click(figure('today-saving'))
    expect(screen.getByLabelText('address')).toHaveTextContent(
      '/?why=usage&why.against=AWS&why.from=2026-11-23&why.to=2026-11-24',
    )
  })

  it('is asked for anew when the day is over', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true })
    let saved = 7.5
    server.use(
      http.get(api('economy/savings/history'), () => {
        const { totals, as_of: asOf } = history()
        const midnight = new Date(Date.parse(asOf) + 10_000).toISOString()
        const answer = { totals: { ...totals, total_savings: saved }, valid_until: midnight }
        return HttpResponse.json(history(answer))
      }),
    )
    renderApp('/')
    await waitFor(() => {
      expect(figure('today-saving')).toHaveTextContent('$7.5')
    })

    saved = 0.01
    await act(() => vi.advanceTimersByTimeAsync(8_000))
    expect(figure('today-saving')).toHaveTextContent('$7.5')
    await act(() => vi.advanceTimersByTimeAsync(4_000))

    await waitFor(() => {
      expect(figure('today-saving')).toHaveTextContent('$0.01')
    })
    vi.useRealTimers()
  })

  it('says a loss as one, and nothing where nothing was ever reported', async () => {
    ofToday({ total_savings: -2 })
    const { view } = renderApp('/')
    await waitFor(() => {
      expect(figure('today-saving')).toHaveAttribute('data-outcome', 'loss')
    })
    view.unmount()

    answerSavings(firstUseSavings())
    renderApp('/')
    await screen.findByText('Nothing has been reported yet.')
    expect(screen.queryByText('Today')).toBeNull()
  })
})

describe('a saving with a part that has no comparison', () => {
  const partly = { lifetime_cost: 62.4, lifetime_comparable_cost: 50 }
  const words = 'not in it: $12.40 paid, without a comparison'

  it.each(['/', '/savings'])(
    'says so beside the figure, and opens what was paid (%s)',
    async (at) => {
      answerSavings(savings(partly))
      const { user } = renderApp(at)

      const said = await screen.findByRole('link', { name: `${words}, why?` })
      await user.click(said)

      expect(screen.getByLabelText('address')).toHaveTextContent(`${at}?why=usage&why.of=paid`)
    },
  )

  it('says nothing where all of it has one', async () => {
    renderApp('/')
    await screen.findByText('3 instances active')
    expect(screen.queryByText(/^not in it/)).toBeNull()
  })

  it('says it of a time, and of an instance', async () => {
    const some = instance()
    const lifetime = { ...some.lifetime, comparable_cost: '5.0000000000' }
    answerInstances({ ...some, lifetime })
    renderApp('/savings')

    // The days of the history: 6.48 paid, 5.48 of it compared.
    expect(await screen.findByText('not in it: $1.00 paid, without a comparison')).toBeVisible()
    expect(await screen.findByText('not in it: $0.25 paid, without a comparison')).toBeVisible()
  })
})

describe('when the server fails', () => {
  it('shows the reason and a retry at first load, and no figure', async () => {
    server.use(
      http.get(api('economy/savings'), () =>
        problem(503, 'database_unavailable', 'The database cannot be reached.'),
      ),
    )
    const { user } = renderApp('/')
    const meter = await theMeter()
    expect(await within(meter).findByRole('alert')).toHaveTextContent(
      'The database cannot be used now.',
    )
    expect(within(meter).queryByText(/\$/)).toBeNull()

    answerSavings(savings())
    await user.click(within(meter).getByRole('button', { name: 'Try again' }))

    expect(await screen.findByText('3 instances active')).toBeVisible()
  })

  it('refuses figures of a shape that it does not know', async () => {
    vi.mocked(console.error).mockImplementation(() => undefined)
    answerSavings({ ...savings(), live: null })
    renderApp('/')

    const meter = await theMeter()
    expect(await within(meter).findByRole('alert')).toHaveTextContent(
      'The answer is malformed: answer.live is not an object.',
    )
    // RTK Query reports what a parser throws; nothing else may be on the console.
    vi.mocked(console.error).mockClear()
  })

  it('keeps the last figures, says since when, and recovers by itself', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true })
    renderApp('/')
    await screen.findByText('3 instances active')

    server.use(http.get(api('economy/savings'), () => HttpResponse.error()))
    await act(() => vi.advanceTimersByTimeAsync(31_000))
    const meter = await theMeter()
    expect(await within(meter).findByText(/since \d\d:\d\d:\d\d, retrying$/)).toBeVisible()
    expect(figure('lifetime-saving').textContent).toMatch(/^\$100\.\d\d/)

    answerSavings(savings())
    await act(() => vi.advanceTimersByTimeAsync(11_000))
    await waitFor(() => {
      expect(within(meter).queryByText(/retrying/)).toBeNull()
    })
    vi.useRealTimers()
  })
})

describe('the figures between two answers', () => {
  it('go on from the held answer when nothing changed', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true })
    const tags: (string | null)[] = []
    // The server's clock goes on, while what it answers holds.
    const headers = () => ({
      ETag: 'W/"1"',
      'Answered-At': new Date(Date.parse(savings().as_of) + performance.now()).toISOString(),
    })
    server.use(
      http.get(api('economy/savings'), ({ request }) => {
        const tag = request.headers.get('If-None-Match')
        tags.push(tag)
        return tag === 'W/"1"'
          ? new HttpResponse(null, { status: 304, headers: headers() })
          : HttpResponse.json(savings(), { headers: headers() })
      }),
      http.get(api('instances'), () => HttpResponse.json(instances(), { headers: headers() })),
    )
    renderApp('/')
    await screen.findByText('3 instances active')

    // Answers take no time of the fake clock, only of the real one: wait for each.
    for (const polls of [2, 3]) {
      await act(() => vi.advanceTimersByTimeAsync(30_000))
      await waitFor(() => {
        expect(tags.length).toBeGreaterThanOrEqual(polls)
      })
      await act(() => new Promise((resolve) => setTimeout(resolve, 200)))
    }
    await act(() => vi.advanceTimersByTimeAsync(600))

    expect(tags.slice(0, 3)).toEqual([null, 'W/"1"', 'W/"1"'])
    // 61 s at $0.001 a second on top of $1.50; a replay of the held answer would show $1.50.
    expect(Number(figure('session-saving').textContent.slice(1))).toBeCloseTo(1.561, 2)
    vi.useRealTimers()
  })

  it('are asked for again at the end of their validity, not only at the next poll', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true })
    let asked = 0
    server.use(
      http.get(api('economy/savings'), () => {
        asked += 1
        return HttpResponse.json(
          asked === 1 ? savings({ valid_until: '2026-11-23T14:03:05.000Z' }) : savings(),
        )
      }),
    )
    renderApp('/')
    await screen.findByText('3 instances active')

    await act(() => vi.advanceTimersByTimeAsync(6_000))

    await waitFor(() => {
      expect(asked).toBe(2)
    })
    vi.useRealTimers()
  })

  it('are asked for again and again where the old answer comes once more at its end', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true })
    const ending = savings({ valid_until: '2026-11-23T14:03:05.000Z' })
    let asked = 0
    server.use(
      http.get(api('economy/savings'), () => {
        asked += 1
        if (asked === 2) return new HttpResponse(null, { status: 304, headers: { ETag: 'W/"1"' } })
        return HttpResponse.json(asked === 1 ? ending : savings(), { headers: { ETag: 'W/"1"' } })
      }),
    )
    renderApp('/')
    await screen.findByText('3 instances active')

    await act(() => vi.advanceTimersByTimeAsync(8_000))

    await waitFor(() => {
      expect(asked).toBe(3)
    })
    vi.useRealTimers()
  })
})

describe('the instances', () => {
  it('stand with what they are compared with, how sure that is, and from when the price is', async () => {
    renderApp('/')

    const row = await rowOf('trainer')

    expect(within(row).getByText('running')).toBeVisible()
    expect(within(row).getByText('since 23 Nov 2026, 12:03')).toBeVisible()
    expect(within(row).getByText('$0.15')).toBeVisible()
    expect(within(row).getByText('g4dn.xlarge')).toBeVisible()
    expect(within(row).getByText(/^Grade A: same chip/)).toBeInTheDocument()
    expect(within(row).getByRole('link', { name: /^price read 12 Sept 2026/ })).toHaveAttribute(
      'href',
      'https://prices.example.test/aws',
    )
    expect(figure('session-saving:i-1').textContent).toMatch(/^\$0\.75\d\d$/)
  })

  it('without a known price have a reason instead of a figure', async () => {
    answerInstances(unpricedInstance())
    renderApp('/')

    const row = await rowOf('mystery')

    expect(within(row).getByText('no comparison')).toBeVisible()
    expect(
      within(row).getByText('The GPU name “GeForce RTX 5070” is not one that we know.'),
    ).toBeVisible()
    expect(within(row).queryByText('$0.00')).toBeNull()
  })

  it('against a substitute show its ratios and its machines', async () => {
    answerInstances(
      instance({
        gpu_type: 'RTX 4090',
        match: match({
          grade: 'D',
          sku: 'g6e.xlarge',
          gpu_type: 'L40S',
          machines: 2,
          how: 'several_machines',
          ratios: { memory: '2.0000', fp16: '1.0967', bandwidth: '0.8571' },
        }),
      }),
    )
    renderApp('/')

    const row = await rowOf('trainer')

    expect(within(row).getByText('2 × g6e.xlarge')).toBeVisible()
    expect(
      within(row).getByText('L40S stands in: 2× memory, 1.1× FP16, 0.86× bandwidth'),
    ).toBeVisible()
  })

  it('say when a price is old, when nothing was heard, and when they cost more', async () => {
    answerInstances(
      instance({
        silent: true,
        last_report_at: '2026-11-21T08:00:00Z',
        match: match({ retrieved_at: '2026-03-12', age_days: 256, how: 'share' }),
        saving_per_hour: '-0.084',
      }),
    )
    renderApp('/')

    const row = await rowOf('trainer')

    const silence = within(row).getByText('no report since 21 Nov 2026, 08:00')
    expect(silence).toBeVisible()
    expect(silence).toHaveClass('text-loss')
    expect(within(row).getByText('(over 180 days old)')).toBeInTheDocument()
    expect(within(row).getByText('share of g4dn.xlarge')).toBeVisible()
    expect(within(row).getByText('-$0.084')).toHaveAttribute('data-outcome', 'loss')
    expect(within(row).getAllByText('costs more here')[0]).toBeVisible()
  })

  it('have the same decimals in each row of a column', async () => {
    const rates = [
      ['a', '9.6', '12.3576'],
      ['b', '2.605', '-0.474'],
      ['c', '1', '4'],
    ] as const
    answerInstances(
      ...rates.map(([name, rate, saving]) =>
        instance({ instance_id: name, name, rate_per_hour: rate, saving_per_hour: saving }),
      ),
    )
    renderApp('/')

    const table = await screen.findByRole('table', { name: /^All instances/ })
    const column = (figure: string) =>
      within(table)
        .getAllByRole('link', { name: new RegExp(figure) })
        .map((link) => /-?\$[\d.]+/.exec(link.textContent)?.[0])
    expect(column('^\\$(9.6|2.605|1.0)')).toEqual(['$9.600', '$2.605', '$1.000'])
    expect(column('^-?\\$(12.35|0.47|4.0)')).toEqual(['$12.3576', '-$0.4740', '$4.0000'])
  })

  it('show the same in all time as in their one session, at every instant', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true })
    const live = { value: '-0.0050000000', per_second: '0.0010000000000000' }
    const some = instance()
    if (some.session === null) throw new Error('It is on.')
    const { per_second: slopes } = some.lifetime
    answerInstances({
      ...some,
      session: { ...some.session, saving: live.value, live },
      lifetime: {
        ...some.lifetime,
        saving: live.value,
        per_second: { ...slopes, saving: live.per_second },
      },
    })
    renderApp('/')
    await rowOf('trainer')

    const outcomes = new Set<string | undefined>()
    for (let step = 0; step < 40; step += 1) {
      await act(() => vi.advanceTimersByTimeAsync(500))
      const [ofSession, ofAll] = ['session-saving:i-1', 'lifetime-saving:i-1'].map(figure)
      const amountOf = (shown?: HTMLElement) =>
        Number((shown?.querySelector('.ticking')?.textContent ?? '').replace('$', ''))
      expect(ofAll?.dataset['outcome']).toBe(ofSession?.dataset['outcome'])
      expect(Math.abs(amountOf(ofAll) - amountOf(ofSession))).toBeLessThanOrEqual(0.005)
      outcomes.add(ofAll?.dataset['outcome'])
    }

    expect([...outcomes]).toEqual(expect.arrayContaining(['loss', 'saved']))
    expect(figure('lifetime-saving:i-1').textContent).toMatch(/^\$0\.01/)
    vi.useRealTimers()
  })

  it('that are off save nothing now', async () => {
    answerInstances(instance({ status: 'stopped', session: null, saving_per_hour: null }))
    renderApp('/')

    const row = await rowOf('trainer')

    expect(within(row).getByText('stopped')).toBeVisible()
    expect(within(row).getAllByText('–')).toHaveLength(2)
  })

  it('beyond the first page are loaded when asked for', async () => {
    server.use(
      http.get(api('instances'), ({ request }) =>
        HttpResponse.json(
          new URL(request.url).searchParams.get('cursor') === 'next'
            ? instances([instance({ instance_id: 'i-9', name: 'second-page' })])
            : instances([instance()], { next_cursor: 'next' }),
        ),
      ),
    )
    const { user } = renderApp('/')

    await user.click(await screen.findByRole('button', { name: 'Show more' }))

    expect(await rowOf('second-page')).toBeVisible()
    expect(screen.queryByRole('button', { name: 'Show more' })).toBeNull()
  })
})

describe('the recent events', () => {
  it('say what a change of size changed, also where it tells the number alone', async () => {
    const [, accepted] = usageEvents().events
    const resize = { ...accepted, type: 'resize', gpu: null, gpu_count: 8, rate: '11.92' }
    server.use(
      http.get(api('usage/events'), () =>
        HttpResponse.json({ ...usageEvents(), events: [resize] }),
      ),
    )
    renderApp('/')

    expect(await screen.findByText('GPU × 8 · $11.92 / h')).toBeVisible()
  })

  it('show what was taken, and why something was not', async () => {
    renderApp('/')

    const table = await screen.findByRole('table', { name: 'The latest usage events' })

    expect(within(table).getByText('Tesla T4 × 1 · $0.15 / h')).toBeVisible()
    expect(within(table).getByText('The id was used before with other content.')).toBeVisible()
  })

  it('shows what was paid in its currency, and a refused rate as it was sent', async () => {
    const [, accepted] = usageEvents().events
    const inEuros = { ...accepted, id: 'e-3', rate: '0.29', currency: 'EUR' }
    const refused = { ...accepted, id: 'e-4', status: 'rejected', rate: 'free', currency: 'x' }
    const answer = { ...usageEvents(), events: [inEuros, refused] }
    server.use(http.get(api('usage/events'), () => HttpResponse.json(answer)))
    renderApp('/')

    const table = await screen.findByRole('table', { name: 'The latest usage events' })
    expect(within(table).getByText('Tesla T4 × 1 · €0.29 / h')).toBeVisible()
    expect(within(table).getByText('Tesla T4 × 1 · free / h')).toBeVisible()
  })

  it('say which was taken back, and of each void what it takes back', async () => {
    const [, accepted] = usageEvents().events
    const stop = { ...accepted, id: 's', type: 'stop', voided_by: 'v' }
    const start = { ...accepted, id: 'e', time: '2026-11-23T11:00:00Z', voided_by: 'not listed' }
    const later = { ...accepted, id: 'v', type: 'void', time: '2026-11-23T12:30:00Z', void_of: 's' }
    const unseen = { ...later, id: 'w', void_of: 'not listed either' }
    const answer = { ...usageEvents(), events: [unseen, later, stop, start] }
    server.use(http.get(api('usage/events'), () => HttpResponse.json(answer)))
    renderApp('/')

    const table = await screen.findByRole('table', { name: 'The latest usage events' })
    const [, ...rows] = within(table).getAllByRole('row')
    expect(rows[0]).toHaveTextContent('voidof not listed either')
    expect(rows[1]).toHaveTextContent('voidof stop, 23 Nov 2026, 12:03')
    expect(rows[1]).toHaveTextContent(/accepted$/)
    expect(rows[2]).toHaveTextContent(/accepted, then voidedby void, 23 Nov 2026, 12:30$/)
    expect(rows[3]).toHaveTextContent(/accepted, then voidedby not listed$/)
  })
})

describe('every page', () => {
  it('says so when the account holds sample data', async () => {
    const account = { ...session().account, sample_data: true }
    server.use(http.get(api('auth/me'), () => HttpResponse.json(session({ account }))))
    renderApp('/savings')

    expect(await screen.findByRole('complementary', { name: 'Sample data' })).toBeVisible()
  })
})
