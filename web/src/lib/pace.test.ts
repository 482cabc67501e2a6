import { describe, expect, it } from 'vitest'
import { Pace } from './pace'

interface Machine {
  /** What a frame takes that draws no table, and one that does, in milliseconds. */
  readonly frameMs: number
  readonly tableMs: number
}

/** Draws as a page does, and tells how often it did. */
class Drawn {
  readonly pace = new Pace()
  now = 0
  frames = 0
  tables = 0
  spentMs = 0

  for(seconds: number, { frameMs, tableMs }: Machine): this {
    const ends = this.now + seconds * 1000
    let tablesAt = this.pace.tablesFrom(this.now)
    this.frames = this.tables = this.spentMs = 0
    while (this.now < ends) {
      const isOfTables = this.now >= tablesAt
      const tookMs = isOfTables ? tableMs : frameMs
      this.pace.note(this.now, this.now + tookMs)
      this.frames += 1
      this.spentMs += tookMs
      if (isOfTables) {
        this.tables += 1
        tablesAt = this.pace.tablesFrom(this.now + 1)
      }
      this.now = this.pace.beatFrom(this.now + 1)
    }
    return this
  }
}

const FAST: Machine = { frameMs: 0.2, tableMs: 0.4 }
const SLOW: Machine = { frameMs: 4, tableMs: 9 }

/** Each machine that is to be thought of: from a tenth of a millisecond to what takes too long. */
function* machines(): Generator<Machine> {
  for (let frameMs = 0.1; frameMs < 12; frameMs *= 1.1) {
    for (const times of [1, 1.5, 3]) yield { frameMs, tableMs: frameMs * times }
  }
}

describe('the pace of the meter', () => {
  it('is twice a second before frames are known, and tables once', () => {
    expect(new Drawn().for(2, SLOW)).toMatchObject({ frames: 4, tables: 2 })
  })

  it.each([
    [FAST, { frames: 600, tables: 60 }],
    [
      { frameMs: 0.6, tableMs: 1.5 },
      { frames: 300, tables: 60 },
    ],
    [
      { frameMs: 1.4, tableMs: 3.2 },
      { frames: 120, tables: 60 },
    ],
    [
      { frameMs: 2.4, tableMs: 5 },
      { frames: 60, tables: 60 },
    ],
    [SLOW, { frames: 60, tables: 30 }],
    [
      { frameMs: 40, tableMs: 90 },
      { frames: 60, tables: 30 },
    ],
  ])('on a machine of %j is %j in a minute', (machine, expected) => {
    expect(new Drawn().for(30, machine).for(60, machine)).toMatchObject(expected)
  })

  it('takes no more than its part of a second but where the slowest does', () => {
    for (const machine of machines()) {
      const drawn = new Drawn().for(30, machine).for(60, machine)
      expect(drawn.spentMs / 60 <= 6 || drawn.tables === 30).toBe(true)
    }
  })

  it('is as fast as its part of a second lets it be', () => {
    for (const machine of machines()) {
      const { frames } = new Drawn().for(30, machine).for(60, machine)
      const slower = (frames / 60) * machine.frameMs
      expect(frames === 600 || 3 * slower + machine.tableMs > 0.85 * 6).toBe(true)
    }
  })

  it('does not go to and fro', () => {
    for (const machine of machines()) {
      const drawn = new Drawn().for(60, machine)
      const { frames } = drawn.for(60, machine)
      for (let minute = 0; minute < 10; minute += 1) {
        expect(drawn.for(60, machine).frames).toBe(frames)
      }
    }
  })

  it('follows a machine that gets busy, and one that has come to rest', () => {
    const drawn = new Drawn().for(30, FAST).for(30, SLOW)
    expect(drawn.for(10, SLOW)).toMatchObject({ frames: 10, tables: 5 })
    expect(drawn.for(30, FAST).for(10, FAST)).toMatchObject({ frames: 100, tables: 10 })
  })

  it('is not moved by single frames that came late, nor by what is near its border', () => {
    const drawn = new Drawn()
    for (let window = 0; window < 60; window += 1) {
      drawn.for(9, { frameMs: 1.4, tableMs: window % 2 === 0 ? 4.4 : 4.8 })
      drawn.for(1, { frameMs: 1.4, tableMs: 400 })
      if (window > 2) expect(drawn.for(10, { frameMs: 1.4, tableMs: 4.6 }).frames).toBe(10)
    }
  })

  it('learns nothing from a time in which nobody looked', () => {
    const drawn = new Drawn().for(30, SLOW)
    drawn.now += 3_600_000
    drawn.for(2, FAST)
    expect(drawn.for(6, FAST)).toMatchObject({ frames: 6, tables: 3 })
  })
})
