import { describe, expect, it } from 'vitest'
import { type BrokenLawError, liveADay, type Meter, type Told } from '../test/simulated-day'
import { formatScaledUsd, LiveCounter, type Validity } from './live-counter'
import { ServerClock } from './server-clock'
import { TickingFigure } from './ticking-figure'

const shownAs = (value: bigint) => formatScaledUsd(value, 4)

/** The counter as the screen has it. */
class ScreenMeter implements Meter {
  protected readonly clock = new ServerClock()
  protected readonly figure = new TickingFigure(shownAs)

  take(told: Told, askedAt: number, receivedAt: number, clockGap: number): boolean {
    this.clock.observe(told.answeredAt, askedAt, receivedAt)
    const validity = this.clock.place(told.asOf, told.validUntil, clockGap)
    return this.figure.take(told, this.changed(validity), receivedAt) !== null
  }

  draw(now: number, clockGap: number): bigint {
    return this.figure.at(now, clockGap)
  }

  /** What a wrong one does to the validity. */
  protected changed(validity: Validity): Validity {
    return validity
  }
}

/** Goes on for ever. */
class NeverFreezes extends ScreenMeter {
  protected override changed(validity: Validity): Validity {
    return { ...validity, endsAt: Infinity }
  }
}

/** Takes no notice of clocks that came apart. */
class SleepsOn extends ScreenMeter {
  protected override changed(validity: Validity): Validity {
    return { ...validity, clockGap: 0 }
  }

  override draw(now: number): bigint {
    return super.draw(now, 0)
  }
}

/** Takes each answer for one of the moment in which it came. */
class KnowsNoServerClock extends ScreenMeter {
  override take(told: Told, askedAt: number, receivedAt: number, clockGap: number): boolean {
    const answeredAt = told.asOf + (receivedAt - askedAt)
    return super.take({ ...told, answeredAt }, askedAt, receivedAt, clockGap)
  }
}

/** Shows whatever the latest answer comes to, and says nothing of it. */
class CorrectsInSilence extends ScreenMeter {
  override take(told: Told, askedAt: number, receivedAt: number, clockGap: number): boolean {
    super.take(told, askedAt, receivedAt, clockGap)
    return false
  }
}

/** Calls each answer a correction. */
class AlwaysCorrects extends ScreenMeter {
  override take(told: Told, askedAt: number, receivedAt: number, clockGap: number): boolean {
    super.take(told, askedAt, receivedAt, clockGap)
    return true
  }
}

/** Waits for nothing: two answers on one line may show a step back. */
class PlacesByReceipt implements Meter {
  #counter: LiveCounter | null = null

  take(told: Told, _askedAt: number, receivedAt: number, clockGap: number): boolean {
    const startsAt = receivedAt + told.asOf - told.answeredAt
    const endsAt = startsAt + told.validUntil - told.asOf
    this.#counter = new LiveCounter(told, { startsAt, endsAt, asOf: told.asOf, clockGap })
    return false
  }

  draw(now: number): bigint {
    return this.#counter?.at(now) ?? 0n
  }
}

/** Believes the wall clock of the browser. */
class TrustsTheBrowser implements Meter {
  #counter: LiveCounter | null = null

  take(told: Told, _askedAt: number, _receivedAt: number, clockGap: number): boolean {
    const { asOf, validUntil } = told
    this.#counter = new LiveCounter(told, { startsAt: asOf, endsAt: validUntil, asOf, clockGap })
    return false
  }

  draw(now: number, clockGap: number): bigint {
    return this.#counter?.at(now + clockGap) ?? 0n
  }
}

/** Adds what an answer says to what it has shown. */
class CountsTwice extends ScreenMeter {
  #before = 0n
  #shown = 0n

  override take(told: Told, askedAt: number, receivedAt: number, clockGap: number): boolean {
    this.#before = this.#shown / 1_000_000n
    return super.take(told, askedAt, receivedAt, clockGap)
  }

  override draw(now: number, clockGap: number): bigint {
    this.#shown = super.draw(now, clockGap)
    return this.#shown + this.#before
  }
}

/** Draws in each frame what belongs into the one before. */
class LagsAFrame extends ScreenMeter {
  #before: bigint | null = null

  override draw(now: number, clockGap: number): bigint {
    const drawn = super.draw(now, clockGap)
    const lagging = this.#before ?? drawn
    this.#before = drawn
    return lagging
  }
}

