import { AnswerReader } from '../lib/parse'
import type { Schemas } from './schema'

export interface Account {
  readonly id: string
  readonly name: string
  readonly currency: string
  /** IANA name; every date on the screen is a local date of the account. */
  readonly timezone: string
  /** The account is the demo's, and every page says so. */
  readonly sampleData: boolean
}

export interface Session {
  readonly email: string
  readonly account: Account
  readonly csrfToken: string
}

/** Read who is signed in; null is the answer "nobody". */
export function parseCurrentSession(raw: unknown): Session | null {
  return new AnswerReader<Schemas['MeAnswer']>(raw).flag('authenticated') ? parseSession(raw) : null
}

/** What a login and "who am I" both answer of somebody who is signed in. */
type SignedIn = Pick<Schemas['SignedInAnswer'], 'user' | 'account' | 'csrf_token'>

/** Read the session that a login opened; its bearer token is left where it is. */
export function parseSession(raw: unknown): Session {
  const answer = new AnswerReader<SignedIn>(raw)
  const account = answer.object('account')
  return {
    email: answer.object('user').text('email'),
    account: {
      id: account.text('id'),
      name: account.text('name'),
      currency: account.text('currency'),
      timezone: account.text('timezone'),
      sampleData: account.flag('sample_data'),
    },
    csrfToken: answer.text('csrf_token'),
  }
}
