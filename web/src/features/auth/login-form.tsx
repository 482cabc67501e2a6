import { type SyntheticEvent, useState } from 'react'
import { toProblem } from '../../api/problem'
import { Button } from '../../components/button'
import { Field } from '../../components/field'
import { messages } from '../../lib/messages'
import { useLoginMutation } from './auth-api'

const text = messages.login

const REFUSED = new Set([400, 401, 403, 422])
const TOO_MANY = 429

/** Say why the login was refused, without saying whether the person exists. */
function refusalInWords(error: unknown): string {
  const { status, detail } = toProblem(error)
  if (status === TOO_MANY) return text.tooMany
  return status !== null && REFUSED.has(status) ? text.refused : detail
}

/** E-mail and password. */
export function LoginForm({ onSignedIn }: { readonly onSignedIn: () => void }) {
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const [login, { error, isLoading }] = useLoginMutation()

  const submit = async (event: SyntheticEvent) => {
    event.preventDefault()
    const { error: refusal } = await login({ email, password })
    if (refusal === undefined) onSignedIn()
    else setPassword('')
  }

  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        void submit(event)
      }}
    >
      <Field
        label={text.email}
        type="email"
        name="email"
        autoComplete="username"
        required
        value={email}
        onChange={(event) => {
          setEmail(event.target.value)
        }}
      />
      <Field
        label={text.password}
        type="password"
        name="password"
        autoComplete="current-password"
        required
        value={password}
        onChange={(event) => {
          setPassword(event.target.value)
        }}
      />
      {error !== undefined && (
        <p role="alert" className="rounded-lg bg-loss-soft px-3 py-2 text-sm text-loss">
          {refusalInWords(error)}
        </p>
      )}
      <Button look="primary" type="submit" isBusy={isLoading} className="w-full">
        {isLoading ? text.submitting : text.submit}
      </Button>
    </form>
  )
}
