import type { BaseQueryFn } from '@reduxjs/toolkit/query'
import type { Validity } from '../lib/live-counter'
import { ServerClock } from '../lib/server-clock'
import type { Site } from '../lib/site'
import { parseProblem, type Problem, unreachable } from './problem'

const TIMEOUT_MS = 20_000

export interface ApiRequest {
  /** Below `/api/v1/`. */
  readonly path: string
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly body?: Record<string, unknown>
  /** Sent with every write by cookie. */
  readonly csrfToken?: string
}

export interface ApiOptions {
  /** Asked without a session, so that a refusal says nothing about one. */
  readonly isPublic?: boolean
}

/** What an answer has beside its body. */
export interface ApiMeta {
  /** When the answer holds; null where it is not live. */
  readonly validity: Validity | null
}

interface HeldAnswer {
  readonly etag: string
  readonly body: unknown
  readonly meta: ApiMeta
}

/** By address. */
const heldAnswers = new Map<string, HeldAnswer>()
let serverClock = new ServerClock()

/** Forget every answer of the session that ended. */
export function forgetAnswers(): void {
  heldAnswers.clear()
  serverClock = new ServerClock()
}

function readValidity(body: unknown, receivedAt: number): Validity | null {
  if (typeof body !== 'object' || body === null) return null
  const { as_of: asOf, valid_until: validUntil } = body as Record<string, unknown>
  if (typeof asOf !== 'string' || typeof validUntil !== 'string') return null
  return serverClock.place(asOf, validUntil, receivedAt)
}

async function readBody(response: Response): Promise<unknown> {
  const text = await response.text()
  if (text === '') return null
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/**
 * Ask the API.
 *
 * The entity tag is kept here and not in the browser's cache: a 304 says that the held value,
 * slope and validity still describe the present, so they keep the instant at which they came.
 */
export const baseQuery: BaseQueryFn<ApiRequest, unknown, Problem, ApiOptions, ApiMeta> = async (
  { path, method = 'GET', body, csrfToken },
  { signal, extra },
) => {
  const address = new URL(`api/v1/${path}`, extra as Site).href
  const held = method === 'GET' ? heldAnswers.get(address) : undefined
  const headers = new Headers({ Accept: 'application/json' })
  if (body !== undefined) headers.set('Content-Type', 'application/json')
  if (csrfToken !== undefined) headers.set('X-CSRF-Token', csrfToken)
  if (held !== undefined) headers.set('If-None-Match', held.etag)

  try {
    const response = await fetch(address, {
      method,
      headers,
      cache: 'no-store',
      credentials: 'same-origin',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const receivedAt = performance.now()
    if (response.status === 304 && held !== undefined) return { data: held.body, meta: held.meta }

    const answer = await readBody(response)
    if (!response.ok) return { error: parseProblem(response.status, answer) }

    const meta = { validity: readValidity(answer, receivedAt) }
    const etag = response.headers.get('ETag')
    if (method === 'GET' && etag !== null) heldAnswers.set(address, { etag, body: answer, meta })
    return { data: answer, meta }
  } catch {
    return { error: unreachable() }
  }
}
