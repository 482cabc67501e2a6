import { screen, waitFor } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { figure, renderApp } from '../test/render-app'

/** What somebody reported is a fact, not a figure of ours; the summary says again what is shown. */
const NOT_OURS = [
  '[role=status]',
  '[aria-label="The latest usage events"]',
  '[aria-label^="Events of this instance"]',
  '[aria-label^="Rates of the session"]',
  'figure',
].join()

/** Return the amounts on the page that are in no link to a proof, with the words around them. */
function closedAmounts(): string[] {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  const closed: string[] = []
  while (texts.nextNode() !== null) {
    const { textContent, parentElement } = texts.currentNode
    if (/\$\s?\d/.test(textContent ?? '') && parentElement?.closest(`a.why, ${NOT_OURS}`) == null) {
      closed.push(parentElement?.closest('li, p, dd, td, th')?.textContent ?? '')
    }
  }
  return closed
}

describe('every figure opens its proof', () => {
  it.each(['/', '/savings', '/instances/h100x2'])('on %s', async (address) => {
    renderApp(address)
    await screen.findAllByRole('table')
    await waitFor(() => {
      expect(document.querySelectorAll('.skeleton')).toHaveLength(0)
    })
    figure('lifetime-saving')

    expect(document.querySelectorAll('a.why').length).toBeGreaterThan(4)
    expect(closedAmounts()).toEqual([])
  })
})
