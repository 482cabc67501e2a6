import { act, render, screen } from '@testing-library/react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Column, DataTable } from './data-table'

const COLUMNS: readonly Column<number>[] = [
  { key: 'number', header: 'Number', cell: (row) => `row ${row}` },
]

function rowsUpTo(count: number) {
  return Array.from({ length: count }, (_, index) => index)
}

function Table({ count }: { readonly count: number }) {
  return (
    <DataTable
      caption="Numbers"
      columns={COLUMNS}
      rows={rowsUpTo(count)}
      rowKey={(row) => String(row)}
    />
  )
}

const drawn = () => screen.queryAllByRole('rowheader').map(({ textContent }) => textContent)
const all = (count: number) => rowsUpTo(count).map((row) => `row ${row}`)

function nextFrame(): void {
  act(() => {
    vi.advanceTimersToNextFrame()
    vi.advanceTimersByTime(1)
  })
}

describe('a table', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })

  afterEach(() => {
    vi.useRealTimers()
  })

  it('has room for the rows that are to come, as much as those that are there take', () => {
    vi.spyOn(HTMLElement.prototype, 'offsetHeight', 'get').mockImplementation(function (
      this: HTMLElement,
    ) {
      return this.querySelectorAll('tr').length * 50
    })
    render(<Table count={20} />)
    const room = () => screen.getByRole('table').nextElementSibling
    expect(room()).toHaveStyle({ height: '600px' })

    nextFrame()
    expect(room()).toHaveStyle({ height: '200px' })
    nextFrame()
    expect(room()).toBeNull()
  })

  it('of many rows is drawn from the top over some frames, and then whole', () => {
    const { rerender } = render(<Table count={20} />)
    expect(drawn()).toEqual(all(8))

    nextFrame()
    expect(drawn()).toEqual(all(16))
    nextFrame()
    expect(drawn()).toEqual(all(20))

    rerender(<Table count={22} />)
    expect(drawn()).toEqual(all(22))
    rerender(<Table count={40} />)
    nextFrame()
    nextFrame()
    expect(drawn()).toEqual(all(40))
  })
})
