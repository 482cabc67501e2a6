import { screen, waitFor, within } from '@testing-library/react'
import { http, HttpResponse } from 'msw/http'
import { describe, expect, it, type Mock, vi } from 'vitest'
import oneInstance from '../../../tests/snapshots/instance.json'
import lines from '../../../tests/snapshots/ledger_lines.json'
import totals from '../../../tests/snapshots/ledger_totals.json'
import savingsSnapshot from '../../../tests/snapshots/savings.json'
import { instance, instances, session, unpricedInstance } from '../test/answers'
import { figure, renderApp } from '../test/render-app'
import { api, problem, server } from '../test/server'

const thePanel = () => screen.findByRole('dialog', { name: /^Why\?/ })

/** Answer lines, and tell what was asked for. */
const answerLines = (answer: object = lines) => {
  const asked: URLSearchParams[] = []
  server.use(
    http.get(api('ledger/lines'), ({ request }) => {
      asked.push(new URL(request.url).searchParams)
      return HttpResponse.json(answer as Record<string, unknown>)
    }),
  )
  return asked
}

/** Press buttons of the panel that copy, each once the one before has. */
const pressEach = async (
  user: ReturnType<typeof renderApp>['user'],
  copied: Mock,
  names: readonly string[],
) => {
  const panel = await thePanel()
  for (const [index, name] of names.entries()) {
    await user.click(await within(panel).findByRole('button', { name }))
    await waitFor(() => {
      expect(copied).toHaveBeenCalledTimes(index + 1)
    })
  }
}

const GRADES = totals.totals.coverage.grades

