/**
 * A day of a ticking figure, told without the figure's own arithmetic.
 *
 * The world is exact: what was saved up to any microsecond, as it was known at any other, in whole
 * numbers of 10^-22 USD. A browser looks at it through answers that take their time, with clocks
 * that drift, stop and are set, and draws. Each frame is held against the world.
 */

/** 10^-16 USD a second is the finest slope that is told; a microsecond of it is the unit here. */
const UNITS_PER_SCALED = 1_000_000n
const MICROSECONDS = 1000n

/** A frame takes a sixtieth of a second itself. */
const DRAWING_MS = 1000 / 60
/** Between two answers the clocks may drift apart by so much. */
const DRIFTED_MS = 10
const VALID_FOR_MS = 150_000
const SECOND_MS = 1000
const MINUTE_MS = 60_000
const FORTY_MINUTES_MS = 40 * MINUTE_MS

/** The server's clock as the day begins. */
const BEGINNING = Date.UTC(2026, 10, 23)

/** From an instant of the day on the saving grows by so much; known to the server from another. */
interface Change {
  readonly at: number
  readonly perSecond: bigint
  readonly knownAt: number
}

/** An answer on its way. */
export interface Told {
  readonly value: `${number}`
  readonly perSecond: `${number}`
  readonly asOf: number
  readonly validUntil: number
  /** The server's clock as it answered. */
  readonly answeredAt: number
}

/** What is under test: it takes answers, and says what to draw. */
export interface Meter {
  /** Take an answer; says whether it labels what it will show as corrected. */
  take(told: Told, askedAt: number, receivedAt: number, clockGap: number): boolean
  /** Return what to draw, as a scaled integer. */
  draw(now: number, clockGap: number): bigint
}

/** Which law a frame broke, and where. */
export class BrokenLawError extends Error {
  readonly law: string

  constructor(law: string, at: number, detail: string) {
    super(`${law} at ${at / SECOND_MS} s: ${detail}`)
    this.name = 'BrokenLawError'
    this.law = law
  }
}

/** Return numbers from 0 to 1 that are the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const sizeOf = (value: bigint) => (value < 0n ? -value : value)
const signOf = (value: bigint) => (value > 0n ? 1 : value < 0n ? -1 : 0)

/** Write a scaled integer with some decimals, rounded half to even. */
function decimalText(value: bigint, scale: number, decimals: number): `${number}` {
  const step = 10n ** BigInt(scale - decimals)
  const size = sizeOf(value)
  const [whole, rest] = [size / step, (size % step) * 2n]
  const rounded = rest > step || (rest === step && whole % 2n === 1n) ? whole + 1n : whole
  const digits = rounded.toString().padStart(decimals + 1, '0')
  const cut = digits.length - decimals
  const text = decimals === 0 ? digits : `${digits.slice(0, cut)}.${digits.slice(cut)}`
  return (value < 0n && rounded !== 0n ? `-${text}` : text) as `${number}`
}

/** The server and what happens to it. */
class World {
  readonly #changes: readonly Change[]
  #last: { readonly by: number; readonly known: readonly Change[] } | null = null

  constructor(changes: readonly Change[]) {
    this.#changes = changes
  }

  /** What was known by an instant, of which a day asks again and again. */
  #known(by: number): readonly Change[] {
    if (this.#last?.by !== by) {
      const known = this.#changes.filter(({ knownAt }) => knownAt <= by)
      this.#last = { by, known: known.sort((a, b) => a.at - b.at) }
    }
    return this.#last.known
  }

  /** Return what was saved up to an instant, exactly, as it was known by another. */
  savedAt(instant: number, knownBy: number): bigint {
    let saved = 0n
    let since = 0
    let perSecond = 0n
    for (const change of this.#known(knownBy)) {
      if (change.at >= instant) break
      saved += perSecond * BigInt(Math.round((change.at - since) * 1000))
      since = change.at
      perSecond = change.perSecond
    }
    return saved + perSecond * BigInt(Math.round((instant - since) * 1000))
  }

  slopeAt(instant: number, knownBy: number): bigint {
    return this.#known(knownBy).findLast(({ at }) => at <= instant)?.perSecond ?? 0n
  }

  /** Answer at an instant: for its whole second, unless something happened in it. */
  answer(now: number): Told {
    const second = Math.floor(now / SECOND_MS) * SECOND_MS
    const isBusy = this.#changes.some(
      ({ at, knownAt }) => (at > second && at <= now) || (knownAt > second && knownAt <= now),
    )
    const asOf = isBusy ? now : second
    const next = this.#known(now).find(({ at }) => at > asOf)?.at ?? Infinity
    const scaled = this.savedAt(asOf, now)
    return {
      // The last six of 22 decimals are less than what is told.
      value: decimalText(scaled, 22, 10),
      perSecond: decimalText(this.slopeAt(asOf, now), 16, 16),
      asOf: BEGINNING + asOf,
      validUntil: BEGINNING + Math.min(next, asOf + VALID_FOR_MS),
      answeredAt: BEGINNING + now,
    }
  }
}

