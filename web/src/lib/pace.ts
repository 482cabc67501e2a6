/** How often figures are drawn. */
interface Step {
  /** Frames in a second. */
  readonly perSecond: number
  /** Seconds from one frame in which tables are drawn to the next. */
  readonly tableSeconds: number
}

const SLOWEST: Step = { perSecond: 1, tableSeconds: 2 }

/** The one that a page begins with, before it knows what a frame takes. */
const FIRST: Step = { perSecond: 2, tableSeconds: 1 }

/** From the fastest; each frame of tables is one of the others. */
const STEPS: readonly Step[] = [
  { perSecond: 10, tableSeconds: 1 },
  { perSecond: 5, tableSeconds: 1 },
  { perSecond: 4, tableSeconds: 1 },
  FIRST,
  { perSecond: 1, tableSeconds: 1 },
  SLOWEST,
]

/**
 * What drawing may take of each second of the page's own thread, in milliseconds.
 *
 * The browser's others take about as much again (docs/performance.md), and a meter may take a
 * fiftieth of a core in all.
 */
const LARGEST_MS = 8

/** So long frames are looked at before the pace is thought over. */
const WINDOW_MS = 10_000

/** How much of the time of a frame with tables one without takes, before any was seen. */
const USUAL_RATIO = 0.5

/** Adds up what some frames took. */
class Frames {
  #count = 0
  #tookMs = 0

  add(tookMs: number): void {
    this.#count += 1
    this.#tookMs += tookMs
  }

  /** Their mean; null where there were none. */
  get meanMs(): number | null {
    return this.#count === 0 ? null : this.#tookMs / this.#count
  }
}

/**
 * How often figures are drawn: as often as this machine can for next to nothing.
 *
 * A frame takes a fast machine a fraction of what it takes a slow one without a graphics card, or
 * one that is busy. Nobody reads digits ten times a second, so it is never more often than that.
 */
export class Pace {
  #step = FIRST
  #since = 0
  #last = -Infinity
  #tables = new Frames()
  #others = new Frames()
  #ratio = USUAL_RATIO

  /** The instant of the next frame from one on; instants are monotonic, in milliseconds. */
  beatFrom(instant: number): number {
    const { perSecond } = this.#step
    return (Math.ceil((instant * perSecond) / 1000) * 1000) / perSecond
  }

  /** The instant of the next frame in which tables are drawn. */
  tablesFrom(instant: number): number {
    const period = this.#step.tableSeconds * 1000
    return Math.ceil(instant / period) * period
  }

  /** Note a frame that was begun at one instant and had been drawn at another. */
  note(began: number, drawn: number): void {
    // Where nobody looked for a while, no frames were asked for.
    if (began - this.#last > WINDOW_MS) this.#beginWindow(began)
    const isOfTables = this.tablesFrom(this.#last + 1) <= began
    this.#last = began
    const frames = isOfTables ? this.#tables : this.#others
    frames.add(drawn - began)
    if (began - this.#since < WINDOW_MS) return
    this.#thinkOver()
    this.#beginWindow(began)
  }

  #beginWindow(now: number): void {
    this.#since = now
    this.#tables = new Frames()
    this.#others = new Frames()
  }

  #thinkOver(): void {
    const tableMs = this.#tables.meanMs
    if (tableMs === null) return
    const otherMs = this.#others.meanMs
    if (otherMs !== null && tableMs > 0) this.#ratio = Math.min(otherMs / tableMs, 1)
    const costMs = ({ perSecond, tableSeconds }: Step) => {
      const tables = 1 / tableSeconds
      return tableMs * (tables + (perSecond - tables) * this.#ratio)
    }
    this.#step = STEPS.find((step) => costMs(step) <= LARGEST_MS) ?? SLOWEST
  }
}
