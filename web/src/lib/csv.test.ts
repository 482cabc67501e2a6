import { describe, expect, it } from 'vitest'
import { toCsv } from './csv'

describe('a CSV file', () => {
  it('quotes what needs quotes', () => {
    expect(toCsv([['a,b', 'say "hi"', 'two\nlines', 'plain']])).toBe(
      '"a,b","say ""hi""","two\nlines",plain\r\n',
    )
  })

  it.each(['=1+1', '+1', '-1+1', '@sum', '\tx'])(
    'never starts a text cell as a formula: %j',
    (cell) => {
      expect(toCsv([[cell]])).toBe(`'${cell}\r\n`)
    },
  )

  it('leaves a loss a number', () => {
    expect(toCsv([['-68.21']])).toBe('-68.21\r\n')
  })
})
