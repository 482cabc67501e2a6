import { screen, within } from '@testing-library/dom'
import { expect, it } from 'vitest'
import page from '../../widget.html?raw'

/** Put on what the server sends before a script has run. */
function open(html: string): void {
  const sent = new DOMParser().parseFromString(html, 'text/html')
  for (const { name, value } of sent.documentElement.attributes) {
    document.documentElement.setAttribute(name, value)
  }
  document.body.append(...sent.body.querySelectorAll('main'))
}

it('is in the language that its reader chose, from the title to the last sentence', async () => {
  localStorage.setItem('dumont-economy.language', 'pt-BR')
  open(page)
  const widget = document.querySelector('economy-widget')
  widget?.setAttribute('base', '/')

  await import('../widget-page')

  const frame = widget?.shadowRoot?.firstElementChild
  if (!(frame instanceof HTMLElement)) throw new Error('The page shows no meter.')
  expect(await within(frame).findByText('3 instâncias ativas')).toBeVisible()
  expect(document.documentElement).toHaveAttribute('lang', 'pt-BR')
  expect(document.title).toBe('Medidor de economia · Dumont Economy')
  expect(screen.getByRole('heading', { level: 1 })).toHaveTextContent('Medidor de economia')
})
