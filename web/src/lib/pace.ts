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
 * The browser's others take about as much again (docs/performance.md), collecting what a load left
 * behind takes some milliseconds in its first minute, and a meter may take a fiftieth of a core in all.
 */
const LARGEST_MS = 6

/** So long frames are looked at before the pace is thought over. */
const WINDOW_MS = 10_000

/** How much of the time of a frame with tables one without takes, before any was seen. */
const USUAL_RATIO = 0.5

/** A faster pace has to leave so much of it, or what is near the border would go to and fro. */
const MARGIN = 0.85

/** Return the middle one of some times, which a single late frame does not move; null of none. */
function medianOf(times: readonly number[]): number | null {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? null
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
  #tables: number[] = []
  #others: number[] = []
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

  /** Note a frame, by when it was begun and drawn; says whether the pace is another one now. */
  note(began: number, drawn: number): boolean {
    // Where nobody looked for a while, no frames were asked for.
    if (began - this.#last > WINDOW_MS) this.#beginWindow(began)
    const isOfTables = this.tablesFrom(this.#last + 1) <= began
    this.#last = began
    const frames = isOfTables ? this.#tables : this.#others
    frames.push(drawn - began)
    if (began - this.#since < WINDOW_MS) return false
    const before = this.#step
    this.#thinkOver()
    this.#beginWindow(began)
    return this.#step !== before
  }

  #beginWindow(now: number): void {
    this.#since = now
    this.#tables = []
    this.#others = []
  }

  #thinkOver(): void {
    const tableMs = medianOf(this.#tables)
    if (tableMs === null) return
    const otherMs = medianOf(this.#others)
    if (otherMs !== null && tableMs > 0) this.#ratio = Math.min(otherMs / tableMs, 1)
    const costMs = ({ perSecond, tableSeconds }: Step) => {
      const tables = 1 / tableSeconds
      return tableMs * (tables + (perSecond - tables) * this.#ratio)
    }
    const { perSecond } = this.#step
    const mostMs = (step: Step) => LARGEST_MS * (step.perSecond > perSecond ? MARGIN : 1)
    this.#step = STEPS.find((step) => costMs(step) <= mostMs(step)) ?? SLOWEST
  }
}
