import { forgetAnswers } from '../../api/base-query'
import { economyApi } from '../../api/economy-api'
import type { Schemas } from '../../api/schema'
import { parseSession, type Session } from '../../api/session'

interface Credentials {
  readonly email: string
  readonly password: string
}

export const { useLoginMutation, useLogoutMutation } = economyApi.injectEndpoints({
  endpoints: (build) => ({
    login: build.mutation<Session, Credentials>({
      query: ({ email, password }) => ({
        path: 'auth/login',
        method: 'POST',
        body: { email, password } satisfies Schemas['LoginBody'],
      }),
      transformResponse: parseSession,
      extraOptions: { isPublic: true },
      async onQueryStarted(_credentials, { dispatch, queryFulfilled }) {
        const result = await queryFulfilled.catch(() => null)
        if (result === null) return
        forgetAnswers()
        await dispatch(economyApi.util.upsertQueryData('getSession', undefined, result.data))
      },
    }),
    logout: build.mutation<null, { csrfToken: string }>({
      query: ({ csrfToken }) => ({ path: 'auth/logout', method: 'POST', csrfToken }),
      async onQueryStarted(_argument, { dispatch, queryFulfilled }) {
        const result = await queryFulfilled.catch(() => null)
        if (result === null) return
        forgetAnswers()
        dispatch(economyApi.util.resetApiState())
      },
    }),
  }),
})
