import { AnswerReader } from '../lib/parse'
import { messages } from '../lib/messages'
import { type Reason, reasonInWords } from '../lib/reason'
import type { Schemas } from './schema'

/** One refused field of a request. */
interface FieldProblem {
  readonly pointer: string
  readonly message: string
}

/** Why a request has no answer: what the server said (RFC 9457), or that it said nothing. */
export interface Problem {
  /** The HTTP status; null where no answer came. */
  readonly status: number | null
  readonly code: string
  readonly detail: string
  readonly fields: readonly FieldProblem[]
}

function inWords(refusal: Reason): string {
  return reasonInWords(messages.reasons.refusals, refusal) ?? refusal.text
}

/** Say that the server was not reached, or did not answer in time. */
export function unreachable(): Problem {
  return { status: null, code: 'unreachable', detail: messages.problem.unreachable, fields: [] }
}

/** Read a problem from an answer's body; a body of another shape still tells the status. */
export function parseProblem(status: number, body: unknown): Problem {
  try {
    const answer = new AnswerReader<Schemas['Problem']>(body)
    const code = answer.text('code')
    const fields = answer.list('errors', (field) => ({
      pointer: field.text('pointer'),
      code: field.text('code'),
      named: field.named('parameters'),
      text: field.text('message'),
    }))
    // The first field that is wrong gives the whole its code, and names what it is about.
    const named = fields.find((field) => field.code === code)?.named ?? {}
    return {
      status,
      code,
      detail: inWords({ code, named, text: answer.text('detail') }),
      fields: fields.map((field) => ({ pointer: field.pointer, message: inWords(field) })),
    }
  } catch {
    return { status, code: 'unknown', detail: messages.problem.status(status), fields: [] }
  }
}

/** Read the reason out of whatever RTK Query holds as an error. */
export function toProblem(error: unknown): Problem {
  if (typeof error === 'object' && error !== null && 'code' in error && 'fields' in error) {
    return error as Problem
  }
  const detail =
    typeof error === 'object' && error !== null && 'message' in error
      ? messages.problem.malformed(String(error.message))
      : messages.problem.unknown
  return { status: null, code: 'malformed_answer', detail, fields: [] }
}
