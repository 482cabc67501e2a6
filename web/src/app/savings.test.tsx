import { act, screen, waitFor, within } from '@testing-library/react'
import { http, HttpResponse } from 'msw/http'
import { describe, expect, it, vi } from 'vitest'
import {
  comparison,
  coverage,
  firstUseSavings,
  history,
  instance,
  instances,
  losingSavings,
  savings,
  session,
  unpricedInstance,
} from '../test/answers'
import { figure, renderApp } from '../test/render-app'
import { api, problem, server } from '../test/server'

const answerSavings = (answer: Record<string, unknown>) => {
  server.use(http.get(api('economy/savings'), () => HttpResponse.json(answer)))
}

const amountOf = (name: string) =>
  Number(figure(name).querySelector('.ticking')?.textContent.replace('$', ''))

const lifetime = () => screen.findByRole('region', { name: 'Saved in all time' })

describe('the lifetime counter', () => {
  it('shows the saving, its percentage, its comparison and its evidence', async () => {
    answerSavings(
      savings({
        coverage: coverage({
          gpu_time: 0.9,
          cost: 0.95,
          grades: { A: 6, B: 0, C: 0, D: 3, N: 1, R: 0 },
          unpriced: [{ gpu_type: 'MI210', gpu_hours: 1 }],
          substitutes_saving: '11.5',
        }),
        notices: [
          {
            code: 'disks_not_compared',
            message: 'Disks are not rated yet.',
            // Without the provider that its sentence names: the words are the server's then.
            parameters: { region: 'us-east-1' },
            named: [],
          },
          {
            code: 'price_feed_stale',
            message: 'Stale.',
            parameters: { source: 'AWS Price List', last_good_at: '2026-03-01T02:00:00Z' },
            named: [],
          },
          {
            code: 'silent_instances',
            message: 'Silent: trainer.',
            parameters: {},
            named: [{ instance: 'trainer' }],
          },
        ],
        oldest_price_retrieved_at: '2026-03-12',
      }),
    )
    renderApp('/savings')

    const region = await lifetime()
    await within(region).findByText('66.7% less')

    expect(figure('lifetime-saving').textContent).toMatch(/^\$100\.25\d\d/)
    expect(within(region).getByText('vs AWS on-demand, us-east-1')).toBeVisible()
    expect(within(region).getByText('covers 90% of GPU time, 95% of cost')).toBeVisible()
    expect(within(region).getByText('of which $11.50 against substitutes')).toBeVisible()
    expect(within(region).getByText(/^oldest price 12 Mar 2026/)).toHaveClass('text-loss')
    expect(within(region).getByText(/^Grade D, substitute.*: 30% of GPU time$/)).toBeInTheDocument()
    const leftOut = screen.getByRole('region', { name: 'Left out, and why' })
    expect(leftOut).toHaveTextContent('MI210 (1 GPU-h)')
    expect(leftOut).toHaveTextContent('Disks are not rated yet.')
    expect(leftOut).toHaveTextContent('nothing new of AWS Price List since 1 Mar 2026, 02:00.')
    expect(within(leftOut).getByText(/^Active, but without a report .*: trainer\./)).toHaveClass(
      'text-loss',
    )
    expect(within(leftOut).getByText('Disks are not rated yet.')).not.toHaveClass('text-loss')
  })

  it('is at every instant what would have been charged less what was paid', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true })
    const { hourly_comparison: hourly } = savings()
    answerSavings(
      savings({
        hourly_comparison: {
          ...hourly,
          dumont_rate: 74,
          dumont_comparable_rate: 74,
          provider_rate: 77.6,
        },
      }),
    )
    renderApp('/savings')
    await waitFor(() => figure('lifetime-provider-cost:AWS'))
    const cost = (name: string) => {
      expect(figure(name)).not.toHaveAttribute('data-outcome')
      return amountOf(name)
    }

    const paid = new Set<number>()
    for (let step = 0; step < 60; step += 1) {
      await act(() => vi.advanceTimersByTimeAsync(333))
      const made = cost('lifetime-provider-cost') - cost('lifetime-cost')
      // Each is rounded once.
      expect(Math.abs(amountOf('lifetime-saving') - made)).toBeLessThan(0.0101)
      const ofAws = cost('lifetime-provider-cost:AWS') - cost('lifetime-comparable-cost:AWS')
      expect(Math.abs(amountOf('lifetime-saving:AWS') - ofAws)).toBeLessThan(0.0151)
      paid.add(cost('lifetime-cost'))
    }

    expect(paid.size).toBeGreaterThan(30)
    expect(Math.max(...paid)).toBeGreaterThan(50.38)
    vi.useRealTimers()
  })

  it('has what of the cost is compared beside it, which ticks too', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true })
    const { hourly_comparison: hourly } = savings()
    answerSavings(
      savings({
        lifetime_comparable_cost: 40,
        hourly_comparison: { ...hourly, dumont_rate: 108, dumont_comparable_rate: 72 },
      }),
    )
    renderApp('/savings')
    await waitFor(() => figure('lifetime-comparable-cost'))

    for (let step = 0; step < 20; step += 1) {
      await act(() => vi.advanceTimersByTimeAsync(1000))
      const apart = amountOf('lifetime-cost') - amountOf('lifetime-comparable-cost')
      // What is not in the saving is drawn once a second, at a cent a second.
      expect(Math.abs(amountOf('uncompared') - apart)).toBeLessThan(0.0251)
    }

    expect(amountOf('uncompared')).toBeGreaterThan(10.18)
    expect(figure('lifetime-comparable-cost').parentElement).toHaveTextContent(
      /^\$40\.4\d of it has a comparison, why\?$/,
    )
    vi.useRealTimers()
  })

  it('has what of the pace is compared beside it, in every unit', async () => {
    const { hourly_comparison: hourly } = savings()
    answerSavings(
      savings({ hourly_comparison: { ...hourly, dumont_rate: 9, dumont_comparable_rate: 7.2 } }),
    )
    const { user } = renderApp('/savings')
    const pace = await screen.findByRole('region', { name: 'Pace now' })

    expect(within(pace).getByText(/^\$7\.20 here/)).toBeVisible()
    expect(within(pace).getByText(/^not in it: \$1\.80 paid/)).toBeVisible()
    await user.click(within(pace).getByRole('button', { name: 'day' }))
    expect(within(pace).getByText(/^not in it: \$43\.20 paid/)).toBeVisible()
  })

  it('names the reference card where it is the comparison', async () => {
    answerSavings(savings({ comparison: comparison({ rate_card: 'reference', region: null }) }))
    renderApp('/savings')

    expect(await within(await lifetime()).findByText('vs AWS, reference card')).toBeVisible()
  })

  it.each([
    [{}, 'Projection: mean of the last 12 days'],
    [{ method: 'hourly', daily_hours: 6, days_measured: null }, 'Projection: at 6 h a day'],
    [
      { method: 'assumed_8_hours', daily_hours: 8, days_measured: null },
      'Projection: assuming 8 h a day',
    ],
  ] as const)('names the method of its projection: %j', async (changes, name) => {
    const { projections } = savings()
    answerSavings(savings({ projections: { ...projections, ...changes } }))
    renderApp('/savings')

    const tile = await screen.findByRole('region', { name })
    expect(tile).toHaveTextContent('$864.00')
    expect(screen.queryByText('At this pace')).toBeNull()
  })

  it('shows a first-time user no percentage and no projection', async () => {
    answerSavings(firstUseSavings())
    renderApp('/savings')

    const region = await lifetime()
    expect(await within(region).findByText('Nothing has been reported yet.')).toBeVisible()

    expect(document.querySelector('[data-figure="savings-percentage"]')).toBeNull()
    expect(screen.getByText('Not enough data')).toBeVisible()
  })

  it('shows a loss as one', async () => {
    answerSavings(losingSavings())
    renderApp('/savings')

    const region = await lifetime()
    expect(await within(region).findByText('33.3% more')).toHaveClass('text-loss')

    expect(figure('lifetime-saving')).toHaveTextContent('-$12.50')
    expect(figure('year-projection')).toHaveTextContent('-$1,051.20')
    expect(figure('pace')).toHaveTextContent('-$0.36')
  })
})

