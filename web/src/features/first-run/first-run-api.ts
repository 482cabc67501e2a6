import { forgetAnswers } from '../../api/base-query'
import { economyApi } from '../../api/economy-api'
import type { Schemas } from '../../api/schema'
import { parseSession, type Session } from '../../api/session'
import { AnswerReader } from '../../lib/parse'

/** Whether this installation still needs an owner. */
interface Setup {
  readonly needsOwner: boolean
  readonly codeRequired: boolean
}

export interface NewOwner {
  readonly email: string
  readonly password: string
  readonly account: string
  readonly code: string
}

export function parseSetup(raw: unknown): Setup {
  const answer = new AnswerReader<Schemas['SetupState']>(raw)
  return { needsOwner: answer.flag('needs_owner'), codeRequired: answer.flag('code_required') }
}

export const { useGetSetupQuery, useCreateOwnerMutation, useCreateTokenMutation } =
  economyApi.injectEndpoints({
    endpoints: (build) => ({
      getSetup: build.query<Setup, void>({
        query: () => ({ path: 'setup' }),
        transformResponse: parseSetup,
        providesTags: ['Session'],
      }),
      createOwner: build.mutation<Session, NewOwner>({
        query: ({ email, password, account, code }) => ({
          path: 'setup',
          method: 'POST',
          body: {
            email,
            password,
            ...(account === '' ? {} : { account }),
            ...(code === '' ? {} : { code }),
          } satisfies Schemas['SetupBody'],
        }),
        transformResponse: parseSession,
        extraOptions: { isPublic: true },
        async onQueryStarted(_owner, { dispatch, queryFulfilled }) {
          const result = await queryFulfilled.catch(() => null)
          if (result === null) return
          forgetAnswers()
          await dispatch(economyApi.util.upsertQueryData('getSession', undefined, result.data))
        },
      }),
      /** A token that may push usage events; the answer is the only place that shows it. */
      createToken: build.mutation<string, { csrfToken: string; name: string }>({
        query: ({ csrfToken, name }) => ({
          path: 'tokens',
          method: 'POST',
          csrfToken,
          body: { name, scopes: ['ingest'] } satisfies Schemas['TokenBody'],
        }),
        transformResponse: (raw) => new AnswerReader<Schemas['TokenCreated']>(raw).text('token'),
      }),
    }),
  })
