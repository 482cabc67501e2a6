import { economyApi } from '../../api/economy-api'
import type { Amount } from '../../lib/money'
import { AnswerReader } from '../../lib/parse'

const SHOWN_EVENTS = '12'
const SHOWN_OF_ONE = '50'

const EVENT_STATUSES = ['accepted', 'conflict', 'rejected'] as const

/** One report about an instance, and whether it was taken; a refused one may lack anything. */
export interface UsageEvent {
  readonly id: string | null
  readonly source: string | null
  readonly type: string | null
  readonly instance: string | null
  readonly time: string | null
  readonly receivedAt: string
  readonly status: (typeof EVENT_STATUSES)[number]
  /** Why it was not taken, as a word for programs and in the server's words. */
  readonly code: string | null
  readonly detail: string | null
  readonly gpu: string | null
  readonly gpuCount: number | null
  readonly rate: Amount | null
}

export function parseUsageEvents(raw: unknown): UsageEvent[] {
  return new AnswerReader(raw).list('events', (event) => ({
    id: event.maybe('id', (e) => e.identifier('id')),
    source: event.maybe('source', (e) => e.text('source')),
    type: event.maybe('type', (e) => e.text('type')),
    instance: event.maybe('instance', (e) => e.text('instance')),
    time: event.maybe('time', (e) => e.text('time')),
    receivedAt: event.text('received_at'),
    status: event.oneOf('status', EVENT_STATUSES),
    code: event.maybe('code', (e) => e.text('code')),
    detail:
      event.maybe('detail', (e) => e.text('detail')) ?? event.maybe('code', (e) => e.text('code')),
    gpu: event.maybe('gpu', (e) => e.text('gpu')),
    gpuCount: event.maybe('gpu_count', (e) => e.number('gpu_count')),
    rate: event.maybe('rate', (e) => e.amount('rate')),
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