/** The clocks of a browser, which stop and are set, at each instant of the day. */
class BrowserClocks {
  #asleep = 0
  #wrongBy = FORTY_MINUTES_MS
  readonly #drift: number

  constructor(drift: number) {
    this.#drift = drift
  }

  /** The monotonic clock stands still while the machine sleeps. */
  sleep(duration: number): void {
    this.#asleep += duration
  }

  set(wrongBy: number): void {
    this.#wrongBy = wrongBy
  }

  monotonic(now: number): number {
    return 7000 + (now - this.#asleep) * (1 + this.#drift)
  }

  /** How far the wall clock is ahead of the monotonic one. */
  gap(now: number): number {
    return BEGINNING + now + this.#wrongBy - this.monotonic(now)
  }
}

export interface DaySummary {
  readonly polls: number
  readonly frames: number
  readonly corrections: number
  readonly freezes: number
}

/**
 * Live a day with a meter that draws every so often. Throws a `BrokenLawError` at the first frame
 * that breaks a law.
 */
export function liveADay(meter: Meter, seed: number, frameMs: number, decimals = 4): DaySummary {
  // What was drawn is seen until the next frame is.
  const seenForMs = frameMs + DRAWING_MS
  const random = randomFrom(seed)
  const between = (low: number, high: number) => Math.round(low + random() * (high - low))
  const world = new World(makeChanges(random, between))
  const clocks = new BrowserClocks((random() - 0.5) * 0.0001)

  let now = 0
  let held: { told: Told; knownBy: number; latency: number; gap: number } | null = null
  let drawn: { value: bigint; text: string; at: number } | null = null
  let labelled = false
  let bestLatency = Infinity
  const counted = { polls: 0, frames: 0, corrections: 0, freezes: 0 }

  const exactly = () => {
    if (held === null) throw new Error('Nothing was told yet.')
    const until = Math.min(now, held.told.validUntil - BEGINNING)
    return world.savedAt(until, held.knownBy)
  }
  /** Hold what is on the screen against what was told last, by the laws. */
  const check = (value: bigint, allowedMs: number) => {
    if (held === null) return
    const slope = sizeOf(world.slopeAt(held.told.asOf - BEGINNING, held.knownBy))
    const allowed =
      slope * BigInt(Math.ceil(held.latency + allowedMs)) * MICROSECONDS + 10n ** 12n * 2n
    const off = sizeOf(value * UNITS_PER_SCALED - exactly())
    if (off > allowed) {
      throw new BrokenLawError('exactness', now, `off by ${off}, allowed ${allowed} of 10^-22 USD`)
    }
  }
  const frame = (isFirst = false) => {
    if (held === null) return
    const gap = clocks.gap(now)
    const isKnown = Math.abs(gap - held.gap) <= 2000
    if (drawn !== null && isKnown && !labelled && !isFirst) check(drawn.value, seenForMs)

    const value = meter.draw(clocks.monotonic(now), gap)
    const text = decimalText(value, 16, decimals)
    counted.frames += 1
    if (isKnown) check(value, DRIFTED_MS)
    if (drawn !== null) {
      const moved = value - drawn.value
      // A frame that was drawn before the end is to be followed by one of the end.
      const isOver = drawn.at > held.told.validUntil - BEGINNING + SECOND_MS
      if (!labelled && moved !== 0n && !isKnown) {
        throw new BrokenLawError('sleep', now, `moved by ${moved}`)
      }
      if (!labelled && moved !== 0n && isOver && !isFirst) {
        throw new BrokenLawError('freezing', now, `moved by ${moved}`)
      }
      if (isOver) counted.freezes += 1
      const slope = world.slopeAt(held.told.asOf - BEGINNING, held.knownBy)
      const isAgainst = signOf(moved) === -signOf(slope) && signOf(moved) !== 0
      if (isAgainst && text !== drawn.text && !labelled) {
        throw new BrokenLawError('direction', now, `${drawn.text} became ${text}`)
      }
    }
    drawn = { value, text, at: now }
    labelled = false
  }
  /** Draw frames until an instant. */
  const watch = (until: number) => {
    while (now < until) {
      now = Math.min(now + frameMs, until)
      frame()
    }
  }
  const poll = () => {
    counted.polls += 1
    const [asked, gap] = [clocks.monotonic(now), clocks.gap(now)]
    const isSlow = Number.isFinite(bestLatency) && random() < 0.03
    const [up, down] = isSlow
      ? [between(500, 3000), between(500, 3000)]
      : [between(2, 200), between(2, 300)]
    watch(now + up)
    const told = world.answer(now)
    const before = held
    const knownBy = now
    watch(now + down)
    bestLatency = Math.min(bestLatency, down)
    const isLabelled = meter.take(told, asked, clocks.monotonic(now), gap)
    if (isLabelled) {
      counted.corrections += 1
      const asOf = told.asOf - BEGINNING
      const isSame =
        before !== null &&
        asOf <= before.told.validUntil - BEGINNING &&
        world.savedAt(asOf, knownBy) === world.savedAt(asOf, before.knownBy) &&
        world.slopeAt(asOf, knownBy) === world.slopeAt(before.told.asOf - BEGINNING, before.knownBy)
      if (isSame) throw new BrokenLawError('calm', now, 'corrected, and nothing had changed')
    }
    labelled = isLabelled || drawn === null
    // What is drawn from now on is of this answer; a step along its slope needs no label.
    held = { told, knownBy, latency: down, gap }
    takeIn()
  }
  /** The frame in which an answer is shown first: what was drawn before was of another one. */
  const takeIn = () => {
    const last = drawn
    if (last !== null && held !== null && !labelled) {
      const gap = clocks.gap(now)
      const value = meter.draw(clocks.monotonic(now), gap)
      const text = decimalText(value, 16, decimals)
      const slope = world.slopeAt(held.told.asOf - BEGINNING, held.knownBy)
      const isAgainst = signOf(value - last.value) === -signOf(slope) && value !== last.value
      if (isAgainst && text !== last.text) {
        throw new BrokenLawError('direction', now, `${last.text} became ${text}`)
      }
    }
    drawn = null
    frame()
  }

  const seen = (duration: number, isLost = false) => {
    const until = now + duration
    while (now < until) {
      if (!isLost) poll()
      const ends = held === null ? until : held.told.validUntil - BEGINNING + 5
      watch(Math.min(until, now + 30_000, ends > now ? ends : Infinity))
    }
  }

  for (let part = 0; part < 12; part += 1) {
    seen(between(9, 11) * MINUTE_MS)
    const what = part % 6
    if (what === 0) {
      // Asleep: no frames, and the monotonic clock stands still.
      const asleep = between(20, 200) * MINUTE_MS
      clocks.sleep(asleep)
      now += asleep
      frame(true)
    } else if (what === 1) {
      // Hidden: no frames and no polls, while the clocks go on.
      now += between(1, 100) * MINUTE_MS
      frame(true)
    } else if (what === 2) {
      clocks.set(between(-3, 3) * FORTY_MINUTES_MS)
      frame(true)
    } else if (what === 3) {
      seen(10 * MINUTE_MS, true)
    } else if (what === 4) {
      // Asleep, and without a connection after it.
      const asleep = between(1, 2) * MINUTE_MS
      clocks.sleep(asleep)
      now += asleep
      frame(true)
      seen(MINUTE_MS, true)
    }
  }
  return counted
}

/** Make the changes of a day: prices as foreseen, stops and starts as reported late. */
function makeChanges(random: () => number, between: (low: number, high: number) => number) {
  const slope = () => BigInt(between(-3, 12)) * 10n ** 11n * BigInt(between(1, 900)) + 1n
  const changes: Change[] = [{ at: 0, perSecond: slope(), knownAt: 0 }]
  let at = 0
  while (at < 86_400_000) {
    at += between(20, 900) * SECOND_MS
    const isForeseen = random() < 0.5
    const isStop = random() < 0.3
    changes.push({
      at,
      perSecond: isStop ? 0n : slope(),
      knownAt: isForeseen ? 0 : at + between(0, 20_000),
    })
  }
  return changes
}
