import { HttpResponse, http } from 'msw/http'
import { expect, it } from 'vitest'
import { economyApi } from './economy-api'
import { makeQuietStore } from '../app/store'
import { api, server } from '../test/server'

const numbersApi = economyApi.injectEndpoints({
  endpoints: (build) => ({
    getNumber: build.query<unknown, number>({ query: (number) => ({ path: `numbers/${number}` }) }),
  }),
})

it('holds the answers that were asked for last, not all that ever were', async () => {
  const tags: [string, string | null][] = []
  server.use(
    http.get(api('numbers/:number'), ({ request, params }) => {
      const tag = request.headers.get('If-None-Match')
      tags.push([String(params['number']), tag])
      return tag === null
        ? HttpResponse.json({}, { headers: { ETag: 'W/"1"' } })
        : new HttpResponse(null, { status: 304 })
    }),
  )
  const { dispatch } = makeQuietStore(new URL('/', location.href))
  const ask = async (number: number) => {
    await dispatch(
      numbersApi.endpoints.getNumber.initiate(number, { forceRefetch: true, subscribe: false }),
    )
  }

  // The first one is asked for now and then, the second never again until the end.
  for (let number = 1; number <= 110; number++) {
    await ask(number)
    if (number % 50 === 0) await ask(1)
  }
  tags.length = 0
  for (const number of [1, 2, 110]) await ask(number)

  expect(tags).toEqual([
    ['1', 'W/"1"'],
    ['2', null],
    ['110', 'W/"1"'],
  ])
})
