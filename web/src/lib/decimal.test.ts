import { describe, expect, it } from 'vitest'
import { agree, difference, sum } from './decimal'

describe('sums of amounts', () => {
  it('are exact where floating point is not', () => {
    expect(sum(['0.1', '0.2'])).toBe('0.3000000000')
    expect(sum(Array<'0.1'>(1000).fill('0.1'))).toBe('100.0000000000')
    expect(sum([])).toBe('0.0000000000')
  })

  it('keep their sign', () => {
    expect(difference('1.25', '3.5')).toBe('-2.2500000000')
    expect(sum(['-0.0000000001', '0.0000000001'])).toBe('0.0000000000')
  })

  it('hold more digits than a number can', () => {
    expect(sum(['90071992547409.9300000001', '0.0000000001'])).toBe('90071992547409.9300000002')
  })

  it('agree within the rounding of their parts, and not beyond', () => {
    expect(agree('1.0000000003', '1.0000000000', 3)).toBe(true)
    expect(agree('1.0000000004', '1.0000000000', 3)).toBe(false)
    expect(agree('0.9999999996', '1.0000000000', 3)).toBe(false)
  })
})
