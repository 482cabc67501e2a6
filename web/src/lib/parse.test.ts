import { describe, expect, it } from 'vitest'
import { parseInstances } from '../api/instances'
import { parseSavings } from '../api/savings'
import { parseCurrentSession } from '../api/session'
import { parseHistory } from '../features/savings/history-api'
import { comparison, history, instance, instances, savings, session } from '../test/answers'

const VALIDITY = { startsAt: 0, endsAt: 0 }

describe('an answer of the wrong shape is refused, by name', () => {
  it.each([
    ['answer.lifetime_savings', savings({ lifetime_savings: null })],
    ['answer.lifetime_savings', savings({ lifetime_savings: '100.25' })],
    ['answer.provider', savings({ provider: 'aws' })],
    ['answer.live.lifetime.value', savings({ live: { lifetime: { value: 1, per_second: '0' } } })],
    ['answer.comparison.rate_card', savings({ comparison: comparison({ rate_card: undefined }) })],
    ['answer.projections.method', savings({ projections: { method: 'guessed' } })],
    ['answer.notices', savings({ notices: {} })],
    ['answer.first_use', savings({ first_use: 'no' })],
  ])('savings: %s', (path, raw) => {
    expect(() => parseSavings(raw)).toThrow(path)
  })

  it('instances: a float where an exact amount is due', () => {
    const raw = instances([instance({ rate_per_hour: 0.15 })])

    expect(() => parseInstances(raw, VALIDITY)).toThrow('answer.instances[0].rate_per_hour')
  })

  it('history: a day without its date', () => {
    const raw = history({ history: [{ hours_used: 1 }] })

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
    expect(parsed.coverage.substitutesSaving).toBeNull()
  })

  it('is nobody, where no one is signed in', () => {
    expect(parseCurrentSession({ authenticated: false })).toBeNull()
    expect(parseCurrentSession(session())?.email).toBe('owner@example.test')
  })
})
