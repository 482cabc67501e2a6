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

function brokenLaw(meter: Meter, seed: number): string | null {
  try {
    liveADay(meter, seed)
    return null
  } catch (error) {
    return (error as BrokenLawError).law
  }
}

describe('a simulated day of a ticking figure', () => {
  it.each([1, 2, 3, 4, 5, 6])('keeps every law (seed %i)', (seed) => {
    const day = liveADay(new ScreenMeter(), seed)

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
    ['one that counts twice', CountsTwice, ['exactness', 'direction']],
  ])('finds %s', (_name, Wrong, laws) => {
    expect(laws).toContain(brokenLaw(new Wrong(), 1))
  })
})
