import { type SyntheticEvent, useId, useState } from 'react'
import { toProblem } from '../../api/problem'
import { Button } from '../../components/button'
import { Field } from '../../components/field'
import { messages } from '../../lib/messages'
import { formatInstant } from '../../lib/time'
import { isKnownZone, knownZones } from '../../lib/time-zones'
import { useGetPolicyQuery, useSavePolicyMutation } from './policy-api'

const text = messages.settings

const CONFLICT = 409
const REFUSED = 422

interface TimeZoneFormProps {
  readonly timeZone: string
  readonly csrfToken: string
  /** Say what came of it; the form is gone then, for another zone is in force. */
  readonly tell: (message: string) => void
}

/** Where the account's days begin: looked up in a list, and what another choice would do. */
export function TimeZoneForm({ timeZone, csrfToken, tell }: TimeZoneFormProps) {
  const listId = useId()
  const [openedAt] = useState(() => Date.now())
  const [zone, setZone] = useState(timeZone)
  const { data: policy } = useGetPolicyQuery()
  const [save, { error, isLoading, reset }] = useSavePolicyMutation()
  const chosen = zone.trim()
  const isKnown = isKnownZone(chosen)
  const isChanged = chosen !== timeZone
  const problem = error === undefined ? null : toProblem(error)
  const isRefused = problem?.fields.some(({ pointer }) => pointer === '/timezone') === true

  const submit = async (event: SyntheticEvent) => {
    event.preventDefault()
    if (policy === undefined) return
    const terms = { ...policy, timeZone: chosen }
    const result = await save({ terms, expectedVersion: policy.version, csrfToken })
    if (result.data !== undefined) tell(text.zoneSaved(result.data.timeZone))
    else if (toProblem(result.error).status === CONFLICT) tell(text.conflict)
  }

  return (
    <form
      className="max-w-md"
      onSubmit={(event) => {
        void submit(event)
      }}
    >
      <Field
        label={text.timeZone}
        hint={isChanged ? undefined : text.timeZoneDetail}
        refusal={isRefused || (isChanged && !isKnown) ? text.zoneRefused : undefined}
        value={zone}
        list={listId}
        required
        maxLength={64}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        onChange={(event) => {
          reset()
          setZone(event.target.value)
        }}
      />
      <datalist id={listId}>
        {knownZones().map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      {isChanged && isKnown && (
        <p role="status" className="mt-1.5 text-caption text-ink-soft">
          {text.zoneEffect(chosen, formatInstant(openedAt, chosen))}
        </p>
      )}
      {problem !== null && problem.status !== CONFLICT && problem.status !== REFUSED && (
        <p role="alert" className="mt-2 rounded-lg bg-loss-soft px-3 py-2 text-sm text-loss">
          {problem.detail}
        </p>
      )}
      {isChanged && (
        <div className="mt-3 flex flex-wrap gap-2">
          <Button
            look="primary"
            type="submit"
            disabled={!isKnown || policy === undefined}
            isBusy={isLoading}
          >
            {isLoading ? text.saving : text.changeZone}
          </Button>
          <Button
            onClick={() => {
              reset()
              setZone(timeZone)
            }}
          >
            {text.keepZone(timeZone)}
          </Button>
        </div>
      )}
    </form>
  )
}
