import { type BaseQueryFn, createApi } from '@reduxjs/toolkit/query/react'
import { type ApiMeta, type ApiOptions, type ApiRequest, baseQuery } from './base-query'
import type { Problem } from './problem'
import { parseCurrentSession, type Session } from './session'

const UNAUTHORISED = 401

/** An answer as young as this serves every part of a page. */
const FRESH_SECONDS = 1

/** Ask the API; when it does not know us any more, ask who is signed in. */
const sessionAwareQuery: BaseQueryFn<
  ApiRequest,
  unknown,
  Problem,
  ApiOptions | undefined,
  ApiMeta
> = async (request, api, options) => {
  const result = await baseQuery(request, api, options ?? {})
  if (result.error?.status === UNAUTHORISED && options?.isPublic !== true) {
    api.dispatch(economyApi.util.invalidateTags(['Session']))
  }
  return result
}

/** All server data; features inject their endpoints. */
export const economyApi = createApi({
  reducerPath: 'economyApi',
  baseQuery: sessionAwareQuery,
  tagTypes: ['Session', 'Ledger', 'Policy', 'Tokens'],
  // Whoever turns to a page wants the present; an unchanged answer costs a 304.
  refetchOnMountOrArgChange: FRESH_SECONDS,
  // A session that ended is not to wait for another answer that hangs.
  invalidationBehavior: 'immediately',
  endpoints: (build) => ({
    /** Who is signed in; null is the answer "nobody". */
    getSession: build.query<Session | null, void>({
      queryFn: async (_argument, _api, _extra, ask) => {
        const { data, error } = await ask({ path: 'auth/me' })
        if (error === undefined) return { data: parseCurrentSession(data) }
        return error.status === UNAUTHORISED ? { data: null } : { error }
      },
      extraOptions: { isPublic: true },
      // The account's time zone is part of its policy.
      providesTags: ['Session', 'Policy'],
    }),
  }),
})

export const { useGetSessionQuery } = economyApi
