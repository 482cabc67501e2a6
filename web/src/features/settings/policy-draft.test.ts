import { describe, expect, it } from 'vitest'
import policy from '../../../../tests/snapshots/policy.json'
import { parsePolicy } from './policy-api'
import { draftOf, isSame, shareOf, termsOf } from './policy-draft'

const present = parsePolicy(policy)

describe('a discount', () => {
  it.each([
    ['', '0'],
    ['0', '0'],
    ['15', '0.15'],
    ['7.5', '0.075'],
    ['7,5', '0.075'],
    ['0.01', '0.0001'],
    ['99.99', '0.9999'],
    ['10', '0.1'],
    ['05', '0.05'],
  ])('of %j percent is the share %s', (percent, share) => {
    expect(shareOf(percent)).toBe(share)
  })

  it.each(['100', '-1', '1e1', 'a', '7.555', '1.', '.5', '1 0'])('%j is none', (percent) => {
    expect(shareOf(percent)).toBeNull()
  })

  it.each(['0', '0.15', '0.075', '0.0001', '0.9999', '0.1'] as const)(
    'of %s comes back from the form as it was',
    (share) => {
      const terms = { ...present, discounts: { ...present.discounts, GCP: share } }

      expect(termsOf(draftOf(terms))?.discounts.GCP).toBe(share)
    },
  )
})

describe('a draft', () => {
  it('is the policy until something in it changes', () => {
    const draft = draftOf(present)
    const same = termsOf(draft)
    const other = termsOf({ ...draft, percents: { ...draft.percents, AWS: '12.5' } })

    expect(same !== null && isSame(same, present)).toBe(true)
    expect(other !== null && isSame(other, present)).toBe(false)
  })

  it('with a discount that is none is no policy', () => {
    const draft = draftOf(present)

    expect(termsOf({ ...draft, percents: { ...draft.percents, Azure: '100' } })).toBeNull()
  })
})