describe('the pace', () => {
  it.each([
    ['s', '$0.001', 'per second'],
    ['min', '$0.06', 'per minute'],
    ['h', '$3.60', 'per hour'],
    ['day', '$86.40', 'per day'],
    ['month', '$2,592.00', 'per month'],
  ])('is told per %s', async (unit, expected, words) => {
    const { user } = renderApp('/savings')
    const pace = await screen.findByRole('region', { name: 'Pace now' })

    await user.click(within(pace).getByRole('button', { name: unit }))

    expect(figure('pace').textContent).toBe(expected)
    expect(within(pace).getByText(words)).toBeVisible()
  })
})

describe('the history', () => {
  it('holds in its table what the chart shows', async () => {
    const { user } = renderApp('/savings')
    const region = await screen.findByRole('region', { name: 'History' })
    await user.click(await within(region).findByText(/Show as table/))

    const table = within(region).getByRole('table', { name: 'Cost and saving by day' })

    const day = within(table).getByRole('row', { name: /21 Nov 2026/ })
    expect(
      within(day)
        .getAllByRole('cell')
        .map((cell) => cell.lastChild?.textContent),
    ).toEqual([
      '4.0, why?',
      '$5.00, why?',
      '$4.00, why?',
      '$3.00, why?',
      '-$1.00 costs more here, why?',
    ])
    expect(figure('range-saving')).toHaveTextContent('$5.72')
  })

  it('says of which instant its totals are, in the zone of its days', async () => {
    server.use(
      http.get(api('economy/savings/history'), () =>
        HttpResponse.json(
          history({ as_of: '2026-11-23T10:23:10Z', timezone: 'America/Sao_Paulo' }),
        ),
      ),
    )
    renderApp('/savings')

    const region = await screen.findByRole('region', { name: 'History' })

    expect(await within(region).findByText(/As of 23 Nov 2026, 07:23:10$/)).toBeVisible()
  })

  it('says what it is against, and how sure that is in its own period', async () => {
    server.use(
      http.get(api('economy/savings/history'), () =>
        HttpResponse.json(
          history({
            coverage: coverage({
              gpu_time: 0.5,
              cost: 0.25,
              grades: { A: 3, B: 0, C: 0, D: 1, N: 4, R: 0 },
              substitutes_saving: '2.0000000000',
            }),
          }),
        ),
      ),
    )
    renderApp('/savings')

    const region = await screen.findByRole('region', { name: 'History' })

    expect(await within(region).findByText(/^vs AWS on-demand, us-east-1/)).toBeVisible()
    expect(within(region).getByText('covers 50% of GPU time, 25% of cost')).toBeVisible()
    expect(within(region).getByText('37.5%')).toBeVisible()
    const substitutes = within(region).getByRole('link', { name: /against substitutes/ })
    expect(substitutes).toHaveTextContent('of which $2.00 against substitutes')
    expect(substitutes.getAttribute('href')).toMatch(/why\.from=.*why\.grade=D/)
  })

  it('asks for the range that was chosen', async () => {
    const asked: (string | null)[] = []
    server.use(
      http.get(api('economy/savings/history'), ({ request }) => {
        asked.push(new URL(request.url).searchParams.get('days'))
        return HttpResponse.json(history())
      }),
    )
    const { user } = renderApp('/savings')
    await screen.findByRole('img', { name: 'Cost by day' })

    for (const range of ['Today', '7 d', '1 y', 'All']) {
      await user.click(screen.getByRole('button', { name: range }))
    }

    await waitFor(() => {
      expect(asked).toEqual(['30', '1', '7', '365', '3660'])
    })
  })

  it('says when there was no use', async () => {
    server.use(
      http.get(api('economy/savings/history'), () => HttpResponse.json(history({ history: [] }))),
    )
    renderApp('/savings')

    expect(await screen.findByText('No use in this range.')).toBeVisible()
  })

  it('fails alone', async () => {
    server.use(
      http.get(api('economy/savings/history'), () => problem(503, 'busy', 'Try again shortly.')),
    )
    renderApp('/savings')

    const region = await screen.findByRole('region', { name: 'History' })

    expect(await within(region).findByRole('alert')).toHaveTextContent('Try again shortly.')
    expect(await within(await lifetime()).findByText('66.7% less')).toBeVisible()
  })
})

