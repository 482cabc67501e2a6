import { screen, within } from '@testing-library/react'
import { http, HttpResponse } from 'msw/http'
import { beforeEach, describe, expect, it } from 'vitest'
import { coverage, instance, instances, match, savings, unpricedInstance } from '../test/answers'
import { renderApp } from '../test/render-app'
import { api, server } from '../test/server'

const exact = instance({ instance_id: 'i-exact', name: 'very-same' })
const substitute = instance({
  instance_id: 'i-sub',
  name: 'stand-in',
  gpu_type: 'RTX 4090',
  gpu_count: 2,
  match: match({ grade: 'D', gpu_type: 'L40S', sku: 'g6e.xlarge' }),
})

beforeEach(() => {
  server.use(
    http.get(api('instances'), () =>
      HttpResponse.json(instances([exact, substitute, unpricedInstance()])),
    ),
  )
})

const tableOf = (address: string) =>
  screen.findByRole('table', {
    name: address === '/' ? 'All instances with their comparison' : 'All-time figures by instance',
  })
const namesIn = async (address: string) =>
  within(await tableOf(address))
    .getAllByRole('rowheader')
    .map((cell) => cell.textContent.replace('vastai', ''))

describe('a grade', () => {
  it('has a word beside its letter, in the rows and in the evidence', async () => {
    const grades = { A: 6, B: 1, C: 1, D: 1, N: 1, R: 0 }
    server.use(
      http.get(api('economy/savings'), () =>
        HttpResponse.json(savings({ coverage: coverage({ grades }) })),
      ),
    )
    renderApp('/')

    const meter = await screen.findByRole('region', { name: 'Savings meter' })
    for (const word of ['exact', 'same chip', 'variant', 'substitute', 'no comparison']) {
      expect(await within(meter).findByText(word)).toBeVisible()
    }
    const table = await tableOf('/')
    expect(within(table).getByText('exact')).toBeVisible()
    expect(within(table).getByText('substitute')).toBeVisible()
    expect(within(table).getByText('no comparison')).toBeVisible()
  })
})

describe.each(['/', '/savings'])('the rows of %s', (address) => {
  it('can be those without an exact match alone, which are counted', async () => {
    const { user } = renderApp(address)
    await tableOf(address)
    expect(await namesIn(address)).toEqual(['very-same', 'stand-in', 'mystery'])

    const toggle = await screen.findByRole('button', { name: 'Without exact match (2)' })
    await user.click(toggle)

    expect(toggle).toHaveAttribute('aria-pressed', 'true')
    expect(await namesIn(address)).toEqual(['stand-in', 'mystery'])

    await user.click(toggle)
    expect(await namesIn(address)).toHaveLength(3)
  })

  it('say so where every match is exact', async () => {
    server.use(http.get(api('instances'), () => HttpResponse.json(instances([exact]))))
    const { user } = renderApp(address)

    await user.click(await screen.findByRole('button', { name: 'Without exact match (0)' }))

    expect(screen.getByText('Every instance that is shown has an exact match.')).toBeVisible()
  })

  it('lead to what was weighed, but for a GPU that nobody knows', async () => {
    const { user } = renderApp(address)
    const row = (name: string) => screen.findByRole('row', { name: new RegExp(name) })
    const weighed = { name: 'what was weighed' }
    expect(within(await row('mystery')).queryByRole('link', weighed)).toBeNull()

    await user.click(within(await row('stand-in')).getByRole('link', weighed))

    const panel = await screen.findByRole('dialog', { name: 'RTX 4090 × 2 · AWS' })
    expect(screen.getByLabelText('address')).toHaveTextContent(
      '/prices?gpu=RTX+4090&count=2&provider=AWS',
    )
    expect(
      await within(panel).findByRole('table', { name: 'Every way that was weighed, best first' }),
    ).toBeVisible()
  })
})
