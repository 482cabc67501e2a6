import { describe, expect, it } from 'vitest'
import { parseInstances } from '../api/instances'
import { parseSavings } from '../api/savings'
import { parseCurrentSession } from '../api/session'
import { parseHistory } from '../api/history'
import { comparison, history, instance, instances, savings, session } from '../test/answers'

const VALIDITY = { startsAt: 0, endsAt: 0, asOf: 0, clockGap: 0 }
const PROJECTIONS = savings().projections

describe('an answer of the wrong shape is refused, by name', () => {
  it.each([
    ['answer.lifetime_savings', { lifetime_savings: null }],
    ['answer.lifetime_savings', { lifetime_savings: '100.25' }],
    ['answer.savings_percentage', { savings_percentage: undefined }],
    ['answer.provider', { provider: 'aws' }],
    ['answer.live.lifetime.value', { live: { lifetime: { value: 1, per_second: '0' } } }],
    ['answer.comparison.rate_card', { comparison: { ...comparison(), rate_card: undefined } }],
    ['answer.projections.method', { projections: { ...PROJECTIONS, method: 'guessed' } }],
    ['answer.notices', { notices: {} }],
    ['answer.first_use', { first_use: 'no' }],
  ])('savings: %s', (path, changes) => {
    expect(() => parseSavings({ ...savings(), ...changes })).toThrow(path)
  })

  it('instances: a float where an exact amount is due', () => {
    const raw = { ...instances(), instances: [{ ...instance(), rate_per_hour: 0.15 }] }

    expect(() => parseInstances(raw, VALIDITY)).toThrow('answer.instances[0].rate_per_hour')
  })

  it('history: a day without its date', () => {
    const raw = { ...history(), history: [{ hours_used: 1 }] }

    expect(() => parseHistory(raw)).toThrow('answer.history[0].date')
  })

  it.each([null, [], 'text', 7])('anything but an object: %j', (raw) => {
    expect(() => parseSavings(raw)).toThrow('answer is not an object')
  })
})

describe('what an answer leaves open', () => {
  it('is null, not zero', () => {
    const parsed = parseSavings(
      savings({ savings_percentage: null, oldest_price_retrieved_at: null }),
    )

    expect(parsed.savingsPercentage).toBeNull()
    expect(parsed.oldestPriceRetrievedAt).toBeNull()
  })

  it('is nobody, where no one is signed in', () => {
    expect(parseCurrentSession({ authenticated: false })).toBeNull()
    expect(parseCurrentSession(session())?.email).toBe('owner@example.test')
  })
})
