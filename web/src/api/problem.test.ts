import { afterEach, describe, expect, it } from 'vitest'
import unauthenticated from '../../../tests/snapshots/problem_unauthenticated.json'
import { speak } from '../lib/messages'
import { parseProblem, toProblem } from './problem'

const unknownRegion = {
  status: 422,
  code: 'unknown_region',
  detail: 'regions/AWS: There are no AWS prices in mars-1. There are some in: us-east-1.',
  errors: [
    {
      pointer: '/regions/AWS',
      code: 'unknown_region',
      message: 'There are no AWS prices in mars-1. There are some in: us-east-1.',
      parameters: { provider: 'AWS', region: 'mars-1', regions: 'us-east-1' },
    },
    {
      pointer: '/discounts/AWS',
      code: 'invalid_discount',
      message: 'Write a share as text.',
      parameters: {},
    },
  ],
}

afterEach(() => {
  speak('en')
})

describe('a refusal', () => {
  it('is worded in English without what is meant for programs', () => {
    const problem = parseProblem(422, unknownRegion)

    const worded = 'There are no AWS prices in mars-1. There are some in: us-east-1.'
    expect(problem.detail).toBe(worded)
    expect(problem.fields[0]).toEqual({ pointer: '/regions/AWS', message: worded })
    expect(parseProblem(401, unauthenticated).detail).toBe('Sign in to see this.')
  })

  it('for what is damaged is told in the words of the server, where they are the reader’s', () => {
    const damage = { status: 503, code: 'integrity', detail: 'Fact 7 is damaged.', errors: [] }

    expect(parseProblem(503, damage).detail).toBe('Fact 7 is damaged.')
    speak('pt-BR')
    expect(parseProblem(503, damage).detail).toMatch(/`economy verify`/)
  })

  it('is worded in the language of the reader, as a whole and at each field', () => {
    speak('pt-BR')

    const problem = parseProblem(422, unknownRegion)

    const worded = 'Não há preços da AWS em mars-1. Há em: us-east-1.'
    expect(problem.detail).toBe(worded)
    expect(problem.fields).toEqual([
      { pointer: '/regions/AWS', message: worded },
      {
        pointer: '/discounts/AWS',
        message: 'O desconto vai de 0 até menos de 100%, com no máximo 4 decimais na fração.',
      },
    ])
    expect(parseProblem(401, unauthenticated).detail).toBe('É preciso entrar para ver isto.')
  })

  it('with a code that is new is left to the words of the server', () => {
    speak('pt-BR')

    const problem = parseProblem(422, {
      ...unknownRegion,
      code: 'brand_new',
      errors: [{ pointer: '/a', code: 'toString', message: 'As it says.', parameters: {} }],
    })

    expect(problem.detail).toBe(unknownRegion.detail)
    expect(problem.fields).toEqual([{ pointer: '/a', message: 'As it says.' }])
  })

  it('of which nothing is named is worded without', () => {
    speak('pt-BR')

    const problem = parseProblem(422, { ...unknownRegion, errors: [] })

    expect(problem.detail).toBe('Não há preços deste provedor nessa região.')
  })

  it('that is none says what was wrong with the answer', () => {
    speak('pt-BR')

    expect(toProblem(new Error('days is not a list')).detail).toBe(
      'A resposta do servidor não tem a forma esperada. (days is not a list)',
    )
    expect(parseProblem(502, '<html>').detail).toBe('O servidor respondeu com o status 502.')
  })
})
