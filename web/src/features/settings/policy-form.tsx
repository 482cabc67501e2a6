import { type SyntheticEvent, useEffect, useMemo, useRef, useState } from 'react'
import { toAnswer } from '../../api/answer'
import { type Provider, PROVIDERS } from '../../api/comparison'
import { toProblem } from '../../api/problem'
import { Button } from '../../components/button'
import { Card } from '../../components/card'
import { FirstLoadFailure, StaleAnswer } from '../../components/failure'
import { Field } from '../../components/field'
import { Segmented } from '../../components/segmented'
import { SkeletonRows } from '../../components/skeleton'
import { Toast } from '../../components/toast'
import { messages } from '../../lib/messages'
import { formatInstant } from '../../lib/time'
import { usePassing } from '../../state/use-passing'
import {
  BASES,
  type Policy,
  PRICING_MODELS,
  SUBSTITUTES,
  useGetPolicyQuery,
  useSavePolicyMutation,
} from './policy-api'
import { draftOf, isSame, type PolicyDraft, shareOf, termsOf } from './policy-draft'
import { PolicyPreview } from './policy-preview'

const text = messages.settings

const CONFLICT = 409

interface PolicyFormProps {
  readonly csrfToken: string
  readonly timeZone: string
}

/** How the account compares, with a preview of each change before it is made. */
export function PolicyForm({ csrfToken, timeZone }: PolicyFormProps) {
  const answer = toAnswer(useGetPolicyQuery())
  const [notice, tell] = usePassing()
  return (
    <Card
      title={text.policy}
      isDimmed={answer.state === 'ready' && answer.staleSince !== null}
      actions={<StaleAnswer answer={answer} timeZone={timeZone} />}
    >
      {answer.state === 'loading' && (
        <div className="min-h-286 sm:min-h-166">
          <SkeletonRows rows={12} />
        </div>
      )}
      {answer.state === 'failed' && (
        <FirstLoadFailure problem={answer.problem} retry={answer.retry} />
      )}
      {answer.state === 'ready' && (
        // A version that somebody made is another form: what was typed was about the one before.
        <Form
          key={answer.data.version}
          policy={answer.data}
          csrfToken={csrfToken}
          timeZone={timeZone}
          tell={tell}
        />
      )}
      <Toast message={notice} />
    </Card>
  )
}

interface FormProps extends PolicyFormProps {
  readonly policy: Policy
  readonly tell: (message: string) => void
}

function Form({ policy, csrfToken, timeZone, tell }: FormProps) {
  const [draft, setDraft] = useState<PolicyDraft>(() => draftOf(policy))
  const [save, { error, isLoading }] = useSavePolicyMutation()
  const terms = useMemo(() => termsOf(draft), [draft])
  const isChanged = terms === null || !isSame(terms, policy)
  const problem = error === undefined ? null : toProblem(error)
  const isShownAtFields =
    problem !== null &&
    problem.fields.length > 0 &&
    problem.fields.every(({ pointer }) => pointer.startsWith('/regions/'))

  const form = useRef<HTMLFormElement>(null)
  useEffect(() => {
    if (error === undefined) return
    form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
  }, [error])

  const submit = async (event: SyntheticEvent) => {
    event.preventDefault()
    if (terms === null) return
    const result = await save({ terms, expectedVersion: policy.version, csrfToken })
    if (result.data !== undefined) tell(text.saved(result.data.version))
    else if (toProblem(result.error).status === CONFLICT) tell(text.conflict)
  }

  return (
    <form
      ref={form}
      onSubmit={(event) => {
        void submit(event)
      }}
    >
      <div className="space-y-5 px-4 pb-5 sm:px-5">
        <p className="text-caption text-ink-soft">
          {text.policyDetail(policy.version)}{' '}
          <span className="text-ink-faint">
            {policy.author === null
              ? text.defaultPolicy
              : text.changedBy(policy.author, formatInstant(policy.createdAt, timeZone))}
          </span>
        </p>
        <Choice label={text.pricingModel}>
          <Segmented
            label={text.pricingModel}
            value={draft.pricingModel}
            onChange={(pricingModel) => {
              setDraft({ ...draft, pricingModel })
            }}
            options={PRICING_MODELS.map((value) => ({
              value,
              label: messages.figures.pricingModels[value] ?? value,
            }))}
          />
        </Choice>
        <Choice label={text.basis} hint={text.basisHint[draft.basis]}>
          <Segmented
            label={text.basis}
            value={draft.basis}
            onChange={(basis) => {
              setDraft({ ...draft, basis })
            }}
            options={BASES.map((value) => ({ value, label: text.bases[value] }))}
          />
        </Choice>
        <Choice label={text.substitutes} hint={text.substitutesHint[draft.substitutes]}>
          <Segmented
            label={text.substitutes}
            value={draft.substitutes}
            onChange={(substitutes) => {
              setDraft({ ...draft, substitutes })
            }}
            options={SUBSTITUTES.map((value) => ({
              value,
              label: text.substitutesChoices[value],
            }))}
          />
        </Choice>
        <div className="grid grid-cols-1 gap-4 sm:grid-cols-3">
          {PROVIDERS.map((provider) => (
            <ProviderFields
              key={provider}
              provider={provider}
              draft={draft}
              setDraft={setDraft}
              refusal={
                problem?.fields.find(({ pointer }) => pointer === `/regions/${provider}`)?.message
              }
            />
          ))}
        </div>
        {problem !== null && problem.status !== CONFLICT && !isShownAtFields && (
          <p role="alert" className="rounded-lg bg-loss-soft px-3 py-2 text-sm text-loss">
            {problem.detail}
          </p>
        )}
        <div className="flex flex-wrap gap-2">
          <Button
            look="primary"
            type="submit"
            disabled={!isChanged || terms === null}
            isBusy={isLoading}
          >
            {isLoading ? text.saving : text.save}
          </Button>
          <Button
            disabled={!isChanged}
            onClick={() => {
              setDraft(draftOf(policy))
            }}
          >
            {text.reset}
          </Button>
        </div>
      </div>
      <PolicyPreview terms={terms} isChanged={isChanged} csrfToken={csrfToken} />
    </form>
  )
}

interface ChoiceProps {
  readonly label: string
  readonly hint?: string
  readonly children: React.ReactNode
}

function Choice({ label, hint, children }: ChoiceProps) {
  return (
    <div>
      <p className="mb-1.5 text-sm font-medium">{label}</p>
      {children}
      {hint !== undefined && <p className="mt-1.5 text-caption text-ink-faint">{hint}</p>}
    </div>
  )
}

interface ProviderFieldsProps {
  readonly provider: Provider
  readonly draft: PolicyDraft
  readonly setDraft: (draft: PolicyDraft) => void
  readonly refusal: string | undefined
}

function ProviderFields({ provider, draft, setDraft, refusal }: ProviderFieldsProps) {
  const percent = draft.percents[provider]
  return (
    <div className="space-y-4">
      <Field
        label={text.region(provider)}
        value={draft.regions[provider]}
        refusal={refusal}
        required
        maxLength={64}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => {
          setDraft({ ...draft, regions: { ...draft.regions, [provider]: event.target.value } })
        }}
      />
      <Field
        label={text.discount(provider)}
        inputMode="decimal"
        hint={text.discountHint}
        refusal={shareOf(percent) === null ? text.discountRefused : undefined}
        value={percent}
        autoComplete="off"
        onChange={(event) => {
          setDraft({ ...draft, percents: { ...draft.percents, [provider]: event.target.value } })
        }}
      />
    </div>
  )
}
