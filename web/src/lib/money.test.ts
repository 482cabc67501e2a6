import { describe, expect, it } from 'vitest'
import {
  columnRates,
  formatFixed,
  formatPercent,
  formatRate,
  formatUsd,
  isDecimalText,
  outcomeOf,
} from './money'

describe('formatUsd', () => {
  it.each([
    ['0.0049999999', 2, '$0.00'],
    ['1234567.8', 2, '$1,234,567.80'],
    ['-0.0840000000', 4, '-$0.0840'],
    // A float would have lost the last digits.
    ['12345678901234567.8901', 4, '$12,345,678,901,234,567.8901'],
  ] as const)('writes %s with %i decimals as %s', (amount, decimals, expected) => {
    expect(formatUsd(amount, decimals)).toBe(expected)
  })

  it.each([
    ['0.00005', '$0.0000'],
    ['0.00015', '$0.0002'],
    ['0.00025', '$0.0002'],
  ] as const)('rounds the tie %s half to even, to %s', (amount, expected) => {
    expect(formatUsd(amount, 4)).toBe(expected)
  })

  it('gives a loss that rounds to zero no sign', () => {
    expect(formatUsd('-0.001', 2)).toBe('$0.00')
  })

  it('formats the JSON numbers of the published endpoints', () => {
    expect(formatUsd(9811.2)).toBe('$9,811.20')
  })
})

describe('formatRate', () => {
  it('shows cents, and the further digits that a rate has', () => {
    expect(formatRate('0.74')).toBe('$0.74')
    expect(formatRate('2.74470525')).toBe('$2.7447')
    expect(formatRate(0.000933, 6)).toBe('$0.000933')
  })
})

describe('formatPercent', () => {
  it('keeps the sign of a loss', () => {
    expect(formatPercent(-9.24)).toBe('-9.2%')
  })
})

describe('isDecimalText', () => {
  it.each(['', ' 1', '1e5', '1.', '.5', 'NaN', '0x1', '1,0', 1, null])('refuses %j', (value) => {
    expect(isDecimalText(value)).toBe(false)
  })

  it.each(['0', '-1.50', '007'])('takes %j', (value) => {
    expect(isDecimalText(value)).toBe(true)
  })
})

describe('outcomeOf', () => {
  it.each([
    ['0.0000000001', 'saved'],
    ['-0.0000000001', 'loss'],
    ['0.0000000000', 'even'],
  ] as const)('calls %s %s', (amount, outcome) => {
    expect(outcomeOf(amount)).toBe(outcome)
  })
})

describe('a column', () => {
  it('has as many decimals in each row as the one that has most', () => {
    const rates = columnRates(['9.6', '2.605', null, '12.35764', undefined])

    expect(['9.6', '2.605', '12.35764'].map((rate) => rates(rate as `${number}`))).toEqual([
      '$9.6000',
      '$2.6050',
      '$12.3576',
    ])
    expect(columnRates(['9.6', '1'])('9.6')).toBe('$9.60')
    expect(columnRates(['9.6', '2.605'])('0.29', 'EUR')).toBe('€0.290')
    expect(columnRates(['0.123456789'], 12)('1')).toBe('$1.000000000')
  })

  it('of hours has one decimal in each row', () => {
    expect([4, 10.25, 1234].map((hours) => formatFixed(hours))).toEqual(['4.0', '10.2', '1,234.0'])
  })
})
