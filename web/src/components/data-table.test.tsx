import { act, render, screen } from '@testing-library/react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Column, DataTable } from './data-table'

const COLUMNS: readonly Column<number>[] = [
  { key: 'number', header: 'Number', cell: (row) => `row ${row}` },
]

function rowsUpTo(count: number) {
  return Array.from({ length: count }, (_, index) => index)
}

interface TableProps {
  readonly count: number
  readonly hasLargeRows?: boolean
}

function Table({ count, hasLargeRows = true }: TableProps) {
  return (
    <DataTable
      caption="Numbers"
      columns={COLUMNS}
      rows={rowsUpTo(count)}
      rowKey={(row) => String(row)}
      hasLargeRows={hasLargeRows}
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

const isSeen = () => !screen.getAllByRole('rowgroup').some((one) => one.matches('.invisible'))

describe('a table of large rows', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })

  afterEach(() => {
    vi.useRealTimers()
  })

  it('needs no frames where its rows are few or small', () => {
    const { rerender } = render(<Table count={8} />)
    expect(isSeen()).toBe(true)
    expect(drawn()).toEqual(all(8))
    rerender(<Table key="small" count={20} hasLargeRows={false} />)
    expect(isSeen()).toBe(true)
    expect(drawn()).toEqual(all(20))
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

  it('is laid out over some frames, and seen when it is whole', () => {
    const { rerender } = render(<Table count={20} />)
    expect(drawn()).toEqual(all(8))
    expect(isSeen()).toBe(false)

    nextFrame()
    expect(drawn()).toEqual(all(16))
    expect(isSeen()).toBe(false)
    nextFrame()
    expect(drawn()).toEqual(all(20))
    expect(isSeen()).toBe(true)

    rerender(<Table count={22} />)
    expect(drawn()).toEqual(all(22))
    rerender(<Table count={40} />)
    expect(isSeen()).toBe(true)
    nextFrame()
    nextFrame()
    expect(drawn()).toEqual(all(40))
  })
})
