import { economyApi } from '../../api/economy-api'
import type { Schemas } from '../../api/schema'
import { AnswerReader } from '../../lib/parse'

export const SCOPES = ['ingest', 'backfill', 'read'] as const
export type Scope = Schemas['Scope']

/** A machine's token, without the token itself. */
export interface ApiToken {
  readonly id: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly createdAt: string
  readonly revokedAt: string | null
}

interface NewToken {
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly csrfToken: string
}

export function parseTokens(raw: unknown): ApiToken[] {
  return new AnswerReader<Schemas['TokensAnswer']>(raw).list('tokens', (token) => ({
    id: token.text('id'),
    name: token.text('name'),
    scopes: token.texts('scopes'),
    createdAt: token.text('created_at'),
    revokedAt: token.textOrNull('revoked_at'),
  }))
}

export const { useGetTokensQuery, useMakeTokenMutation, useRevokeTokenMutation } =
  economyApi.injectEndpoints({
    endpoints: (build) => ({
      getTokens: build.query<ApiToken[], void>({
        query: () => ({ path: 'tokens' }),
        transformResponse: parseTokens,
        providesTags: ['Tokens'],
      }),
      /** The answer is the only place that shows the token. */
      makeToken: build.mutation<string, NewToken>({
        query: ({ name, scopes, csrfToken }) => ({
          path: 'tokens',
          method: 'POST',
          csrfToken,
          body: { name, scopes } satisfies Schemas['TokenBody'],
        }),
        transformResponse: (raw) => new AnswerReader<Schemas['TokenCreated']>(raw).text('token'),
        invalidatesTags: ['Tokens'],
      }),
      revokeToken: build.mutation<null, { id: string; csrfToken: string }>({
        query: ({ id, csrfToken }) => ({
          path: `tokens/${encodeURIComponent(id)}`,
          method: 'DELETE',
          csrfToken,
        }),
        invalidatesTags: ['Tokens'],
      }),
    }),
  })
