import { AnswerReader } from '../lib/parse'
import { type ServerSent, ServerSentReader } from '../lib/server-sent'

/** What the answers of the ledger depend on. */
export const CHANGES = ['ledger', 'policy', 'prices'] as const
export type Change = (typeof CHANGES)[number]

/** Who is told of changes. */
export interface ChangeListener {
  /** Whether changes are told as they happen; said again whenever the server is heard. */
  onLive(isLive: boolean): void
  /** Answers that depend on these may have changed; `id` names what the account is at now. */
  onChange(changed: readonly Change[], id: string): void
  /** The server does not know us any more. */
  onSignedOut(): void
}

/** The server says something every 10 s; this long after it was heard last, the line is dead. */
const SILENCE_MS = 30_000

const FIRST_WAIT_MS = 3000
const LONGEST_WAIT_MS = 300_000
const UNAUTHORISED = 401

/** How a stream ended, and how soon the server is ready for another. */
interface StreamEnd {
  readonly wasLive: boolean
  readonly isSignedOut: boolean
  readonly waitMs: number | null
}

/**
 * Listen to the changes of the account until told to stop, or signed out.
 *
 * A stream that is refused or lost is tried again: after the time that the server names, and each
 * time in vain later than before, at a moment of our own, so that not all clients come at once.
 *
 * @param heldId tells what names the state that is known, where one is
 */
export async function followChanges(
  listener: ChangeListener,
  signal: AbortSignal,
  heldId: () => string | null,
): Promise<void> {
  let inVain = 0
  do {
    const end = await listenOnce(listener, signal, heldId())
    listener.onLive(false)
    if (end.isSignedOut) {
      listener.onSignedOut()
      return
    }
    inVain = end.wasLive ? 0 : inVain + 1
    await pause(waitAfter(end, inVain), signal)
  } while (!signal.aborted)
}

function waitAfter(end: StreamEnd, inVain: number): number {
  const first = end.waitMs ?? FIRST_WAIT_MS
  const wait = Math.min(first * 2 ** Math.max(0, inVain - 1), LONGEST_WAIT_MS)
  return wait * (1 + Math.random() / 2)
}

async function listenOnce(
  listener: ChangeListener,
  signal: AbortSignal,
  heldId: string | null,
): Promise<StreamEnd> {
  const silence = new Silence(SILENCE_MS)
  let end: StreamEnd = { wasLive: false, isSignedOut: false, waitMs: null }
  try {
    const response = await fetch('/api/v1/economy/stream', {
      headers: {
        Accept: 'text/event-stream',
        ...(heldId === null ? {} : { 'Last-Event-ID': heldId }),
      },
      cache: 'no-store',
      credentials: 'same-origin',
      signal: AbortSignal.any([signal, silence.signal]),
    })
    if (!response.ok || response.body === null) return refused(response)
    const messages = new ServerSentReader()
    const pieces = response.body.pipeThrough(new TextDecoderStream()).getReader()
    for (let piece = await pieces.read(); !piece.done; piece = await pieces.read()) {
      silence.isBroken()
      listener.onLive(true)
      end = { ...end, wasLive: true }
      for (const message of messages.read(piece.value)) end = tell(listener, message, end)
    }
  } catch {
    // Lost, silent for too long, or not wanted any more: it has ended in any case.
  } finally {
    silence.end()
  }
  return end
}

function refused(response: Response): StreamEnd {
  const seconds = Number(response.headers.get('Retry-After') ?? NaN)
  return {
    wasLive: false,
    isSignedOut: response.status === UNAUTHORISED,
    waitMs: Number.isFinite(seconds) ? seconds * 1000 : null,
  }
}

function tell(listener: ChangeListener, message: ServerSent, end: StreamEnd): StreamEnd {
  if (message.event === 'changed' && message.id !== null) {
    listener.onChange(readChanges(message.data), message.id)
  }
  return {
    ...end,
    isSignedOut: end.isSignedOut || message.event === 'ended',
    waitMs: message.retryMs ?? end.waitMs,
  }
}

/** Read what has changed; of a kind that we do not know, everything may have. */
export function readChanges(data: string): readonly Change[] {
  const named = new AnswerReader(JSON.parse(data)).texts('changed')
  const known = CHANGES.filter((change) => named.includes(change))
  return known.length === named.length ? known : CHANGES
}

/** Gives a signal when nothing was heard for too long. */
class Silence {
  readonly #controller = new AbortController()
  readonly #longestMs: number
  #timer: ReturnType<typeof setTimeout>

  constructor(longestMs: number) {
    this.#longestMs = longestMs
    this.#timer = this.#start()
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  isBroken(): void {
    clearTimeout(this.#timer)
    this.#timer = this.#start()
  }

  end(): void {
    clearTimeout(this.#timer)
  }

  #start() {
    return setTimeout(() => {
      this.#controller.abort()
    }, this.#longestMs)
  }
}

/** Wait, but no longer than until a signal. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, signal.aborted ? 0 : ms)
    signal.addEventListener('abort', end)
  })
}
