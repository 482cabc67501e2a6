import { describe, expect, it } from 'vitest'
import { ServerClock } from './server-clock'

const at = (seconds: number) => new Date(Date.UTC(2026, 10, 23) + seconds * 1000).toISOString()

describe('the server clock', () => {
  it('starts an answer at its receipt, and ends it as much later as the server says', () => {
    const clock = new ServerClock()

    const validity = clock.place(at(0), at(150), 5000)

    expect(validity).toEqual({ startsAt: 5000, endsAt: 155_000 })
  })

  it('places a slow answer where a fast one would have been', () => {
    const clock = new ServerClock()
    clock.place(at(0), at(150), 5020)

    const slow = clock.place(at(30), at(180), 35_420)

    expect(slow.startsAt).toBeCloseTo(35_020, -2)
    expect(slow.startsAt).toBeLessThan(35_040)
  })

  it('starts anew when the server clock was set back', () => {
    const clock = new ServerClock()
    clock.place(at(3600), at(3750), 5000)

    const validity = clock.place(at(30), at(180), 35_000)

    expect(validity.startsAt).toBe(35_000)
  })

  it('follows a machine that slept while its own clock stood still', () => {
    const clock = new ServerClock()
    clock.place(at(0), at(150), 5000)

    const validity = clock.place(at(3600), at(3750), 6000)

    expect(validity.startsAt).toBe(6000)
  })
})
