import { economyApi } from '../../api/economy-api'
import type { Schemas } from '../../api/schema'
import { AnswerReader } from '../../lib/parse'

const SHOWN_EVENTS = '12'
const SHOWN_OF_ONE = '50'

const STATUSES = ['accepted', 'duplicate', 'conflict', 'rejected'] as const

/** One report about an instance, and whether it was taken; a refused one may lack anything. */
export interface UsageEvent {
  readonly id: string | null
  readonly source: string | null
  readonly type: string | null
  readonly instance: string | null
  readonly time: string | null
  readonly receivedAt: string
  readonly status: Schemas['EventStatus']
  /** Why it was not taken, as a word for programs and in the server's words. */
  readonly code: string | null
  readonly detail: string | null
  readonly gpu: string | null
  readonly gpuCount: number | null
  /** What was paid per hour; of a refused one whatever was sent as that. */
  readonly rate: string | null
  readonly currency: string | null
  /** Of a void, the id of what it takes back, of the same source. */
  readonly voidOf: string | null
  /** The id of the void by which it counts no more. */
  readonly voidedBy: string | null
}

export function parseUsageEvents(raw: unknown): UsageEvent[] {
  return new AnswerReader<Schemas['EventsPage']>(raw).list('events', (event) => ({
    id: event.textOrNull('id'),
    source: event.textOrNull('source'),
    type: event.textOrNull('type'),
    instance: event.textOrNull('instance'),
    time: event.textOrNull('time'),
    receivedAt: event.text('received_at'),
    status: event.oneOf('status', STATUSES),
    code: event.textOrNull('code'),
    detail: event.textOrNull('detail') ?? event.textOrNull('code'),
    gpu: event.textOrNull('gpu'),
    gpuCount: event.numberOrNull('gpu_count'),
    rate: event.textOrNull('rate'),
    currency: event.textOrNull('currency'),
    voidOf: event.textOrNull('void_of'),
    voidedBy: event.textOrNull('voided_by'),
  }))
}

export const { useGetUsageEventsQuery } = economyApi.injectEndpoints({
  endpoints: (build) => ({
    /** The latest usage events, newest first: of all instances, or of one. */
    getUsageEvents: build.query<UsageEvent[], string | null>({
      query: (instance) => {
        const parameters = new URLSearchParams(
          instance === null ? { limit: SHOWN_EVENTS } : { limit: SHOWN_OF_ONE, instance },
        )
        return { path: `usage/events?${parameters.toString()}` }
      },
      transformResponse: parseUsageEvents,
      providesTags: ['Ledger'],
    }),
  }),
})
