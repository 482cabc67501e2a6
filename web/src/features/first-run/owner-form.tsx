import { type SyntheticEvent, useState } from 'react'
import { type Problem, toProblem } from '../../api/problem'
import { Button } from '../../components/button'
import { Field } from '../../components/field'
import { messages } from '../../lib/messages'
import { type NewOwner, useCreateOwnerMutation } from './first-run-api'

const text = messages.setup

const SHORTEST_PASSWORD = 8

function refusalOf(problem: Problem | null, field: keyof NewOwner): string | undefined {
  return problem?.fields.find(({ pointer }) => pointer === `/${field}`)?.message
}

/** Create the owner of an installation that has none. */
export function OwnerForm({ codeRequired }: { readonly codeRequired: boolean }) {
  const [owner, setOwner] = useState<NewOwner>({ email: '', password: '', account: '', code: '' })
  const [createOwner, { error, isLoading }] = useCreateOwnerMutation()
  const problem = error === undefined ? null : toProblem(error)

  const set = (field: keyof NewOwner) => (event: { target: { value: string } }) => {
    setOwner({ ...owner, [field]: event.target.value })
  }
  const submit = (event: SyntheticEvent) => {
    event.preventDefault()
    void createOwner(owner)
  }

  return (
    <form className="space-y-4" onSubmit={submit}>
      <Field
        label={text.email}
        type="email"
        autoComplete="username"
        required
        refusal={refusalOf(problem, 'email')}
        value={owner.email}
        onChange={set('email')}
      />
      <Field
        label={text.password}
        type="password"
        autoComplete="new-password"
        required
        minLength={SHORTEST_PASSWORD}
        hint={text.passwordHint}
        refusal={refusalOf(problem, 'password')}
        value={owner.password}
        onChange={set('password')}
      />
      <Field
        label={text.account}
        hint={text.accountHint}
        refusal={refusalOf(problem, 'account')}
        value={owner.account}
        onChange={set('account')}
      />
      {codeRequired && (
        <Field
          label={text.code}
          autoComplete="one-time-code"
          required
          hint={text.codeHint}
          refusal={refusalOf(problem, 'code')}
          value={owner.code}
          onChange={set('code')}
        />
      )}
      {problem !== null && problem.fields.length === 0 && (
        <p role="alert" className="rounded-lg bg-loss-soft px-3 py-2 text-sm text-loss">
          {problem.detail}
        </p>
      )}
      <Button look="primary" type="submit" isBusy={isLoading} className="w-full">
        {isLoading ? text.submitting : text.submit}
      </Button>
    </form>
  )
}