describe('why a figure is what it is', () => {
  it('opens from the figure: the formula, the lines, and that they add up to it', async () => {
    const asked = answerLines()
    const { user } = renderApp('/savings')

    await user.click(await waitFor(() => figure('lifetime-saving')))

    const panel = await thePanel()
    expect(panel).toHaveAccessibleName('Why? Saved · All time')
    expect(await within(panel).findByText(/^The lines add up to/)).toBeVisible()
    expect(figure('adds-up')).toHaveAttribute('data-proven', 'true')
    expect(figure('why-comparison')).toHaveTextContent('$306.1731575')
    expect(figure('why-paid-compared')).toHaveTextContent('$151.94')
    expect(figure('why-saving')).toHaveTextContent('$154.2331575')
    // The lines are asked for as of the instant of the totals, or they could not add up.
    expect(asked[0]?.get('as_of')).toBe(totals.as_of)
  })

  it('shows the price behind a line: SKU, grade, region, dates, source, and the formula', async () => {
    renderApp('/savings?why=usage')
    const panel = await thePanel()

    const [named] = await within(panel).findAllByText('p5.48xlarge')
    const first = named?.closest('li') ?? document.body

    expect(first).toHaveTextContent('$4.40 × 10 h = $44.00')
    expect(first).toHaveTextContent('$55.04 × 1/4 × 10 h = $137.60')
    expect(first).toHaveTextContent('us-east-1')
    expect(first).toHaveTextContent('in force since 30 Apr 2025')
    expect(within(first).getByRole('link')).toHaveAttribute(
      'href',
      expect.stringContaining('https://'),
    )
  })

  it('adds up what is asked about: the lines of what was paid come to what was paid', async () => {
    answerLines()
    renderApp('/savings?why=usage&why.of=paid')

    // Beside it stand a saving of $154.23 and what would have been charged.
    expect(await screen.findByText(/^The lines add up to \$154\.9400000000: the/)).toBeVisible()
    expect(figure('why-paid')).toHaveTextContent('$154.94')
  })

  it('opens what is against substitutes: their lines alone, which come to it', async () => {
    const { coverage } = savingsSnapshot
    answerLines()
    server.use(http.get(api('economy/savings'), () => HttpResponse.json(savingsSnapshot)))
    const { user } = renderApp('/savings')
    const [named] = await screen.findAllByRole('link', {
      name: 'of which $2.73 against substitutes, why?',
    })

    await user.click(named ?? document.body)

    const panel = await thePanel()
    expect(panel).toHaveAccessibleName('Why? Saved · against substitutes · All time')
    expect(
      await within(panel).findByText(/^The lines add up to \$2\.7320000000: the/),
    ).toBeVisible()
    expect(coverage.substitutes_saving).toBe('2.7320000000')
    expect(within(panel).queryByText('p5.48xlarge')).toBeNull()
  })

  it('holds the lines against substitutes to the figure of the totals', async () => {
    answerLines()
    const { coverage } = totals.totals
    const other = { ...coverage, substitutes_saving: '2.8000000000' }
    const answer = { ...totals, totals: { ...totals.totals, coverage: other } }
    server.use(http.get(api('ledger/totals'), () => HttpResponse.json(answer)))
    renderApp('/savings?why=usage&why.grade=D')

    expect(
      await screen.findByText(
        'Saved: the lines above add up to $2.7320000000, which is not the figure.',
      ),
    ).toHaveClass('text-loss')
  })

  it('opens hours of use: their seconds, line by line, which come to them', async () => {
    answerLines()
    server.use(http.get(api('economy/savings'), () => HttpResponse.json(savingsSnapshot)))
    const { user } = renderApp('/savings')

    await user.click(await screen.findByRole('link', { name: /h of use, .* GPU-hours, why\?$/ }))

    const panel = await thePanel()
    expect(panel).toHaveAccessibleName('Why? Hours of use · All time')
    expect(
      await within(panel).findByText(
        'The lines add up to 70 h of use (252,000 s), 80 GPU-hours: the figure above.',
      ),
    ).toBeVisible()
    expect(figure('why-use')).toHaveTextContent('70 h of use (252,000 s), 80 GPU-hours')
    expect(within(panel).queryByText(/would have charged/)).toBeNull()
    expect(within(panel).getAllByText(/^\S+ h × \d+ = \S+ GPU-hours$/).length).toBeGreaterThan(3)
  })

  it('counts use of which nobody knows what was paid, as the totals do', async () => {
    const unpriced = lines.lines.find(({ side }) => side === 'unpriced')
    answerLines({
      ...lines,
      lines: lines.lines.filter(
        (line) => line.side !== 'actual' || line.instance !== unpriced?.instance,
      ),
    })
    renderApp('/savings?why=usage&why.of=use')

    expect(await screen.findByText(/^The lines add up to 70 h of use \(252,000 s\)/)).toBeVisible()
  })

  it('says where GPU-hours are apart by the rounding of their grades', async () => {
    answerLines()
    const coverage = { ...totals.totals.coverage, grades: { ...GRADES, B: 60.0001 } }
    const answer = { ...totals, totals: { ...totals.totals, coverage } }
    server.use(http.get(api('ledger/totals'), () => HttpResponse.json(answer)))
    renderApp('/savings?why=usage&why.of=use')

    expect(
      await screen.findByText(/80 GPU-hours: the figure above, but for 0.0001 GPU-hours of round/),
    ).toBeVisible()
  })

  it.each([
    ['seconds', { used_seconds: '252001' }],
    ['GPU-hours', { coverage: { ...totals.totals.coverage, grades: { ...GRADES, B: 59.9 } } }],
  ])('holds lines of use to the %s of the totals', async (_what, changes) => {
    answerLines()
    const answer = { ...totals, totals: { ...totals.totals, ...changes } }
    server.use(http.get(api('ledger/totals'), () => HttpResponse.json(answer)))
    renderApp('/savings?why=usage&why.of=use')

    expect(
      await screen.findByText(
        'Hours of use: the lines above add up to 70 h of use (252,000 s), 80 GPU-hours, which is not the figure.',
      ),
    ).toHaveClass('text-loss')
  })

  it('names the figure that the lines do not come to, where it is another one', async () => {
    const told = lines.lines.map((line) =>
      line.side === 'comparison' ? { ...line, amount: '1.0000000000' } : line,
    )
    answerLines({ ...lines, lines: told })
    renderApp('/savings?why=usage&why.of=paid')

    expect(await screen.findByText(/^Saved: the lines above add up to/)).toBeVisible()
  })

  it('says in its address against whom, for whoever has chosen another provider', async () => {
    const { user } = renderApp('/savings')
    await screen.findAllByText('66.7% less')
    await user.click(screen.getByRole('button', { name: 'GCP' }))

    await waitFor(() => {
      expect(figure('lifetime-saving').closest('a')).toHaveAttribute(
        'href',
        '/savings?why=usage&why.against=GCP',
      )
    })
  })

  it('says so where the lines do not add up to the figure', async () => {
    const [first, ...rest] = lines.lines
    answerLines({ ...lines, lines: [{ ...first, amount: '123.0000000000' }, ...rest] })
    renderApp('/savings?why=usage')

    expect(await screen.findByText(/which is not the figure/)).toHaveClass('text-loss')
    expect(figure('adds-up')).toHaveAttribute('data-proven', 'false')
  })

  it('does not call what rounding each line came to the figure itself', async () => {
    const [first, ...rest] = lines.lines
    const paid = lines.lines[0]
    const last = (Number(paid?.amount?.slice(-1)) + 1) % 10
    answerLines({
      ...lines,
      lines: [{ ...first, amount: `${paid?.amount?.slice(0, -1)}${last}` }, ...rest],
    })
    renderApp('/savings?why=usage')

    expect(
      await screen.findByText(/: the figure above, but for \$0\.000000000\d of rounding\.$/),
    ).toBeVisible()
    expect(figure('adds-up')).toHaveAttribute('data-proven', 'true')
  })

  it('has an address of its own, and leaves the page where it was when it closes', async () => {
    const { user } = renderApp('/savings?why=usage&why.of=paid')
    const panel = await thePanel()
    expect(panel).toHaveAccessibleName('Why? You paid · All time')

    await user.click(within(panel).getByRole('button', { name: 'Close' }))

    await waitFor(() => {
      expect(screen.queryByRole('dialog')).toBeNull()
    })
    expect(screen.getByLabelText('address')).toHaveTextContent(/^\/savings$/)
  })

  it('goes down to one instance, and asks for its lines alone', async () => {
    const asked = answerLines()
    const { user } = renderApp('/savings?why=usage')
    const groups = await within(await thePanel()).findByRole('table', { name: 'By instance' })

    await user.click(within(groups).getByRole('link', { name: 'h100x2, why?' }))

    await waitFor(() => {
      expect(asked.at(-1)?.get('instance')).toBe('h100x2')
    })
    expect(await thePanel()).toHaveAccessibleName('Why? Saved · Instance h100x2 · All time')
  })

  it('is copied of hours of use as what they are made of: seconds, one row a line', async () => {
    answerLines()
    const { user } = renderApp('/savings?why=usage&why.of=use')
    const copied = vi.spyOn(navigator.clipboard, 'writeText')

    await pressEach(user, copied, ['Copy as text', 'Copy as CSV'])

    const [[asText], [asCsv]] = copied.mock.calls as [[string], [string]]
    expect(asText).toContain('The lines add up to 70 h of use (252,000 s), 80 GPU-hours')
    expect(asText).not.toContain('$')
    const [head, ...rows] = asCsv.trim().split('\r\n')
    expect(head).toBe('instance,usage_provider,gpu,gpu_count,from,to,used_seconds')
    const seconds = rows.map((row) => Number(row.split(',').at(-1)))
    expect(seconds.reduce((all, one) => all + one, 0)).toBe(252_000)
  })

  it('is copied as text, as CSV, and as a link that stays what it is', async () => {
    const { user } = renderApp('/savings?why=usage')
    const copied = vi.spyOn(navigator.clipboard, 'writeText')

    await pressEach(user, copied, ['Copy as text', 'Copy as CSV', 'Copy link'])

    const [[asText], [asCsv], [asLink]] = copied.mock.calls as [[string], [string], [string]]
    expect(asText).toContain('= saved: $154.2331575')
    expect(asText).not.toContain('Sample data')
    expect(asText).toContain(
      '$55.04 × 1/4 × 10 h = $137.60 (Grade B, p5.48xlarge, H100-80GB-SXM, us-east-1',
    )
    expect(asText.trimEnd()).toMatch(/The lines add up to \$154\.2331575000: the figure above\.$/)
    const rows = asCsv.trimEnd().split('\r\n')
    expect(rows[0]).toMatch(/^side,component,instance,/)
    expect(rows).toHaveLength(1 + lines.lines.length)
    expect(asLink).toContain(encodeURIComponent(totals.as_of))
  })

  it('says of sample data that it is, wherever its text and its file go', async () => {
    const account = { ...session().account, sample_data: true }
    server.use(http.get(api('auth/me'), () => HttpResponse.json(session({ account }))))
    vi.spyOn(URL, 'createObjectURL').mockReturnValue('blob:test')
    vi.spyOn(URL, 'revokeObjectURL').mockReturnValue()
    const names: string[] = []
    vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (
      this: HTMLAnchorElement,
    ) {
      names.push(this.download)
    })
    const { user } = renderApp('/savings?why=usage')
    const copied = vi.spyOn(navigator.clipboard, 'writeText')
    const panel = await thePanel()

    await user.click(await within(panel).findByRole('button', { name: 'Copy as text' }))
    await waitFor(() => {
      expect(copied.mock.calls[0]?.[0]).toMatch(/^Sample data: A simulated fleet/)
    })
    await user.click(within(panel).getByRole('button', { name: 'Download CSV' }))
    await waitFor(() => {
      expect(names).toEqual(['sample-data-lines.csv'])
    })
  })

  it('loads the other pages where there are more, and adds up when all are there', async () => {
    const half = Math.ceil(lines.lines.length / 2)
    server.use(
      http.get(api('ledger/lines'), ({ request }) =>
        HttpResponse.json(
          new URL(request.url).searchParams.has('cursor')
            ? { ...lines, lines: lines.lines.slice(half) }
            : { ...lines, lines: lines.lines.slice(0, half), next_cursor: 'c-2' },
        ),
      ),
    )
    const { user } = renderApp('/savings?why=usage')
    const more = await screen.findByRole('button', { name: 'Show more lines' })
    expect(document.querySelector('[data-figure="adds-up"]')).toBeNull()

    await user.click(more)

    expect(await screen.findByText(/^The lines add up to/)).toBeVisible()
  })

  it('tells the session by its instances, and which of them is in no saving', async () => {
    server.use(
      http.get(api('instances'), () =>
        HttpResponse.json(instances([instance(), unpricedInstance()])),
      ),
    )
    renderApp('/?why=session')

    const panel = await thePanel()
    expect(await within(panel).findByText('$8.75 − $5.25 = $3.50')).toBeVisible()
    expect(within(panel).getByText('No comparison, so it is in no saving.')).toBeVisible()
    expect(figure('why-saving')).toHaveTextContent('$3.50')
  })

  it('tells the pace by its rates', async () => {
    renderApp('/?why=pace')

    const panel = await thePanel()
    expect(await within(panel).findByText('$0.526 − $0.15 = $0.376')).toBeVisible()
    // What is charged and paid for all of them is told beside the saving: both are its sides.
    expect(figure('why-sides')).toHaveTextContent('$0.526 − $0.15')
  })

  it('tells what is paid an hour by what was reported, and what is saved by both sides', async () => {
    const opened = oneInstance.sessions.map((session, index) => ({
      ...session,
      ended_at: index === 0 ? null : session.ended_at,
    }))
    server.use(
      http.get(api('instances/*'), () => HttpResponse.json({ ...oneInstance, sessions: opened })),
    )
    const { user } = renderApp('/')
    const table = await screen.findByRole('table', { name: /^All instances/ })
    const row = within(table).getByRole('row', { name: /trainer/ })

    await user.click(within(row).getByRole('link', { name: '$0.15, why?' }))
    const paid = await screen.findByRole('dialog', {
      name: 'Why? You paid · Per hour now · Instance i-1',
    })
    expect(await within(paid).findByText(/^\$0\.15 an hour, as reported for vastai/)).toBeVisible()
    expect(figure('why-paid')).toHaveTextContent('$0.1500000000')
    expect(within(paid).getByRole('link', { name: 'its sessions and events' })).toHaveAttribute(
      'href',
      '/instances/i-1',
    )
    expect(await within(paid).findByText('$4.40 since 30 Jul 2026, 08:00:00')).toBeVisible()
    // What it is compared with is no part of what was paid.
    expect(within(paid).queryByText('AWS price list')).toBeNull()
    await user.click(within(paid).getByRole('button', { name: 'Close' }))

    await user.click(within(row).getByRole('link', { name: '$0.376, why?' }))
    const saved = await screen.findByRole('dialog', { name: 'Why? Per hour now · Instance i-1' })
    expect(await within(saved).findByText('$0.526 − $0.15 = $0.376')).toBeVisible()
    expect(within(saved).getByText(/as reported for vastai/)).toBeVisible()
    expect(within(saved).getByRole('link', { name: /^AWS price list/ })).toHaveAttribute(
      'href',
      'https://prices.example.test/aws',
    )
  })

  it('tells what would be charged an hour by its price alone', async () => {
    renderApp('/?why=pace&why.of=comparison&why.instance=i-1')

    const panel = await thePanel()
    expect(await within(panel).findByRole('link', { name: /^AWS price list/ })).toBeVisible()
    expect(figure('why-comparison')).toHaveTextContent('$0.5260000000')
    expect(within(panel).queryByText(/as reported/)).toBeNull()
  })

  it('tells the projection by its days', async () => {
    renderApp('/?why=projection')

    const panel = await thePanel()
    expect(await within(panel).findByText(/\$28\.80 a day × 30 days =/)).toBeVisible()
    expect(figure('why-month')).toHaveTextContent('$864.00')
    expect(within(panel).getByRole('link', { name: /Open the last 12 days/ })).toBeVisible()
  })

  it('tells a projection with as many digits as its product needs', async () => {
    server.use(http.get(api('economy/savings'), () => HttpResponse.json(savingsSnapshot)))
    renderApp('/?why=projection')

    const panel = await thePanel()
    expect(await within(panel).findByText(/^\$37\.01595781 a day × 30 days =/)).toBeVisible()
    expect(within(panel).getByText(/^\$37\.01595781 a day × 365 days =/)).toBeVisible()
    expect(figure('why-month')).toHaveTextContent('$1,110.4787')
    expect(figure('why-year')).toHaveTextContent('$13,510.8246')
  })

  it('says why it cannot be told, and tries again', async () => {
    server.use(
      http.get(api('ledger/totals'), () => problem(503, 'integrity', 'Fact 7 is damaged.'), {
        once: true,
      }),
    )
    const { user } = renderApp('/savings?why=usage')
    const panel = await thePanel()
    expect(await within(panel).findByText('Fact 7 is damaged.')).toBeVisible()

    await user.click(within(panel).getByRole('button', { name: 'Try again' }))

    expect(await within(panel).findByText(/^The lines add up to/)).toBeVisible()
  })

  it.each([
    ['why=everything', 'why=everything'],
    ['why=usage&why.against=Oracle', 'why.against=Oracle'],
    ['why=usage&why.grade=Z', 'why.grade=Z'],
    ['why=pace&why.of=foo', 'why.of=foo'],
  ])('shows no other figure in place of what %s asks for', async (search, part) => {
    const { user } = renderApp(`/savings?${search}`)

    const panel = await screen.findByRole('dialog', { name: 'Why?' })
    expect(
      await within(panel).findByText(`The address asks for ${part}`, { exact: false }),
    ).toBeVisible()
    expect(within(panel).queryByText(/\$/)).toBeNull()
    await user.click(within(panel).getByRole('button', { name: 'Close' }))
    expect(screen.queryByRole('dialog')).toBeNull()
  })

  it('says that an instance is not on, where others are', async () => {
    renderApp('/savings?why=pace&why.instance=nope')

    const panel = await screen.findByRole('dialog')
    expect(
      await within(panel).findByText('No instance called nope is running, so this is zero.'),
    ).toBeVisible()
  })
})
