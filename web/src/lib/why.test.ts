import { describe, expect, it } from 'vitest'
import { misreadWhy, readWhy, writeWhy } from './why'

describe('a question in an address', () => {
  it('is read as it was written, whatever an instance is called', () => {
    const asked = {
      about: 'usage',
      quantity: 'paid',
      provider: 'GCP',
      instance: 'rack/7?a=b&c#d %2F ünï',
      gpu: null,
      from: '2026-11-21',
      to: '2026-11-22',
      isComputeOnly: true,
      isSubstitutesOnly: true,
      asOf: '2026-11-23T14:03:00Z',
    } as const

    const search = writeWhy('?page=2', asked)

    expect(readWhy(new URLSearchParams(search))).toEqual(asked)
    expect(new URLSearchParams(search).get('page')).toBe('2')
  })

  it('takes the place of the one before, and leaves nothing of it', () => {
    const first = writeWhy('', { about: 'usage', instance: 'i-1', from: '2026-11-21' })

    expect(writeWhy(first, { about: 'pace' })).toBe('?why=pace')
    expect(writeWhy(first, null)).toBe('')
  })

  it('asks for hours of use of lines only: an hour now, or a projection, has none', () => {
    const quantityOf = (search: string) => readWhy(new URLSearchParams(search))?.quantity

    expect(quantityOf('why=usage&why.of=use')).toBe('use')
    expect(quantityOf('why=pace&why.of=use')).toBe('saving')
    expect(quantityOf('why=pace&why.of=paid')).toBe('paid')
  })

  it.each([
    ['', null],
    ['why.of=nonsense', null],
    ['why=usage&why.of=paid&why.against=GCP&why.part=compute&why.grade=D&page=x', null],
    ['why=all', 'why=all'],
    ['why=usage&why.part=disk', 'why.part=disk'],
    ['why=usage&why.against=AWS&why.against=Oracle', 'why.against=Oracle'],
  ])('of %s is misread: %s', (search, part) => {
    expect(misreadWhy(new URLSearchParams(search))).toBe(part)
  })

  it('is none where the address asks for something else', () => {
    expect(readWhy(new URLSearchParams('why=all'))).toBeNull()
    expect(readWhy(new URLSearchParams('why.of=paid'))).toBeNull()
    expect(readWhy(new URLSearchParams('why=usage&why.against=Oracle'))?.provider).toBeNull()
  })
})
