import type { LiveValue, Validity } from '../lib/live-counter'
import type { DecimalText } from '../lib/money'
import { AnswerReader } from '../lib/parse'
import {
  type Comparison,
  type Grade,
  type GradeHours,
  GRADES,
  parseComparison,
  parseGradeHours,
  type Provider,
  PROVIDERS,
} from './comparison'
import { economyApi } from './economy-api'
import { parseLive, validityOf } from './savings'
import type { Schemas } from './schema'
import type { Reason } from '../lib/reason'

const PAGE_LENGTH = 100

const STATUSES = ['running', 'idle', 'hibernated', 'stopped', 'terminated'] as const
export type InstanceStatus = Schemas['InstanceStatus']

const MATCH_FORMS = ['whole', 'several_machines', 'share', 'reference'] as const

/** What an instance is compared with, and where its price is from. */
export interface Match {
  readonly grade: Grade
  /** Null on the reference card, which names no SKU. */
  readonly sku: string | null
  readonly gpuType: string
  readonly region: string | null
  readonly source: string
  readonly sourceUrl: string | null
  /** When the price was read at its source; null where the card has no date. */
  readonly retrievedAt: string | null
  readonly ageDays: number | null
  readonly machines: number
  readonly form: Schemas['Reach']
  /** A substitute's figures as multiples of the original's; null where one is unknown. */
  readonly ratios: {
    readonly memory: DecimalText
    readonly fp16: DecimalText | null
    readonly bandwidth: DecimalText | null
  } | null
}

/** Say whether an instance is on, and paid for. */
export function isActive({ status }: Instance): boolean {
  return status === 'running' || status === 'idle'
}

/** Figures of a time of use, in USD; what has no counterfactual price is null. */
export interface UsageFigures {
  readonly hours: number
  /** Null where all of it was paid in another currency. */
  readonly cost: DecimalText | null
  /** The part of the cost that is compared. */
  readonly comparableCost: DecimalText
  readonly comparisonCost: DecimalText | null
  readonly saving: DecimalText | null
}

/** Figures to tick from: each is null where the amount that it is of is. */
export interface MovingFigures extends UsageFigures {
  readonly live: {
    readonly cost: LiveValue | null
    readonly comparableCost: LiveValue
    readonly saving: LiveValue | null
  }
}

interface OpenSession extends UsageFigures {
  readonly startedAt: string
  readonly live: LiveValue | null
}

export interface Instance {
  readonly instanceId: string
  readonly name: string
  readonly gpuType: string
  /** The GPU's name as it was reported. */
  readonly gpuSpelling: string
  readonly variantAssumed: boolean
  readonly gpuCount: number
  readonly provider: string
  readonly status: InstanceStatus
  readonly since: string | null
  readonly lastReportAt: string | null
  /** Active, and without any report for 24 hours. */
  readonly silent: boolean
  /** Null while it is off, and in another currency. */
  readonly ratePerHour: DecimalText | null
  readonly match: Match | null
  /** Why there is no comparison: a stable word, and the server's own words. */
  readonly unpriced: Reason | null
  /** Null while it is off, and where there is no comparison. */
  readonly comparisonRatePerHour: DecimalText | null
  /** Null where nothing is saved at this moment. */
  readonly savingPerHour: DecimalText | null
  readonly session: OpenSession | null
  readonly lifetime: MovingFigures
}

export interface InstancesPage {
  readonly provider: Provider
  readonly comparison: Comparison
  readonly instances: readonly Instance[]
  readonly nextCursor: string | null
  readonly asOf: string
  readonly validity: Validity
}

/** The instances of one GPU model together. */
export interface GpuGroup {
  readonly gpuType: string
  readonly instancesCount: number
  readonly activeCount: number
  readonly grades: GradeHours
  readonly lifetime: UsageFigures
}

/** All GPU models, as they were at an instant. */
export interface GpuGroups {
  readonly groups: readonly GpuGroup[]
  readonly asOf: string
}