function brokenLaw(meter: Meter, seed: number, frameMs: number): string | null {
  try {
    liveADay(meter, seed, frameMs)
    return null
  } catch (error) {
    return (error as BrokenLawError).law
  }
}

describe('what a figure says of its own steps', () => {
  const SECOND = 1000
  const NOON = Date.UTC(2026, 10, 23, 12)
  const holding = (asOf: number, seconds: number): Validity => ({
    startsAt: asOf,
    endsAt: asOf + seconds * SECOND,
    asOf: NOON + asOf,
    clockGap: 0,
  })
  const step = (
    last: [value: `${number}`, perSecond: `${number}`],
    next: [value: `${number}`, perSecond: `${number}`],
    seconds = 10,
  ) => {
    const figure = new TickingFigure(shownAs)
    figure.take({ value: last[0], perSecond: last[1] }, holding(0, seconds), 0)
    figure.at(10 * SECOND, 0)
    const answer = { value: next[0], perSecond: next[1] }
    const correction = figure.take(answer, holding(10 * SECOND, 150), 10 * SECOND)
    return correction === null ? null : shownAs(correction.amount)
  }

  it.each([
    ['a rise after the end of a fall', step(['1', '-0.01'], ['0.95', '0.01']), null],
    ['a rise in a fall that had not ended', step(['1', '-0.01'], ['0.95', '0.01'], 150), '$0.0500'],
    ['a fall below the end of a rise', step(['1', '0.01'], ['1.05', '0.01']), '-$0.0500'],
    ['a stop that is known late', step(['1', '0.01'], ['1.05', '0']), '-$0.0500'],
    ['a stop at the end', step(['1', '0.01'], ['1.1', '0']), null],
    ['more than was known, on the way up', step(['1', '0.01'], ['1.2', '0.02'], 150), null],
    ['another value while nothing runs', step(['1', '0'], ['1.2', '0'], 150), '$0.2000'],
    ['less than the last digit', step(['1', '0.01'], ['1.09999', '0'], 150), null],
  ])('%s', (_name, said, expected) => {
    expect(said).toBe(expected)
  })

  it('waits within the second of a report, which is billed as begun', () => {
    const figure = new TickingFigure(shownAs)
    figure.take({ value: '1', perSecond: '0.01' }, holding(250, 150), 250)
    figure.at(10 * SECOND, 0)
    const exact = { value: '1.095', perSecond: '0.01' } as const

    const correction = figure.take(exact, holding(10 * SECOND, 150), 10 * SECOND)

    expect(correction).toBeNull()
    expect(shownAs(figure.at(10 * SECOND, 0))).toBe('$1.0975')
    expect(shownAs(figure.at(11 * SECOND, 0))).toBe('$1.1050')
  })
})

/** From the fastest pace of headlines to the slowest of tables. */
const PACES_MS = [100, 200, 1000, 2000] as const

// At the fastest a day has sixty thousand frames.
describe.each(PACES_MS)(
  'a figure that ticks every %i ms, a day',
  { timeout: 60_000 },
  (frameMs) => {
    it.each([1, 2, 3, 4])('keeps every law (seed %i)', (seed) => {
      const day = liveADay(new ScreenMeter(), seed, frameMs)

      expect(day.polls).toBeGreaterThanOrEqual(200)
      expect(day.corrections).toBeGreaterThan(0)
      expect(day.freezes).toBeGreaterThan(0)
    })

    it.each([
      ['one that never freezes', NeverFreezes, ['freezing', 'exactness']],
      ['one that sleeps on', SleepsOn, ['sleep']],
      ['one that knows no clock of the server', KnowsNoServerClock, ['exactness']],
      ['one that corrects itself in silence', CorrectsInSilence, ['direction']],
      ['one that calls everything a correction', AlwaysCorrects, ['calm']],
      ['one that steps back with a slow answer', PlacesByReceipt, ['direction']],
      ['one that trusts the clock of the browser', TrustsTheBrowser, ['exactness']],
      ['one that lags a frame', LagsAFrame, ['exactness']],
      ['one that counts twice', CountsTwice, ['exactness', 'direction']],
    ])('finds %s', (_name, Wrong, laws) => {
      expect(laws).toContain(brokenLaw(new Wrong(), 1, frameMs))
    })
  },
)
