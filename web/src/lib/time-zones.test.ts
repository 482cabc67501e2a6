import { describe, expect, it } from 'vitest'
import { isKnownZone, knownZones } from './time-zones'

describe('time zones', () => {
  it('are listed with UTC among them, once each', () => {
    const zones = knownZones()

    expect(zones).toContain('UTC')
    expect(zones).toContain('America/Sao_Paulo')
    expect(new Set(zones).size).toBe(zones.length)
    expect(zones.every(isKnownZone)).toBe(true)
  })

  it.each(['', 'America', 'Sao Paulo', '+03:00', '../../etc/passwd', 'A'.repeat(10_000)])(
    'do not have the name %s',
    (name) => {
      expect(isKnownZone(name)).toBe(false)
    },
  )
})