function parseFigures(
  answer: AnswerReader<Omit<Schemas['TotalsInfo'], 'gpu_hours'>>,
): UsageFigures {
  const cost = answer.decimalOrNull('cost')
  const comparableCost = answer.decimal('comparable_cost')
  // Where no part of a cost has a counterfactual, a zero would read as a price of nothing.
  const isUnpriced = cost === null || (Number(cost) !== 0 && Number(comparableCost) === 0)
  return {
    hours: answer.number('hours'),
    cost,
    comparableCost,
    comparisonCost: isUnpriced ? null : answer.decimal('comparison_cost'),
    saving: isUnpriced ? null : answer.decimal('saving'),
  }
}

function parseMovingFigures(answer: AnswerReader<Schemas['MovingTotalsInfo']>): MovingFigures {
  const figures = answer.part(parseFigures)
  const slopes = answer.object('per_second')
  return {
    ...figures,
    live: {
      cost: liveOf(figures.cost, slopes.decimalOrNull('cost')),
      comparableCost: {
        value: figures.comparableCost,
        perSecond: slopes.decimal('comparable_cost'),
      },
      saving: liveOf(figures.saving, slopes.decimal('saving')),
    },
  }
}

function liveOf(value: DecimalText | null, perSecond: DecimalText | null): LiveValue | null {
  return value === null || perSecond === null ? null : { value, perSecond }
}

function parseMatch(answer: AnswerReader<Schemas['MatchDetail']>): Match {
  return {
    grade: answer.oneOf('grade', GRADES),
    sku: answer.textOrNull('sku'),
    gpuType: answer.text('gpu_type'),
    region: answer.textOrNull('region'),
    source: answer.text('source'),
    sourceUrl: answer.textOrNull('source_url'),
    retrievedAt: answer.textOrNull('retrieved_at'),
    ageDays: answer.numberOrNull('age_days'),
    machines: answer.number('machines'),
    form: answer.oneOf('how', MATCH_FORMS),
    ratios: answer.maybe('ratios', (a) => {
      const ratios = a.object('ratios')
      return {
        memory: ratios.decimal('memory'),
        fp16: ratios.decimalOrNull('fp16'),
        bandwidth: ratios.decimalOrNull('bandwidth'),
      }
    }),
  }
}

function parseInstance(answer: AnswerReader<Schemas['InstanceInfo']>): Instance {
  return {
    instanceId: answer.text('instance_id'),
    name: answer.text('name'),
    gpuType: answer.text('gpu_type'),
    gpuSpelling: answer.text('gpu_spelling'),
    variantAssumed: answer.flag('variant_assumed'),
    gpuCount: answer.number('gpu_count'),
    provider: answer.text('provider'),
    status: answer.oneOf('status', STATUSES),
    since: answer.textOrNull('since'),
    lastReportAt: answer.textOrNull('last_report_at'),
    silent: answer.flag('silent'),
    ratePerHour: answer.decimalOrNull('rate_per_hour'),
    match: answer.maybe('match', (a) => parseMatch(a.object('match'))),
    unpriced: answer.maybe('unpriced_reason', (a) => ({
      code: answer.textOrNull('unpriced_code') ?? '',
      named: answer.maybe('unpriced_parameters', (b) => b.named('unpriced_parameters')) ?? {},
      text: a.text('unpriced_reason'),
    })),
    comparisonRatePerHour: answer.decimalOrNull('comparison_rate_per_hour'),
    savingPerHour: answer.decimalOrNull('saving_per_hour'),
    session: answer.maybe('session', (a) => {
      const session = a.object('session')
      return {
        ...session.part(parseFigures),
        startedAt: session.text('started_at'),
        live: session.maybe('live', (s) => parseLive(s.object('live'))),
      }
    }),
    lifetime: parseMovingFigures(answer.object('lifetime')),
  }
}

export function parseInstances(raw: unknown, validity: Validity): InstancesPage {
  const answer = new AnswerReader<Schemas['InstancesAnswer']>(raw)
  return {
    provider: answer.oneOf('provider', PROVIDERS),
    comparison: parseComparison(answer.object('comparison')),
    instances: answer.list('instances', parseInstance),
    nextCursor: answer.textOrNull('next_cursor'),
    asOf: answer.text('as_of'),
    validity,
  }
}

export function parseGpuGroups(raw: unknown): GpuGroups {
  const answer = new AnswerReader<Schemas['InstancesAnswer']>(raw)
  return {
    groups: answer.list('groups', (group) => ({
      gpuType: group.text('gpu_type'),
      instancesCount: group.number('instances_count'),
      activeCount: group.number('active_count'),
      grades: group.object('grades').part(parseGradeHours),
      lifetime: group.object('lifetime').part(parseFigures),
    })),
    asOf: answer.text('as_of'),
  }
}