describe('the three providers', () => {
  it('stand side by side, each with its own answer', async () => {
    const value = { AWS: '100.2500000000', GCP: '80.0000000000', Azure: '-2.0000000000' }
    server.use(
      http.get(api('economy/savings'), ({ request }) => {
        const provider = new URL(request.url).searchParams.get('provider') as keyof typeof value
        const still = { value: value[provider], per_second: '0.0000000000000000' }
        return HttpResponse.json(
          savings({
            provider,
            savings_percentage: provider === 'Azure' ? -4.2 : 50,
            live: { lifetime: still, session: still },
          }),
        )
      }),
    )
    renderApp('/savings')

    const region = await screen.findByRole('region', { name: 'Three providers' })
    await within(region).findByText('4.2% more, costs more here')

    expect(figure('lifetime-saving:AWS')).toHaveTextContent('$100.25')
    expect(figure('lifetime-saving:GCP')).toHaveTextContent('$80.00')
    expect(figure('lifetime-saving:Azure')).toHaveTextContent('-$2.00')
    expect(within(region).getByText('selected').parentElement).toHaveTextContent('AWS')
  })
})

describe('the breakdown', () => {
  it('names the instant that its figures are of, by instance and by GPU', async () => {
    const { user } = renderApp('/savings')
    const breakdown = await screen.findByRole('region', { name: 'Breakdown' })

    expect(await within(breakdown).findByText('As of 23 Nov 2026, 14:03:00')).toBeVisible()

    await user.click(within(breakdown).getByRole('button', { name: 'By GPU' }))
    await within(breakdown).findByRole('table', { name: 'All-time figures by GPU model' })
    expect(within(breakdown).getByText('As of 23 Nov 2026, 14:03:00')).toBeVisible()
  })

  const both = () => {
    server.use(
      http.get(api('instances'), () =>
        HttpResponse.json(instances([instance(), unpricedInstance()])),
      ),
    )
  }
  const region = () => screen.findByRole('region', { name: 'Breakdown' })
  const names = (table: HTMLElement) =>
    within(table)
      .getAllByRole('rowheader')
      .map((cell) => cell.textContent)

  it('is sorted by the column that is clicked, unknown last', async () => {
    both()
    const { user } = renderApp('/savings')
    const table = await within(await region()).findByRole('table')

    await user.click(within(table).getByRole('button', { name: 'Instance' }))
    expect(names(table)).toEqual(['mystery', 'trainer'])

    await user.click(within(table).getByRole('button', { name: 'Saved' }))
    expect(names(table)).toEqual(['trainer', 'mystery'])
    expect(within(table).getByRole('columnheader', { name: /Saved/ })).toHaveAttribute(
      'aria-sort',
      'descending',
    )

    await user.click(within(table).getByRole('button', { name: /Saved/ }))
    expect(names(table)).toEqual(['trainer', 'mystery'])
  })

  it('shows "no comparison" where nothing is priced, never a zero', async () => {
    both()
    renderApp('/savings')

    const row = await within(await region()).findByRole('row', { name: /mystery/ })

    expect(within(row).getAllByText('no comparison')).toHaveLength(2)
    expect(within(row).queryByText('$0.00')).toBeNull()
  })

  it('goes by GPU too', async () => {
    const { user } = renderApp('/savings')

    await user.click(await screen.findByRole('button', { name: 'By GPU' }))

    const table = await within(await region()).findByRole('table', {
      name: 'All-time figures by GPU model',
    })
    expect(names(table)).toEqual(['T4'])
    // Its use is compared in two ways, and each says how sure it is.
    const grades = within(within(table).getByRole('row', { name: /T4/ })).getAllByRole('listitem')
    expect(grades.map((one) => one.textContent)).toEqual([
      expect.stringMatching(/^AGrade A, same chip.*: 75% of GPU timeexact75%$/),
      expect.stringMatching(/^DGrade D, .*: 25% of GPU timesubstitute25%$/),
    ])
  })

  it('downloads exactly what is shown', async () => {
    both()
    const files: Blob[] = []
    vi.stubGlobal(
      'URL',
      Object.assign(URL, {
        createObjectURL: (file: Blob) => {
          files.push(file)
          return 'blob:test'
        },
        revokeObjectURL: () => undefined,
      }),
    )
    vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(() => undefined)
    const { user } = renderApp('/savings')

    await user.click(await within(await region()).findByRole('button', { name: 'Download CSV' }))

    expect(await files[0]?.text()).toBe(
      [
        'Instance,GPU,Grade,Hours,You paid,Would have been,Saved',
        'trainer,T4 × 1,A,10.5,5.25,8.75,3.50',
        'mystery,GeForce RTX 5070 × 1,N,10.5,5.25,,',
        '',
      ].join('\r\n'),
    )
  })
})

describe('what is saved of sample data', () => {
  it('says so by its name', async () => {
    const account = { ...session().account, sample_data: true }
    const names: string[] = []
    server.use(http.get(api('auth/me'), () => HttpResponse.json(session({ account }))))
    vi.spyOn(URL, 'createObjectURL').mockReturnValue('blob:test')
    vi.spyOn(URL, 'revokeObjectURL').mockReturnValue()
    vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (
      this: HTMLAnchorElement,
    ) {
      names.push(this.download)
    })
    const { user } = renderApp('/savings')

    const breakdown = await screen.findByRole('region', { name: 'Breakdown' })
    await user.click(await within(breakdown).findByRole('button', { name: 'Download CSV' }))
    await user.click(await screen.findByText(/Show as table/))
    const days = await screen.findByRole('region', { name: 'History' })
    await user.click(await within(days).findByRole('button', { name: /CSV/ }))

    expect(names).toEqual([
      'sample-data-savings-by-instance-aws.csv',
      'sample-data-history-aws.csv',
    ])
  })
})
