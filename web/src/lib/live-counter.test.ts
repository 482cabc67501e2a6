import { describe, expect, it } from 'vitest'
import { formatScaledUsd, LiveCounter, type LiveValue, scaled, toDecimalText } from './live-counter'

const FIVE_MINUTES = { startsAt: 1000, endsAt: 301_000, asOf: 0, clockGap: 0 }

const usd = (live: LiveValue, now: number, decimals = 4) =>
  formatScaledUsd(new LiveCounter(live, FIVE_MINUTES).at(now), decimals)

describe('a live value', () => {
  const rising: LiveValue = { value: '12.3456789012', perSecond: '0.0009333333333333' }

  it('is the value of the answer at its beginning', () => {
    expect(toDecimalText(new LiveCounter(rising, FIVE_MINUTES).at(1000))).toBe(
      '12.3456789012000000',
    )
  })

  it('grows by its slope, exactly', () => {
    expect(toDecimalText(new LiveCounter(rising, FIVE_MINUTES).at(61_000))).toBe(
      '12.4016789011999980',
    )
  })

  it('falls where the slope is negative, through zero', () => {
    const falling: LiveValue = { value: '0.0010000000', perSecond: '-0.0001000000000000' }

    expect(usd(falling, 1000)).toBe('$0.0010')
    expect(usd(falling, 11_000)).toBe('$0.0000')
    expect(usd(falling, 31_000)).toBe('-$0.0020')
  })

  it('stands still once its answer is no longer valid', () => {
    const atTheEnd = usd(rising, FIVE_MINUTES.endsAt)

    expect(usd(rising, FIVE_MINUTES.endsAt + 3_600_000)).toBe(atTheEnd)
  })

  it('does not run backwards before its answer', () => {
    expect(usd(rising, 0)).toBe('$12.3457')
  })

  it('adds up over a day without the drift of floats', () => {
    const cent: LiveValue = { value: '0.1000000000', perSecond: '0.1000000000000000' }
    const day = { ...FIVE_MINUTES, startsAt: 0, endsAt: 86_400_000 }

    expect(toDecimalText(new LiveCounter(cent, day).at(86_400_000))).toBe('8640.1000000000000000')
  })
})

describe('the next change of a shown value', () => {
  const slopes = ['0.0009333333333333', '-0.0009333333333333', '0.0000001000000000'] as const
  const values = ['0.0000000000', '1.0000500000', '-1.0000500000', '12.3456789012'] as const
  const cases = slopes.flatMap((perSecond) => values.map((value) => ({ value, perSecond })))

  it.each(cases)('of $value at $perSecond a second is not before, and not after', (live) => {
    const counter = new LiveCounter(live, { ...FIVE_MINUTES, startsAt: 0, endsAt: 3_600_000 })
    const text = (now: number) => formatScaledUsd(counter.at(now), 4)

    const changesAt = counter.changesAt(1000, 4)

    expect(text(changesAt - 1)).toBe(text(1000))
    expect(text(changesAt + 1)).not.toBe(text(1000))
  })

  it('comes at zero too, where a loss becomes a saving that the digits do not tell', () => {
    const live = { value: '-0.001', perSecond: '0.001' } as const
    const counter = new LiveCounter(live, { ...FIVE_MINUTES, startsAt: 0, endsAt: 300_000 })

    expect(counter.changesAt(0, 2)).toBe(1000)
    expect(counter.changesAt(1000, 2)).toBeLessThan(1001)
    expect(counter.changesAt(1001, 2)).toBe(6000)
  })

  it('never comes for a value that stands still, or is no longer valid', () => {
    const still = new LiveCounter({ value: '1.0', perSecond: '0.0' }, FIVE_MINUTES)
    const rising = new LiveCounter({ value: '1.0', perSecond: '0.1' }, FIVE_MINUTES)

    expect(still.changesAt(2000, 2)).toBe(Infinity)
    expect(rising.changesAt(FIVE_MINUTES.endsAt, 2)).toBe(Infinity)
  })
})

describe('scaled integers', () => {
  it.each(['0.0000000000000000', '-0.0000000000000001', '98765432109876543210.1234567890123456'])(
    'give %s back digit for digit',
    (text) => {
      expect(toDecimalText(scaled(text as `${number}`))).toBe(text)
    },
  )
})
