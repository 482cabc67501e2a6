import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { onFramesDue, tablesFrom } from './frame-loop'

/** What drawing one figure takes a machine on which once a second is too often for tables. */
const SLOW_MS = 12

describe('the frames that all figures share', () => {
  let spentMs = 0

  beforeEach(() => {
    vi.useFakeTimers()
    spentMs = 0
    const passed = performance.now.bind(performance)
    vi.spyOn(performance, 'now').mockImplementation(() => passed() + spentMs)
  })

  afterEach(() => {
    vi.useRealTimers()
  })

  /** Draw a figure of a table that stays as it is for so long; returns when it was drawn. */
  function figureOfTable(staysMs: number): number[] {
    const drawn: number[] = []
    onTestFinished(
      onFramesDue((now) => {
        drawn.push(now)
        spentMs += SLOW_MS
        return tablesFrom(now + staysMs)
      }),
    )
    return drawn
  }

  it('draw figures of one table together after the pace has changed', () => {
    const always = figureOfTable(1)
    const seldom = figureOfTable(4001)

    vi.advanceTimersByTime(60_000)

    // Every second at first, every other one once it is known what a frame takes.
    const gaps = always.slice(1).map((now, index) => now - (always[index] ?? 0))
    expect(gaps.some((gap) => gap < 1500)).toBe(true)
    expect(gaps.slice(-10).every((gap) => gap > 1500)).toBe(true)
    expect(seldom.length).toBeGreaterThan(5)
    // What was to be drawn at a second of the old pace would stand beside older figures. Each is
    // drawn for itself when it comes.
    expect(seldom.filter((now) => !always.includes(now)).slice(1)).toEqual([])
  })
})
