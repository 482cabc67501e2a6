import { act, render, screen } from '@testing-library/react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CalmStatus } from './calm-status'

const SECOND_MS = 1000

/** Show what was saved, which is another amount in each second, and hear what is said of it. */
function listen() {
  const begun = Date.now()
  const second = () => Math.floor((Date.now() - begun) / SECOND_MS)
  const shown = (isStale: boolean) => (
    <CalmStatus
      isStale={isStale}
      summary={() => `${isStale ? 'was' : 'is'} saved: ${second()} cents`}
    />
  )
  const { rerender } = render(shown(false))
  return {
    said: () => screen.getByRole('status').textContent,
    /** Let seconds pass, in each of which the page is drawn. */
    pass: (seconds: number, isStale = false) => {
      const heard = new Set<string>()
      for (let passed = 0; passed < seconds; passed += 1) {
        rerender(shown(isStale))
        heard.add(screen.getByRole('status').textContent)
        act(() => {
          vi.advanceTimersByTime(SECOND_MS)
        })
        heard.add(screen.getByRole('status').textContent)
      }
      return [...heard]
    },
  }
}

describe('what is said of a meter that ticks', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })

  afterEach(() => {
    vi.useRealTimers()
  })

  it('stays as it is for a minute, and is then of the present', () => {
    const { said, pass } = listen()

    pass(59)
    expect(said()).toBe('is saved: 0 cents')
    pass(2)
    expect(said()).toBe('is saved: 60 cents')
    pass(58)
    expect(said()).toBe('is saved: 60 cents')
    pass(2)
    expect(said()).toBe('is saved: 120 cents')
  })

  it('is at once that newer answers fail to come, and a minute of calm follows', () => {
    const { said, pass } = listen()
    pass(20)

    expect(pass(59, true)).toEqual(['was saved: 20 cents'])
    pass(2, true)
    expect(said()).toBe('was saved: 80 cents')
  })

  it('is only in the next minute that they come again', () => {
    const { said, pass } = listen()
    pass(20)
    pass(5, true)

    expect(pass(54)).toEqual(['was saved: 20 cents'])
    pass(2)
    expect(said()).toBe('is saved: 80 cents')
  })

  it.each([1, 7, 29])('is told twice a minute at most of a feed that flaps every %i s', (s) => {
    const { said, pass } = listen()
    const told: number[] = []
    let last = said()
    for (let second = 1; second <= 600; second += 1) {
      pass(1, Math.floor(second / s) % 2 === 1)
      if (said() !== last) told.push(second)
      last = said()
    }

    expect(told.length).toBeGreaterThanOrEqual(5)
    const inAMinute = told.map((from) => told.filter((at) => at >= from && at < from + 60).length)
    expect(Math.max(...inAMinute)).toBeLessThanOrEqual(2)
  })
})
