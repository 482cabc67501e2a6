import { economyApi } from '../../api/economy-api'
import { AnswerReader } from '../../lib/parse'

export const SCOPES = ['ingest', 'backfill', 'read'] as const
export type Scope = (typeof SCOPES)[number]

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

function parseTokens(raw: unknown): ApiToken[] {
  return new AnswerReader(raw).list('tokens', (token) => ({
    id: token.identifier('id'),
    name: token.text('name'),
    scopes: token.texts('scopes'),
    createdAt: token.text('created_at'),
    revokedAt: token.maybe('revoked_at', (a) => a.text('revoked_at')),
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
          body: { name, scopes },
        }),
        transformResponse: (raw) => new AnswerReader(raw).text('token'),
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
