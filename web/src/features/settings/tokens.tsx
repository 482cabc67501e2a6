import { type SyntheticEvent, useState } from 'react'
import { toAnswer } from '../../api/answer'
import { toProblem } from '../../api/problem'
import { Button } from '../../components/button'
import { Card } from '../../components/card'
import { CopyButton } from '../../components/copy-button'
import { type Column, DataTable } from '../../components/data-table'
import { EmptyState } from '../../components/empty-state'
import { FirstLoadFailure, StaleAnswer } from '../../components/failure'
import { Field } from '../../components/field'
import { SkeletonRows } from '../../components/skeleton'
import { messages } from '../../lib/messages'
import { formatInstant } from '../../lib/time'
import {
  type ApiToken,
  type Scope,
  SCOPES,
  useGetTokensQuery,
  useMakeTokenMutation,
  useRevokeTokenMutation,
} from './tokens-api'

const text = messages.settings

interface TokensProps {
  readonly csrfToken: string
  readonly timeZone: string
}

/** The tokens of the account's machines: which there are, a new one, and the end of one. */
export function Tokens({ csrfToken, timeZone }: TokensProps) {
  const answer = toAnswer(useGetTokensQuery())
  return (
    <Card
      title={text.tokens}
      isDimmed={answer.state === 'ready' && answer.staleSince !== null}
      actions={<StaleAnswer answer={answer} timeZone={timeZone} />}
    >
      <p className="px-4 pb-4 text-caption text-ink-soft sm:px-5">{text.tokensDetail}</p>
      {answer.state === 'loading' && <SkeletonRows rows={3} />}
      {answer.state === 'failed' && (
        <FirstLoadFailure problem={answer.problem} retry={answer.retry} />
      )}
      {answer.state === 'ready' &&
        (answer.data.length === 0 ? (
          <EmptyState>{text.noTokens}</EmptyState>
        ) : (
          <div className="border-t border-line">
            <DataTable
              caption={text.tokensCaption}
              columns={columnsFor(timeZone, csrfToken)}
              rows={answer.data}
              rowKey={({ id }) => id}
              isLong={answer.data.length > 8}
            />
          </div>
        ))}
      <NewToken csrfToken={csrfToken} />
    </Card>
  )
}

function columnsFor(timeZone: string, csrfToken: string): Column<ApiToken>[] {
  return [
    {
      key: 'name',
      header: text.tokenName,
      cell: ({ name }) => <span className="font-medium wrap-anywhere">{name}</span>,
    },
    {
      key: 'scopes',
      header: text.tokenScopes,
      cell: ({ scopes }) => scopes.map((scope) => text.scopes[scope] ?? scope).join(', '),
    },
    {
      key: 'created',
      header: text.tokenCreated,
      cell: ({ createdAt }) => formatInstant(createdAt, timeZone),
    },
    {
      key: 'state',
      header: text.tokenState,
      cell: (token) =>
        token.revokedAt === null ? (
          <Revoke token={token} csrfToken={csrfToken} />
        ) : (
          <span className="text-ink-faint">
            {text.revoked(formatInstant(token.revokedAt, timeZone))}
          </span>
        ),
    },
  ]
}

/** What cannot be undone is asked twice. */
function Revoke({ token, csrfToken }: { readonly token: ApiToken; readonly csrfToken: string }) {
  const [isAsked, setAsked] = useState(false)
  const [revoke, { isLoading, error }] = useRevokeTokenMutation()
  return (
    <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
      {text.active}
      <button
        type="button"
        disabled={isLoading}
        aria-label={isAsked ? undefined : text.revokeOf(token.name)}
        className={`rounded underline underline-offset-4 ${isAsked ? 'font-medium text-loss' : 'text-ink-soft'}`}
        onClick={() => {
          if (isAsked) void revoke({ id: token.id, csrfToken })
          else setAsked(true)
        }}
        onBlur={() => {
          setAsked(false)
        }}
      >
        {isAsked ? text.revokeSure : text.revoke}
      </button>
      {error !== undefined && (
        <span role="alert" className="text-loss">
          {toProblem(error).detail}
        </span>
      )}
    </span>
  )
}

function NewToken({ csrfToken }: { readonly csrfToken: string }) {
  const [name, setName] = useState('')
  const [scopes, setScopes] = useState<readonly Scope[]>(['ingest'])
  const [make, { data: token, error, isLoading }] = useMakeTokenMutation()
  const problem = error === undefined ? null : toProblem(error)
  const refusal = problem?.fields.find(({ pointer }) => pointer === '/name')?.message

  const submit = async (event: SyntheticEvent) => {
    event.preventDefault()
    const result = await make({ name, scopes, csrfToken })
    if (result.data !== undefined) setName('')
  }

  return (
    <form
      aria-label={text.newToken}
      className="space-y-4 border-t border-line p-4 sm:p-5"
      onSubmit={(event) => {
        void submit(event)
      }}
    >
      <h3 className="text-sm font-medium">{text.newToken}</h3>
      <div className="flex flex-wrap items-end gap-x-6 gap-y-4">
        <div className="w-full max-w-72">
          <Field
            label={text.tokenName}
            required
            maxLength={100}
            autoComplete="off"
            refusal={refusal}
            value={name}
            onChange={(event) => {
              setName(event.target.value)
            }}
          />
        </div>
        <fieldset>
          <legend className="mb-1.5 text-sm font-medium">{text.tokenScopes}</legend>
          <div className="flex min-h-10 flex-wrap items-center gap-x-4 gap-y-1">
            {SCOPES.map((scope) => (
              <label key={scope} className="flex items-center gap-2 text-sm">
                <input
                  type="checkbox"
                  className="size-4 accent-action"
                  checked={scopes.includes(scope)}
                  onChange={(event) => {
                    setScopes(
                      SCOPES.filter((one) =>
                        one === scope ? event.target.checked : scopes.includes(one),
                      ),
                    )
                  }}
                />
                {text.scopes[scope]}
              </label>
            ))}
          </div>
        </fieldset>
        <Button type="submit" look="primary" disabled={scopes.length === 0} isBusy={isLoading}>
          {text.makeToken}
        </Button>
      </div>
      {scopes.length === 0 && <p className="text-caption text-loss">{text.oneScope}</p>}
      {problem !== null && refusal === undefined && (
        <p role="alert" className="text-sm text-loss">
          {problem.detail}
        </p>
      )}
      {token !== undefined && (
        <div className="space-y-2">
          <div className="flex flex-wrap items-start gap-2">
            <pre
              role="region"
              aria-label={text.tokenShown}
              tabIndex={0}
              className="max-w-full min-w-0 flex-1 basis-64 overflow-x-auto rounded-lg bg-sunken px-3 py-2.5 font-mono text-caption leading-5"
            >
              {token}
            </pre>
            <CopyButton label={text.copy} text={() => token} />
          </div>
          <p className="text-caption text-ink-faint">{text.tokenOnce}</p>
        </div>
      )}
    </form>
  )
}
