import { cleanup, screen, within } from '@testing-library/react'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { renderApp as RenderApp } from '../test/render-app'

// The language is read when modules load, so they are loaded anew.
let renderApp: typeof RenderApp

beforeEach(async () => {
  vi.resetModules()
  localStorage.setItem('dumont-economy.language', 'pt-BR')
  ;({ renderApp } = await import('../test/render-app'))
})

describe('the screen in Portuguese', () => {
  it('shows the meter with its words, amounts and dates', async () => {
    renderApp('/')
    const meter = await screen.findByRole('region', { name: 'Medidor de economia' })

    expect(await within(meter).findByText('3 instâncias ativas')).toBeVisible()
    expect(within(meter).getByText('vs AWS sob demanda, us-east-1')).toBeVisible()
    expect(meter.querySelector('[data-figure="lifetime-saving"]')).toHaveTextContent('US$ 100,25')
    expect(within(meter).getByText('preço mais antigo: 12 de set. de 2026')).toBeVisible()
    cleanup()
  })

  it('says of each provider what stands there, with its article', async () => {
    renderApp('/prices')

    const matrix = await screen.findByRole('table', { name: /^GPU por provedor/ })
    const row = within(matrix).getByRole('row', { name: /RTX 4090/ })
    for (const at of ['na AWS', 'no GCP', 'na Azure']) {
      expect(within(row).getByRole('link', { name: new RegExp(`RTX 4090 ${at}\\b`) })).toBeVisible()
    }
    cleanup()
  })

  it('calls what has been a histórico, not a história', async () => {
    renderApp('/savings')

    expect(await screen.findByRole('region', { name: 'Histórico' })).toBeVisible()
    expect(document.body).not.toHaveTextContent(/história/i)
    cleanup()
  })

  it('says why a candidate was not chosen, and why a GPU is none', async () => {
    renderApp('/prices?gpu=RTX+4090&provider=AWS')

    const panel = await screen.findByRole('dialog', { name: 'RTX 4090 × 1 · AWS' })
    const weighed = await within(panel).findByRole('table', {
      name: 'Todas as opções pesadas, a melhor primeiro',
    })
    expect(within(weighed).getAllByText('custa mais').length).toBeGreaterThan(0)
    const rejected = within(panel).getByRole('table', {
      name: 'GPUs com preço que não foram candidatas',
    })
    expect(within(rejected).getAllByText(/^banda de memória: .* o mínimo é 0,5$/).length).toBe(1)
    for (const table of [weighed, rejected]) expect(table.querySelector('[lang="en"]')).toBeNull()
    cleanup()
  })

  it('opens a figure in the same language, with the formula in its numbers', async () => {
    renderApp('/savings?why=usage')

    const panel = await screen.findByRole('dialog', {
      name: 'Por quê? Economizado · Desde o início',
    })
    expect(await within(panel).findByText(/^As linhas somam US\$/)).toBeVisible()
    expect(panel).toHaveTextContent(/US\$\s55,04 × 1\/4 × 10 h = US\$\s137,60/)
    cleanup()
  })
})
