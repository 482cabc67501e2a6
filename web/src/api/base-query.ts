import type { BaseQueryFn } from '@reduxjs/toolkit/query'
import { clockGapAt, type Validity } from '../lib/live-counter'
import { ServerClock } from '../lib/server-clock'
import type { Site } from '../lib/site'
import { parseProblem, type Problem, unreachable } from './problem'

const TIMEOUT_MS = 20_000
const SECOND_MS = 1000

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
}

/** A page shows some ten answers at once; one that is kept open for weeks asks for ever more. */
const MOST_HELD = 100

/** By address, those that were asked for last at the end. */
const heldAnswers = new Map<string, HeldAnswer>()
let serverClock = new ServerClock()

/** Forget every answer of the session that ended. */
export function forgetAnswers(): void {
  heldAnswers.clear()
  serverClock = new ServerClock()
}

function hold(address: string, answer: HeldAnswer): void {
  heldAnswers.delete(address)
  heldAnswers.set(address, answer)
  const [oldest] = heldAnswers.keys()
  if (heldAnswers.size > MOST_HELD && oldest !== undefined) heldAnswers.delete(oldest)
}

/** Return the server's time as it answered, null where the answer does not tell it. */
function answeredAt(response: Response): number | null {
  const told = response.headers.get('Answered-At')
  const instant = told === null ? NaN : Date.parse(told)
  return Number.isNaN(instant) ? null : instant
}

/** Return from when to when an answer holds by the server's clock, null where it is not live. */
function heldTime(body: unknown): [number, number] | null {
  if (typeof body !== 'object' || body === null) return null
  const { as_of: asOf, valid_until: validUntil } = body as Record<string, unknown>
  if (typeof asOf !== 'string' || typeof validUntil !== 'string') return null
  return [Date.parse(asOf), Date.parse(validUntil)]
}

function readMeta(body: unknown, clockGap: number): ApiMeta {
  const held = heldTime(body)
  return { validity: held === null ? null : serverClock.place(...held, clockGap) }
}

/** Return the server's time, by the browser's clock where no answer has told it. */
export function serverNow(): number {
  return serverClock.at(performance.now()) ?? Date.now()
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
 * slope and validity still describe the present, so they keep the instant that they are for.
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
  // Of before the request: where the machine slept meanwhile, nobody knows how old the answer is.
  const askedAt = performance.now()
  const clockGap = clockGapAt(askedAt)

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
    const answered = answeredAt(response)
    if (answered !== null) serverClock.observe(answered, askedAt, receivedAt)
    if (response.status === 304 && held !== undefined) {
      hold(address, held)
      return { data: held.body, meta: readMeta(held.body, clockGap) }
    }

    const answer = await readBody(response)
    const since = heldTime(answer)?.[0]
    if (answered === null && since !== undefined) {
      // What lies between the server and us took the header away. The answer is for this second.
      serverClock.observe(since, askedAt - SECOND_MS, receivedAt)
    }
    if (!response.ok) return { error: parseProblem(response.status, answer) }

    const etag = response.headers.get('ETag')
    if (method === 'GET' && etag !== null) hold(address, { etag, body: answer })
    return { data: answer, meta: readMeta(answer, clockGap) }
  } catch {
    return { error: unreachable() }
  }
}