/** From an instant on, an instance cost so much an hour. */
interface PaidRate {
  readonly since: string
  readonly ratePerHour: DecimalText
}

/** An uninterrupted stretch in one shape; its end is null while it runs. */
export interface Run {
  readonly startedAt: string
  readonly endedAt: string | null
  readonly provider: string
  readonly gpuType: string
  readonly gpuCount: number
  readonly currency: string
  readonly rates: readonly PaidRate[]
}

/** From a start to its stop. */
export interface GpuSession {
  readonly startedAt: string
  readonly endedAt: string | null
  readonly runs: readonly Run[]
  readonly figures: MovingFigures
}

export interface InstanceSessionsPage {
  readonly provider: Provider
  readonly comparison: Comparison
  readonly instance: Instance
  /** The latest first. */
  readonly sessions: readonly GpuSession[]
  readonly nextCursor: string | null
  readonly asOf: string
  readonly validity: Validity
}

function parseRun(answer: AnswerReader<Schemas['RunInfo']>): Run {
  return {
    startedAt: answer.text('started_at'),
    endedAt: answer.textOrNull('ended_at'),
    provider: answer.text('provider'),
    gpuType: answer.text('gpu_type'),
    gpuCount: answer.number('gpu_count'),
    currency: answer.text('currency'),
    rates: answer.list('rates', (rate) => ({
      since: rate.text('since'),
      ratePerHour: rate.decimal('rate_per_hour'),
    })),
  }
}

export function parseInstanceSessions(raw: unknown, validity: Validity): InstanceSessionsPage {
  const answer = new AnswerReader<Schemas['InstanceAnswer']>(raw)
  return {
    provider: answer.oneOf('provider', PROVIDERS),
    comparison: parseComparison(answer.object('comparison')),
    instance: parseInstance(answer.object('instance')),
    sessions: answer.list('sessions', (session) => ({
      startedAt: session.text('started_at'),
      endedAt: session.textOrNull('ended_at'),
      runs: session.list('runs', parseRun),
      figures: parseMovingFigures(session.object('totals')),
    })),
    nextCursor: answer.textOrNull('next_cursor'),
    asOf: answer.text('as_of'),
    validity,
  }
}

export const {
  useGetInstancesInfiniteQuery,
  useGetGpuGroupsQuery,
  useGetInstanceSessionsInfiniteQuery,
} = economyApi.injectEndpoints({
  endpoints: (build) => ({
    getInstanceSessions: build.infiniteQuery<
      InstanceSessionsPage,
      { provider: Provider; instanceId: string },
      string | null
    >({
      infiniteQueryOptions: {
        initialPageParam: null,
        getNextPageParam: ({ nextCursor }) => nextCursor,
      },
      query: ({ queryArg: { provider, instanceId }, pageParam }) => {
        const parameters = new URLSearchParams({ provider, limit: '20' })
        if (pageParam !== null) parameters.set('cursor', pageParam)
        return { path: `instances/${encodeURIComponent(instanceId)}?${parameters.toString()}` }
      },
      transformResponse: (raw, meta) => parseInstanceSessions(raw, validityOf(meta)),
      providesTags: ['Ledger'],
    }),
    getInstances: build.infiniteQuery<InstancesPage, Provider, string | null>({
      infiniteQueryOptions: {
        initialPageParam: null,
        getNextPageParam: (lastPage) => lastPage.nextCursor,
      },
      query: ({ queryArg, pageParam }) => {
        const parameters = new URLSearchParams({
          provider: queryArg,
          group_by: 'instance',
          limit: String(PAGE_LENGTH),
        })
        if (pageParam !== null) parameters.set('cursor', pageParam)
        return { path: `instances?${parameters.toString()}` }
      },
      transformResponse: (raw, meta) => parseInstances(raw, validityOf(meta)),
      providesTags: ['Ledger'],
    }),
    getGpuGroups: build.query<GpuGroups, Provider>({
      query: (provider) => ({ path: `instances?provider=${provider}&group_by=gpu` }),
      transformResponse: parseGpuGroups,
      providesTags: ['Ledger'],
    }),
  }),
})
