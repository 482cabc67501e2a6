import { describe, expect, it } from 'vitest'
import {
  datesBetween,
  daysBetween,
  formatDate,
  formatDuration,
  formatInstant,
  secondsBetween,
} from './time'

describe('dates and times', () => {
  it('are those of the account, not of the browser', () => {
    expect(formatInstant('2026-03-03T23:30:00Z', 'America/Sao_Paulo')).toBe('3 Mar 2026, 20:30')
    expect(formatInstant('2026-03-03T23:30:00Z', 'Asia/Tokyo')).toBe('4 Mar 2026, 08:30')
  })

  it('leave a calendar date where it is', () => {
    expect(formatDate('2026-03-03')).toBe('3 Mar 2026')
  })

  it.each([
    [0, '0:00:00'],
    [59.9, '0:00:59'],
    [3 * 3600 + 62, '3:01:02'],
    [51 * 3600 + 9, '2 d 03:00:09'],
  ])('write %d seconds as %s', (seconds, expected) => {
    expect(formatDuration(seconds)).toBe(expected)
  })

  it('count whole days of age', () => {
    expect(daysBetween('2026-03-03', '2026-08-30T23:59:59Z')).toBe(180)
    expect(daysBetween('2026-03-03', '2026-08-31T00:00:00Z')).toBe(181)
  })

  it('list every day of a range, over the end of a month', () => {
    expect(datesBetween('2026-02-27', '2026-03-01')).toEqual([
      '2026-02-27',
      '2026-02-28',
      '2026-03-01',
    ])
  })
})

describe('the seconds from one instant to another', () => {
  it.each([
    ['2026-08-03T12:00:00Z', '2026-08-03T13:00:00Z', '3600.000000'],
    ['2026-08-03T12:00:00.999999Z', '2026-08-03T12:00:01Z', '0.000001'],
    ['2026-08-03T12:00:00.25Z', '2026-08-04T12:00:00.5Z', '86400.250000'],
    ['2026-08-03T12:00:00Z', '2026-08-03T12:00:00Z', '0.000000'],
  ])('from %s to %s are %s, exactly', (from, to, seconds) => {
    expect(secondsBetween(from, to)).toBe(seconds)
  })
})
