import { describe, expect, it } from 'vitest'
import { ticksTo, tickStep } from './picture'

describe('an axis', () => {
  it.each([
    [1, 0.2],
    [9, 2],
    [10, 2],
    [11, 2.5],
    [1234, 250],
    [0.03, 0.01],
  ])('with a height of %d has ticks every %d', (top, step) => {
    expect(tickStep(top)).toBeCloseTo(step, 10)
  })

  it.each([
    [1, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [11, [0, 2.5, 5, 7.5, 10, 12.5]],
  ])('to a height of %d covers it', (top, ticks) => {
    expect(ticksTo(top).map((tick) => Number(tick.toFixed(10)))).toEqual(ticks)
  })
})
