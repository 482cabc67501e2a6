import { describe, expect, it } from 'vitest'
import { history } from '../../test/answers'
import { parseHistory } from '../../api/history'
import { historyBars } from './history-bars'

describe('the bars of the history', () => {
  it('leave days without use as gaps, not as zeros', () => {
    const bars = historyBars(parseHistory(history()), 7)

    expect(bars.map(({ date, paid }) => [date, paid])).toEqual([
      ['2026-11-17', null],
      ['2026-11-18', null],
      ['2026-11-19', null],
      ['2026-11-20', null],
      ['2026-11-21', 3],
      ['2026-11-22', null],
      ['2026-11-23', 1.48],
    ])
  })

  it('stack up to what the comparison would have cost, with the saving as the gap', () => {
    const today = historyBars(parseHistory(history()), 1)

    expect(today).toEqual([
      { date: '2026-11-23', paid: 1.48, saved: 6.72, costsMore: 0, uncompared: 0 },
    ])
  })

  it('show a loss, and what has no comparison, apart', () => {
    const loss = historyBars(parseHistory(history()), 7).find(({ date }) => date === '2026-11-21')

    expect(loss).toEqual({ date: '2026-11-21', paid: 3, saved: 0, costsMore: 1, uncompared: 1 })
  })

  it('begin with the use where the range is "all"', () => {
    expect(historyBars(parseHistory(history()), 3660)[0]?.date).toBe('2026-11-21')
  })

  it('end today in the time zone of the account', () => {
    const raw = history({ timezone: 'Asia/Tokyo', as_of: '2026-11-23T16:00:00Z' })

    expect(historyBars(parseHistory(raw), 1)[0]?.date).toBe('2026-11-24')
  })
})
