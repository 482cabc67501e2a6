import { describe, expect, it } from 'vitest'
import { LiveCounter, toDecimalText, type Validity } from '../../lib/live-counter'
import { type TodayLine, todayLine } from './today-line'

/** An answer of so many seconds after the first, that holds for 150. */
function answered(seconds: number): Validity {
  const startsAt = seconds * 1000
  return { startsAt, endsAt: startsAt + 150_000, asOf: 1_000_000 + startsAt, clockGap: 0 }
}

const shownAt = ({ live, validity }: TodayLine, seconds: number) =>
  toDecimalText(new LiveCounter(live, validity).at(seconds * 1000)).slice(0, 9)

const NOTHING_RUNS = '0.0000000000000000'
const CENT_A_SECOND = '0.0100000000000000'

describe("today's line", () => {
  const day = { saved: '5.0000000000', validity: answered(0) } as const
  const still = todayLine(null, day, { perSecond: NOTHING_RUNS, validity: answered(0) })

  it('goes on from its own answer', () => {
    const running = todayLine(null, day, { perSecond: CENT_A_SECOND, validity: answered(0) })

    expect(shownAt(running, 0)).toBe('5.0000000')
    expect(shownAt(running, 30)).toBe('5.3000000')
  })

  it('rises from a start on, not by what was not running before it', () => {
    const started = todayLine(still, day, { perSecond: CENT_A_SECOND, validity: answered(100) })

    expect(shownAt(started, 100)).toBe('5.0000000')
    expect(shownAt(started, 110)).toBe('5.1000000')
  })

  it('keeps what it has come to when all stop', () => {
    const running = todayLine(null, day, { perSecond: CENT_A_SECOND, validity: answered(0) })

    const stopped = todayLine(running, day, { perSecond: NOTHING_RUNS, validity: answered(60) })

    expect(shownAt(stopped, 60)).toBe('5.6000000')
    expect(shownAt(stopped, 90)).toBe('5.6000000')
  })

  it('holds no longer than the answer with its value', () => {
    const started = todayLine(still, day, { perSecond: CENT_A_SECOND, validity: answered(100) })

    expect(shownAt(started, 150)).toBe('5.5000000')
    expect(shownAt(started, 200)).toBe('5.5000000')
  })

  it('is the same where another answer says the same, and a new one with the next value', () => {
    const again = todayLine(still, day, { perSecond: NOTHING_RUNS, validity: answered(60) })
    expect(again).toBe(still)

    const next = { saved: '7.0000000000', validity: answered(60) } as const
    const line = todayLine(still, next, { perSecond: CENT_A_SECOND, validity: answered(60) })
    expect(shownAt(line, 70)).toBe('7.1000000')
  })
})
