import { describe, expect, it } from 'vitest'
import { ServerClock } from './server-clock'

const NOON = Date.UTC(2026, 10, 23, 12)
const at = (seconds: number) => NOON + seconds * 1000

/** Let an answer come that the server gave at a second of its own clock; it took so long. */
function receive(clock: ServerClock, serverSeconds: number, receivedAt: number, took = 1000) {
  clock.observe(at(serverSeconds), receivedAt - took, receivedAt)
  return clock.place(at(serverSeconds), at(serverSeconds + 150), 0)
}

describe('the server clock', () => {
  it('starts an answer at its receipt, and ends it as much later as the server says', () => {
    const validity = receive(new ServerClock(), 0, 5000)

    expect(validity).toEqual({ startsAt: 5000, endsAt: 155_000, asOf: NOON, clockGap: 0 })
  })

  it('starts an answer for a second that had begun in that second', () => {
    const clock = new ServerClock()
    clock.observe(NOON + 900, 4900, 5000)

    expect(clock.place(NOON, at(150), 0).startsAt).toBe(4100)
  })

  it('places a slow answer where a fast one would have been', () => {
    const clock = new ServerClock()
    receive(clock, 0, 5020)

    const slow = receive(clock, 30, 35_420)

    expect(slow.startsAt).toBeGreaterThanOrEqual(35_020)
    expect(slow.startsAt).toBeLessThan(35_040)
  })

  it('places an answer anew that came with a slow one, once a faster one has come', () => {
    const clock = new ServerClock()
    const slow = receive(clock, 0, 6000)

    clock.observe(at(30), 35_000, 35_050)

    expect(slow.startsAt).toBe(6000)
    expect(clock.place(at(0), at(150), 0).startsAt).toBe(5050)
  })

  it('knows a very slow answer from a clock that was set', () => {
    const clock = new ServerClock()
    receive(clock, 0, 5020)

    expect(receive(clock, 30, 45_020, 11_000).startsAt).toBeLessThan(35_040)
  })

  it('starts anew when the server clock was set back', () => {
    const clock = new ServerClock()
    receive(clock, 3600, 5000)

    expect(receive(clock, 30, 35_000).startsAt).toBe(35_000)
  })

  it('follows a machine that slept while its own clock stood still', () => {
    const clock = new ServerClock()
    receive(clock, 0, 5000)

    expect(receive(clock, 3600, 6000).startsAt).toBe(6000)
  })

  it('tells the time of the server, whatever the browser takes it to be', () => {
    const clock = new ServerClock()
    expect(clock.at(5000)).toBeNull()

    clock.observe(NOON, 4900, 5000)

    expect(clock.at(6000)).toBe(NOON + 1000)
  })
})
