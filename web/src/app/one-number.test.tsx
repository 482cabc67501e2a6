import { screen, waitFor, within } from '@testing-library/react'
import { http, HttpResponse } from 'msw/http'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import reviewedHistory from '../../../tests/snapshots/history.json'
import reviewedInstances from '../../../tests/snapshots/instances.json'
import reviewedLines from '../../../tests/snapshots/ledger_lines.json'
import reviewedTotals from '../../../tests/snapshots/ledger_totals.json'
import reviewedSavings from '../../../tests/snapshots/savings.json'
import { parseLedgerLines } from '../api/ledger'
import { figuresOf, linesOf } from '../features/proof/ledger-line'
import { agree, difference } from '../lib/decimal'
import { figure, renderApp } from '../test/render-app'
import { api, server } from '../test/server'

/*
 * One fleet at one instant, as the server told it in every way: what the screen shows and saves of
 * it is the same number everywhere. The figures stand still here, so that they can be compared.
 */

const standing = (value: string) => ({ value, per_second: '0.0000000000000000' })
const LIVE = reviewedSavings.live
const SAVINGS = {
  ...reviewedSavings,
  live: Object.fromEntries(
    Object.entries(LIVE).map(([name, { value }]) => [name, standing(value)]),
  ),
}

/** Round a decimal half to even, as a file and the screen do, with no arithmetic of either. */
function rounded(text: string | number, decimals: number): string {
  const [whole = '0', fraction = ''] = String(text).replace('-', '').split('.')
  const digits = BigInt(whole + fraction.padEnd(12, '0').slice(0, 12))
  const step = 10n ** BigInt(12 - decimals)
  const rest = (digits % step) * 2n
  const cut = digits / step
  const up = rest > step || (rest === step && cut % 2n === 1n) ? cut + 1n : cut
  const padded = up.toString().padStart(decimals + 1, '0')
  const sign = String(text).startsWith('-') && up !== 0n ? '-' : ''
  return `${sign}${padded.slice(0, -decimals)}.${padded.slice(-decimals)}`
}

/** Return the digits of a shown amount. */
const digitsOf = (text: string | null) =>
  /^-?[\d.]+/.exec((text ?? '').replace(/[$,]/g, ''))?.[0] ?? ''
const shown = (name: string) => {
  const found = figure(name)
  return digitsOf((found.querySelector('.ticking') ?? found).textContent)
}

/** Return the rows of a saved file, each by the names of its columns. */
function rowsOf(file: string): Record<string, string>[] {
  const [head = '', ...lines] = file.trimEnd().split('\r\n')
  const names = head.split(',')
  return lines.map((line) =>
    Object.fromEntries(line.split(',').map((cell, index) => [names[index] ?? '', cell])),
  )
}

const files: Blob[] = []

beforeEach(() => {
  files.length = 0
  server.use(
    http.get(api('economy/savings'), () => HttpResponse.json(SAVINGS)),
    http.get(api('economy/savings/history'), () => HttpResponse.json(reviewedHistory)),
    http.get(api('instances'), () => HttpResponse.json(reviewedInstances)),
  )
  vi.spyOn(URL, 'createObjectURL').mockImplementation((file) => {
    files.push(file as Blob)
    return 'blob:test'
  })
  vi.spyOn(URL, 'revokeObjectURL').mockReturnValue()
  vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(() => undefined)
})

// Whole pages are drawn.
describe('one number everywhere', { timeout: 20_000 }, () => {
  it('in the answers: the lines, the totals and the counter', () => {
    const lines = linesOf(parseLedgerLines(reviewedLines).entries)
    const { totals } = reviewedTotals

    expect(LIVE.lifetime.value).toBe(totals.saving)
    expect(rounded(totals.saving, 4)).toBe(reviewedSavings.lifetime_savings.toFixed(4))
    expect(rounded(totals.actual, 4)).toBe(reviewedSavings.lifetime_cost.toFixed(4))
    expect(agree(figuresOf(lines).saving, totals.saving as `${number}`, lines.length * 2)).toBe(
      true,
    )
  })

  it('on the dashboard: the meter', async () => {
    renderApp('/')
    await screen.findByRole('region', { name: 'Savings meter' })
    await waitFor(() => figure('lifetime-saving'))

    expect(shown('lifetime-saving')).toBe(rounded(LIVE.lifetime.value, 2))
    expect(shown('session-saving')).toBe(rounded(LIVE.session.value, 4))
    expect(shown('month-projection')).toBe(rounded(reviewedSavings.projections.monthly, 2))
  })

  it('on the page of savings: the counter, the tiles, the comparison of providers', async () => {
    renderApp('/savings')
    await screen.findByRole('region', { name: 'Saved in all time' })
    await waitFor(() => figure('lifetime-saving:AWS'))

    expect(shown('lifetime-saving')).toBe(rounded(LIVE.lifetime.value, 4))
    expect(shown('lifetime-saving:AWS')).toBe(rounded(LIVE.lifetime.value, 2))
    expect(shown('session-saving')).toBe(rounded(LIVE.session.value, 4))
    expect(shown('lifetime-cost')).toBe(rounded(reviewedTotals.totals.actual, 2))
    expect(shown('lifetime-provider-cost')).toBe(rounded(reviewedTotals.totals.comparison, 2))
    expect(shown('month-projection')).toBe(rounded(reviewedSavings.projections.monthly, 2))
    expect(shown('year-projection')).toBe(rounded(reviewedSavings.projections.yearly, 2))
  })

  it('in the saved files: the breakdown and the history have the digits of the ledger', async () => {
    const { user } = renderApp('/savings')
    const breakdown = await screen.findByRole('region', { name: 'Breakdown' })
    await user.click(await within(breakdown).findByRole('button', { name: 'Download CSV' }))
    const days = await screen.findByRole('region', { name: 'History' })
    await user.click(await within(days).findByText(/Show as table/))
    await user.click(await within(days).findByRole('button', { name: /CSV/ }))

    const [ofInstances = '', ofDays = ''] = await Promise.all(files.map((file) => file.text()))
    const byInstance = new Map(reviewedTotals.groups.map((group) => [group.key, group]))
    for (const row of rowsOf(ofInstances)) {
      const of = reviewedInstances.instances.find(({ name }) => name === row['Instance'])
      const group = byInstance.get(of?.instance_id ?? '')
      expect(row['You paid']).toBe(rounded(group?.actual ?? '', 2))
      // What has no comparison at all has an empty cell, and a saving of nothing in the ledger.
      expect(row['Saved']).toBe(
        Number(group?.comparable_actual) === 0 ? '' : rounded(group?.saving ?? '', 2),
      )
    }
    expect(rowsOf(ofInstances)).toHaveLength(reviewedInstances.instances.length)
    const used = reviewedHistory.history
    const told = rowsOf(ofDays).map((row) => [row['Date'], row['Saved']])
    expect(told).toEqual(
      expect.arrayContaining(used.map(({ date, savings }) => [date, rounded(savings, 2)])),
    )
  })

  it('is found where it is not: a control', () => {
    const other = difference(LIVE.lifetime.value as `${number}`, '0.0001')

    expect(rounded(other, 4)).not.toBe(rounded(LIVE.lifetime.value, 4))
    expect(rounded('0.125', 2)).toBe('0.12')
    expect(rounded('-0.375', 2)).toBe('-0.38')
  })
})
