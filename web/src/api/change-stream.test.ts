import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Change, CHANGES, followChanges } from './change-stream'

/** What was told, in order: whether it is live, and what has changed. */
type Told = boolean | 'signed out' | readonly Change[]

const encoder = new TextEncoder()
const changed = (id: string, ...what: string[]) =>
  `id: ${id}\nevent: changed\ndata: ${JSON.stringify({ changed: what })}\n\n`

let told: Told[] = []
let stop = new AbortController()

function follow(heldId: string | null = null): Promise<void> {
  const held = { id: heldId }
  return followChanges(
    {
      onLive: (isLive) => told.push(isLive),
      onChange: (changes, id) => {
        held.id = id
        told.push(changes)
      },
      onSignedOut: () => told.push('signed out'),
    },
    stop.signal,
    () => held.id,
  )
}

type Answer = (request: Request) => Response

/**
 * Stand in at `fetch`: the network that the other tests share cannot hang up on a stream.
 *
 * Each request is answered by the next of these; the last one answers all that follow.
 */
function answer(...answers: Answer[]): Request[] {
  const asked: Request[] = []
  vi.stubGlobal('fetch', (path: string, options: RequestInit) => {
    const request = new Request(new URL(path, location.origin), options)
    asked.push(request)
    const give = answers[Math.min(asked.length, answers.length) - 1]
    return give === undefined ? Promise.reject(new Error('lost')) : Promise.resolve(give(request))
  })
  return asked
}

/** Answer with a stream that says this, and then ends or stays open until it is given up. */
function stream(text: string, { stays = false } = {}): Answer {
  return ({ signal }) =>
    new Response(
      new ReadableStream({
        start: (controller) => {
          controller.enqueue(encoder.encode(text))
          if (stays) {
            signal.addEventListener('abort', () => {
              controller.error(new Error('given up'))
            })
          } else controller.close()
        },
      }),
      { headers: { 'Content-Type': 'text/event-stream' } },
    )
}

const refusal =
  (status: number, headers: HeadersInit = {}): Answer =>
  () =>
    new Response('{}', { status, headers })

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true })
  told = []
  stop = new AbortController()
})

afterEach(() => {
  stop.abort()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

describe('the stream of changes', () => {
  it('is live as soon as something comes, and tells what has changed', async () => {
    answer(stream(changed('a', 'ledger'), { stays: true }))
    void follow()

    await vi.waitFor(() => {
      expect(told).toEqual([true, ['ledger']])
    })
  })

  it('takes a change that it does not know for every change', async () => {
    answer(stream(changed('a', 'weather'), { stays: true }))
    void follow()

    await vi.waitFor(() => {
      expect(told).toContainEqual(CHANGES)
    })
  })

  it('is asked for again when it ends, after the time that the server names', async () => {
    const asked = answer(
      stream(`${changed('a', 'ledger')}retry: 4000\n\n`),
      stream(changed('b', 'policy'), { stays: true }),
    )
    void follow()
    await vi.waitFor(() => {
      expect(told).toEqual([true, ['ledger'], false])
    })

    await vi.advanceTimersByTimeAsync(3900)
    expect(asked).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(2200)

    await vi.waitFor(() => {
      expect(told).toEqual([true, ['ledger'], false, true, ['policy']])
    })
    expect(asked.map((request) => request.headers.get('Last-Event-ID'))).toEqual([null, 'a'])
  })

  it('counts as lost after a silence of three heartbeats', async () => {
    const asked = answer(stream(changed('a', 'ledger'), { stays: true }))
    void follow()
    await vi.waitFor(() => {
      expect(told).toEqual([true, ['ledger']])
    })

    await vi.advanceTimersByTimeAsync(29_000)
    expect(told).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(2000)

    expect(told[2]).toBe(false)
    await vi.advanceTimersByTimeAsync(5000)
    expect(asked.length).toBeGreaterThan(1)
  })

  it('that is refused is asked for when the server says, and each time later', async () => {
    const askedAt: number[] = []
    answer((request) => {
      askedAt.push(Date.now())
      return refusal(429, { 'Retry-After': '30' })(request)
    })
    void follow()

    await vi.advanceTimersByTimeAsync(200_000)

    const waits = askedAt.slice(1).map((at, index) => (at - (askedAt[index] ?? 0)) / 1000)
    expect(waits.length).toBeGreaterThanOrEqual(2)
    expect(waits[0]).toBeGreaterThanOrEqual(30)
    expect(waits[0]).toBeLessThanOrEqual(46)
    expect(waits[1]).toBeGreaterThanOrEqual(60)
    expect(told).not.toContain(true)
  })

  it('that is refused for ever is asked for every few minutes, no less', async () => {
    const asked = answer(refusal(503))
    void follow()
    await vi.advanceTimersByTimeAsync(3_600_000)
    const before = asked.length

    await vi.advanceTimersByTimeAsync(3_600_000)

    expect(asked.length - before).toBeGreaterThanOrEqual(7)
    expect(asked.length - before).toBeLessThanOrEqual(13)
  })

  it.each([
    ['an answer', refusal(401)],
    ['its last event', stream('event: ended\ndata: {}\n\n')],
  ])('is over for somebody who is signed out by %s', async (_, given) => {
    answer(given)

    await follow()

    expect(told.at(-1)).toBe('signed out')
  })

  it('is given up at once when nobody listens', async () => {
    answer(stream(changed('a', 'ledger'), { stays: true }))
    const following = follow()
    await vi.waitFor(() => {
      expect(told).toHaveLength(2)
    })

    stop.abort()
    await following

    expect(told).toEqual([true, ['ledger'], false])
  })
})
