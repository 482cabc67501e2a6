import { useEffect, useState } from 'react'
import { toAnswer } from '../../api/answer'
import { type Column, DataTable } from '../../components/data-table'
import { FirstLoadFailure } from '../../components/failure'
import { Saving } from '../../components/saving'
import { SkeletonRows } from '../../components/skeleton'
import { messages } from '../../lib/messages'
import { type DecimalText, formatPercent, formatUsd, outcomeOf } from '../../lib/money'
import { type PolicyEffect, type PolicyTerms, usePreviewPolicyQuery } from './policy-api'

const text = messages.settings

/** A change is previewed when it has stood still for so long: nobody reads what a half word does. */
const SETTLES_MS = 400

/** A policy that the server would refuse: it will not do otherwise when it is asked again. */
const REFUSED = 422

function useSettled<Value>(value: Value): Value {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => {
      setSettled(value)
    }, SETTLES_MS)
    return () => {
      clearTimeout(timer)
    }
  }, [value])
  return settled
}

interface PolicyPreviewProps {
  /** Null where the form holds no policy. */
  readonly terms: PolicyTerms | null
  readonly isChanged: boolean
  readonly csrfToken: string
}

/** What a change of the policy would do to the lifetime saving, before it is made. */
export function PolicyPreview({ terms, isChanged, csrfToken }: PolicyPreviewProps) {
  const asked = isChanged ? terms : null
  return (
    <section aria-label={text.preview} className="border-t border-line pt-4">
      <h3 className="px-4 text-sm font-medium sm:px-5">{text.preview}</h3>
      <p className="mb-3 px-4 text-caption text-ink-faint sm:px-5">
        {whatIsShown(terms, isChanged)}
      </p>
      {asked !== null && <Effects terms={asked} csrfToken={csrfToken} />}
    </section>
  )
}

function whatIsShown(terms: PolicyTerms | null, isChanged: boolean): string {
  if (terms === null) return text.previewRefused
  return isChanged ? text.previewDetail : text.previewNothing
}

function Effects({ terms, csrfToken }: { terms: PolicyTerms; csrfToken: string }) {
  const settled = useSettled(terms)
  const query = usePreviewPolicyQuery({ terms: settled, csrfToken })
  const { currentData, error, isFetching } = query
  // What an earlier change would do, or why it is refused, stands until this one's answer comes.
  const [last, setLast] = useState({ currentData, error })
  if (!isFetching && (last.currentData !== currentData || last.error !== error)) {
    setLast({ currentData, error })
  }
  const answer = toAnswer({ ...query, ...(isFetching ? last : { currentData, error }) })
  const isEarlier = settled !== terms || isFetching
  if (answer.state === 'loading') return <SkeletonRows rows={3} />
  return (
    <div aria-busy={isEarlier} className={isEarlier ? 'stale' : ''}>
      {answer.state === 'ready' && (
        <DataTable
          caption={text.previewCaption}
          columns={COLUMNS}
          rows={answer.data}
          rowKey={({ provider }) => provider}
        />
      )}
      {answer.state === 'failed' &&
        (answer.problem.status === REFUSED ? (
          <p role="status" className="px-4 pb-5 text-sm text-loss sm:px-5">
            {answer.problem.detail}
          </p>
        ) : (
          <FirstLoadFailure problem={answer.problem} retry={answer.retry} />
        ))}
    </div>
  )
}

const COLUMNS: readonly Column<PolicyEffect>[] = [
  {
    key: 'provider',
    header: text.provider,
    cell: ({ provider }) => <span className="font-medium">{provider}</span>,
  },
  {
    key: 'before',
    header: text.before,
    isNumber: true,
    cell: ({ before }) => <Saving amount={before.saving} />,
  },
  {
    key: 'after',
    header: text.after,
    isNumber: true,
    cell: ({ after, provider }) => (
      <Saving amount={after.saving} figure={`preview-after:${provider}`} />
    ),
  },
  {
    key: 'change',
    header: text.change,
    isNumber: true,
    cell: ({ change }) => <Difference amount={change} />,
  },
  {
    key: 'covered',
    header: text.covered,
    isNumber: true,
    cell: ({ before, after }) =>
      `${coveredInWords(before.covered)} → ${coveredInWords(after.covered)}`,
  },
]

/** What a saving changes by: less of it is no loss, and so has no colour of one. */
function Difference({ amount }: { readonly amount: DecimalText }) {
  const outcome = outcomeOf(amount)
  return (
    <span>
      {outcome === 'saved' && '+'}
      {formatUsd(amount)}
      {/* Signs are often not read out. */}
      {outcome !== 'even' && (
        <span className="sr-only"> {outcome === 'saved' ? text.savesMore : text.savesLess}</span>
      )}
    </span>
  )
}

function coveredInWords(share: number | null): string {
  return share === null ? '–' : formatPercent(share * 100)
}
