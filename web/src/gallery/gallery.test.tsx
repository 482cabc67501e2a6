import { render, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { Provider } from 'react-redux'
import { MemoryRouter } from 'react-router'
import { describe, expect, it } from 'vitest'
import { ScreenLink } from '../app/screen-link'
import { makeStore } from '../app/store'
import { PageLinks } from '../components/page-link'
import { Gallery } from './gallery'

function open() {
  render(
    <Provider store={makeStore()}>
      <MemoryRouter>
        <PageLinks value={ScreenLink}>
          <Gallery />
        </PageLinks>
      </MemoryRouter>
    </Provider>,
  )
  return userEvent.setup()
}

describe('the gallery', () => {
  it.each(['Stat', 'Chip', 'Toggle', 'Table', 'Step chart', 'Widget', 'Colours'])(
    'shows the %s',
    (name) => {
      open()

      expect(screen.getByRole('region', { name })).toBeVisible()
    },
  )

  it('sorts its table, numbers from the largest', async () => {
    const user = open()
    const table = screen.getByRole('table', { name: 'Two instances' })
    const first = () => within(table).getAllByRole('rowheader')[0]

    await user.click(within(table).getByRole('button', { name: 'Instance' }))
    expect(first()).toHaveTextContent('batch')
    await user.click(within(table).getByRole('button', { name: 'Saved' }))

    expect(first()).toHaveTextContent('trainer')
    expect(within(table).getByRole('columnheader', { name: /Saved/ })).toHaveAttribute(
      'aria-sort',
      'descending',
    )
  })

  it('opens its panel and closes it', async () => {
    const user = open()

    await user.click(screen.getByRole('button', { name: 'Open a panel' }))
    const panel = screen.getByRole('dialog', { name: 'A panel' })
    expect(within(panel).getByRole('heading', { name: 'A panel' })).toHaveFocus()
    await user.click(within(panel).getByRole('button', { name: 'Close' }))

    expect(screen.queryByRole('dialog')).toBeNull()
  })

  it('says what was done, for a moment', async () => {
    const user = open()

    await user.click(screen.getByRole('button', { name: 'Show a toast' }))

    await waitFor(() => {
      expect(screen.getByText('Version 2 is in force.')).toBeVisible()
    })
  })
})
