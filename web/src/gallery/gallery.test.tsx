import { readdirSync, readFileSync } from 'node:fs'
import { render, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { Provider } from 'react-redux'
import { MemoryRouter } from 'react-router'
import { describe, expect, it } from 'vitest'
import { ScreenLink } from '../app/screen-link'
import { makeStore } from '../app/store'
import { PageLinks } from '../components/page-link'
import { Gallery } from './gallery'

/** Components that the gallery has no example of, each with the reason. */
const NOT_SHOWN = new Map([
  ['StaleAnswer', 'it is StaleNotice where an answer is old, and nothing else'],
  ['CalmStatus', 'it is heard and never seen'],
  ['SavePicture', 'it is the buttons under StepChart'],
  ['LatePart', 'it is what it loads, or Skeleton, or FirstLoadFailure'],
  ['LeftOutList', 'it is the list in LeftOut'],
  ['ReasonWords', 'it is nothing but words, such as those of MatchCell'],
  ['Sentence', 'it is nothing but words, such as those of LiveUncompared'],
])

/** What the files of components export and begin with a capital. */
function components(): string[] {
  return readdirSync('src/components')
    .filter((name) => /(?<!\.test)\.tsx?$/.test(name))
    .flatMap((name) => [
      ...readFileSync(`src/components/${name}`, 'utf8').matchAll(/^export function ([A-Z]\w*)/gm),
    ])
    .map(([, component = '']) => component)
}

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
  it('shows every component, or says why not', () => {
    const source = readFileSync('src/gallery/gallery.tsx', 'utf8')
    const isShown = (component: string) => new RegExp(`<${component}\\b`).test(source)
    const all = components()

    expect(all).toContain('Card')
    expect(all.filter((one) => !isShown(one) && !NOT_SHOWN.has(one))).toEqual([])
    expect([...NOT_SHOWN.keys()].filter((one) => isShown(one) || !all.includes(one))).toEqual([])
  })

  it.each(['Stat', 'Card', 'Chip', 'Toggle', 'Link', 'Table', 'Step chart', 'Widget', 'Colours'])(
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
