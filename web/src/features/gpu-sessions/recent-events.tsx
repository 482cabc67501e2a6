import { memo } from 'react'
import { Card } from '../../components/card'
import { type Column, DataTable } from '../../components/data-table'
import { EmptyState } from '../../components/empty-state'
import { FirstLoadFailure, StaleNotice } from '../../components/failure'
import { InstanceLink } from '../../components/instance-link'
import { ServerWords } from '../../components/server-words'
import { SkeletonRows } from '../../components/skeleton'
import { messages } from '../../lib/messages'
import { formatRate, isDecimalText } from '../../lib/money'
import { formatInstant } from '../../lib/time'
import { useAnswer } from '../../state/use-answer'
import { usePolling } from '../../state/use-savings'
import { type UsageEvent, useGetUsageEventsQuery } from './events-api'

const text = messages.events

/** So many events stand on a page; more of them scroll. */
const SHORT = 12

function typeInWords(type: string | null): string {
  return type === null ? '–' : (text.types[type] ?? type)
}

function rateInWords({ rate, currency, status }: UsageEvent): string[] {
  if (rate === null) return []
  const isAmount = status === 'accepted' && isDecimalText(rate)
  return [text.rate(isAmount ? formatRate(rate, 4, currency ?? undefined) : rate)]
}

function gpuInWords(event: UsageEvent): string {
  const { gpu, gpuCount } = event
  // A change of size may tell the new number alone.
  const hasShape = gpu !== null || gpuCount !== null
  const shape = hasShape ? [`${gpu ?? text.gpu} × ${gpuCount ?? 1}`] : []
  const parts = [...shape, ...rateInWords(event)]
  return parts.length === 0 ? '–' : parts.join(' · ')
}

/** Name an event by what it said and when; by its id where it is not among those listed. */
function nameAmong(
  events: readonly UsageEvent[],
  source: string | null,
  id: string,
  timeZone: string,
): string {
  const named = events.find(
    (one) => one.id === id && one.source === source && one.status === 'accepted',
  )
  if (named === undefined) return id
  return `${typeInWords(named.type)}, ${formatInstant(named.time ?? named.receivedAt, timeZone)}`
}

interface EventCellProps {
  readonly event: UsageEvent
  /** Names another event of the same source. */
  readonly nameOf: (id: string) => string
}

function TypeCell({ event, nameOf }: EventCellProps) {
  const words = typeInWords(event.type)
  return (
    <>
      {event.voidedBy === null ? words : <s>{words}</s>}
      {event.voidOf !== null && (
        <span className="block max-w-48 break-words text-ink-soft">
          {text.voidOf(nameOf(event.voidOf))}
        </span>
      )}
    </>
  )
}

function StatusCell({ event, nameOf }: EventCellProps) {
  if (event.voidedBy !== null) {
    return (
      <span className="block max-w-72">
        {text.voided}
        <span className="block break-words text-ink-soft">
          {text.voidedBy(nameOf(event.voidedBy))}
        </span>
      </span>
    )
  }
  if (event.status === 'accepted') {
    return <span className="text-ink-faint">{text.statuses.accepted}</span>
  }
  return (
    <span className="block max-w-72 text-loss">
      {text.statuses[event.status]}
      {event.detail !== null && (
        <span className="block">
          <ServerWords inOurWords={messages.server.events[event.code ?? '']}>
            {event.detail}
          </ServerWords>
        </span>
      )}
    </span>
  )
}

function columnsFor(events: readonly UsageEvent[], timeZone: string): Column<UsageEvent>[] {
  const naming = (event: UsageEvent) => (id: string) =>
    nameAmong(events, event.source, id, timeZone)
  return [
    {
      key: 'time',
      header: text.time,
      cell: (event) => (
        <span className="sm:whitespace-nowrap">
          {formatInstant(event.time ?? event.receivedAt, timeZone)}
        </span>
      ),
    },
    {
      key: 'type',
      header: text.type,
      cell: (event) => <TypeCell event={event} nameOf={naming(event)} />,
    },
    {
      key: 'instance',
      header: text.instance,
      cell: (event) => (
        <span className="block max-w-48 truncate font-medium" title={event.instance ?? undefined}>
          {event.instance === null ? (
            '–'
          ) : (
            <InstanceLink instanceId={event.instance}>{event.instance}</InstanceLink>
          )}
        </span>
      ),
    },
    {
      key: 'gpu',
      header: text.gpu,
      cell: (event) => (
        <span className="text-ink-soft sm:whitespace-nowrap">{gpuInWords(event)}</span>
      ),
    },
    {
      key: 'source',
      header: text.source,
      cell: (event) => <span className="text-ink-soft">{event.source}</span>,
    },
    {
      key: 'status',
      header: text.status,
      cell: (event) => <StatusCell event={event} nameOf={naming(event)} />,
    },
  ]
}

interface RecentEventsProps {
  readonly timeZone: string
  /** One instance, whose events are shown alone. */
  readonly instance?: string
}

/** The latest usage events, and what was refused. */
export function RecentEvents({ timeZone, instance }: RecentEventsProps) {
  const answer = useAnswer(useGetUsageEventsQuery(instance ?? null, usePolling()))
  const staleSince = answer.state === 'ready' ? answer.staleSince : null
  return (
    <Card
      title={instance === undefined ? text.title : messages.instance.events}
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
          <EmptyState>
            {instance === undefined ? text.empty : messages.instance.noEvents}
          </EmptyState>
        ) : (
          <Rows events={answer.data} isOfOne={instance !== undefined} timeZone={timeZone} />
        ))}
    </Card>
  )
}

interface RowsProps {
  readonly events: readonly UsageEvent[]
  readonly isOfOne: boolean
  readonly timeZone: string
}

const Rows = memo(function Rows({ events, isOfOne, timeZone }: RowsProps) {
  return (
    <DataTable
      caption={isOfOne ? messages.instance.eventsCaption : text.caption}
      columns={columnsFor(events, timeZone)}
      rows={events}
      isLong={isOfOne && events.length > SHORT}
      rowKey={(event) => [event.source, event.id, event.receivedAt, event.status].join(' ')}
    />
  )
})
