import { toAnswer } from '../../api/answer'
import { Card } from '../../components/card'
import { type Column, DataTable } from '../../components/data-table'
import { FirstLoadFailure, StaleNotice } from '../../components/failure'
import { SkeletonRows } from '../../components/skeleton'
import { messages } from '../../lib/messages'
import { formatRate } from '../../lib/money'
import { formatInstant } from '../../lib/time'
import { usePolling } from '../../state/use-savings'
import { type UsageEvent, useGetUsageEventsQuery } from './events-api'

const text = messages.events

function typeInWords(type: string | null): string {
  return type === null ? '–' : (text.types[type] ?? type)
}

function gpuInWords({ gpu, gpuCount, rate }: UsageEvent): string {
  const parts = [
    ...(gpu === null ? [] : [`${gpu} × ${gpuCount ?? 1}`]),
    ...(rate === null ? [] : [text.rate(formatRate(rate))]),
  ]
  return parts.length === 0 ? '–' : parts.join(' · ')
}

function columnsFor(timeZone: string): Column<UsageEvent>[] {
  return [
    {
      key: 'time',
      header: text.time,
      cell: (event) => (
        <span className="whitespace-nowrap">
          {formatInstant(event.time ?? event.receivedAt, timeZone)}
        </span>
      ),
    },
    { key: 'type', header: text.type, cell: (event) => typeInWords(event.type) },
    {
      key: 'instance',
      header: text.instance,
      cell: (event) => (
        <span className="block max-w-48 truncate font-medium" title={event.instance ?? undefined}>
          {event.instance ?? '–'}
        </span>
      ),
    },
    {
      key: 'gpu',
      header: text.gpu,
      cell: (event) => <span className="whitespace-nowrap text-ink-soft">{gpuInWords(event)}</span>,
    },
    {
      key: 'source',
      header: text.source,
      cell: (event) => <span className="text-ink-soft">{event.source}</span>,
    },
    {
      key: 'status',
      header: text.status,
      cell: (event) =>
        event.status === 'accepted' ? (
          <span className="text-ink-faint">{text.statuses.accepted}</span>
        ) : (
          <span className="block max-w-72 text-loss">
            {text.statuses[event.status]}
            {event.detail !== null && <span className="block">{event.detail}</span>}
          </span>
        ),
    },
  ]
}

/** The latest usage events, and what was refused. */
export function RecentEvents({ timeZone }: { readonly timeZone: string }) {
  const answer = toAnswer(useGetUsageEventsQuery(undefined, usePolling()))
  const staleSince = answer.state === 'ready' ? answer.staleSince : null
  return (
    <Card
      title={text.title}
      isDimmed={staleSince !== null}
      actions={
        answer.state === 'ready' &&
        staleSince !== null && (
          <StaleNotice since={staleSince} timeZone={timeZone} retry={answer.retry} />
        )
      }
    >
      {answer.state === 'loading' && <SkeletonRows rows={4} />}
      {answer.state === 'failed' && (
        <FirstLoadFailure problem={answer.problem} retry={answer.retry} />
      )}
      {answer.state === 'ready' &&
        (answer.data.length === 0 ? (
          <p className="px-4 pb-5 text-sm text-ink-soft sm:px-5">{text.empty}</p>
        ) : (
          <DataTable
            caption={text.caption}
            columns={columnsFor(timeZone)}
            rows={answer.data}
            rowKey={(event) => [event.source, event.id, event.receivedAt, event.status].join(' ')}
          />
        ))}
    </Card>
  )
}
