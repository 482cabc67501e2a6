import { AnswerReader } from '../lib/parse'

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
  return new AnswerReader(raw).flag('authenticated') ? parseSession(raw) : null
}

/** Read the session that a login opened; its bearer token is left where it is. */
export function parseSession(raw: unknown): Session {
  const answer = new AnswerReader(raw)
  const account = answer.object('account')
  return {
    email: answer.object('user').text('email'),
    account: {
      id: account.identifier('id'),
      name: account.text('name'),
      currency: account.text('currency'),
      timezone: account.text('timezone'),
      sampleData: account.flag('sample_data'),
    },
    csrfToken: answer.text('csrf_token'),
  }
}
