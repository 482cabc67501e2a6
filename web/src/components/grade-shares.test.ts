import { describe, expect, it } from 'vitest'
import { gradeShares, gradesInWords } from './grade-shares'

const NONE = { A: 0, B: 0, C: 0, D: 0, N: 0, R: 0 }

describe('the grades of some use', () => {
  it('are told in their order, with their shares of the GPU time', () => {
    expect(gradesInWords({ ...NONE, D: 2, A: 6, N: 1 })).toBe('A 66.7%, D 22.2%, N 11.1%')
  })

  it('are one letter where all of it is of one grade', () => {
    expect(gradesInWords({ ...NONE, B: 0.5 })).toBe('B')
  })

  it('are none where there is no use yet', () => {
    expect(gradeShares(NONE)).toEqual([])
    expect(gradesInWords(NONE)).toBe('')
  })

  it('never call nearly all of it all', () => {
    expect(gradesInWords({ ...NONE, A: 100_000, D: 1 })).toMatch(/^A 99\.9%, D /)
  })
})
