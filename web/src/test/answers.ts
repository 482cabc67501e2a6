/**
 * Builders of API answers: what the server's own tests keep as reviewed, with what matters to a
 * case changed. The types are those of the OpenAPI document, so no answer here can be one that the
 * server would not give.
 */

import reviewedEvents from '../../../tests/snapshots/usage_events.json'
import reviewedGroups from '../../../tests/snapshots/instances_by_gpu.json'
import reviewedHistory from '../../../tests/snapshots/history.json'
import reviewedInstances from '../../../tests/snapshots/instances.json'
import reviewedMe from '../../../tests/snapshots/me.json'
import reviewedSavings from '../../../tests/snapshots/savings.json'
import type { Schemas } from '../api/schema'

const AS_OF = '2026-11-23T14:03:00.000Z'
const VALID_UNTIL = '2026-11-23T14:05:30.000Z'

type SavingsAnswer = Schemas['SavingsAnswer']
type MeAnswer = Schemas['MeAnswer']

/** Somebody who is signed in. */
type SignedIn = { readonly [Name in keyof MeAnswer]: NonNullable<MeAnswer[Name]> }

export function session(changes: Partial<SignedIn> = {}): SignedIn {
  return {
    authenticated: true,
    user: { email: 'owner@example.test' },
    account: { ...reviewedMe.account, name: 'Atelier', timezone: 'UTC' },
    csrf_token: 'csrf-1',
    ...changes,
  }
}

/** The reviewed savings, as the document types them. */
const SAVINGS = reviewedSavings as SavingsAnswer

export function comparison(
  changes: Partial<Schemas['ComparisonInfo']> = {},
): Schemas['ComparisonInfo'] {
  return { ...SAVINGS.comparison, region: 'us-east-1', ...changes }
}

export function coverage(changes: Partial<Schemas['Coverage']> = {}): Schemas['Coverage'] {
  return {
    gpu_time: 1,
    cost: 1,
    grades: { A: 10, B: 0, C: 0, D: 0, N: 0, R: 0 },
    unpriced: [],
    substitutes_saving: '0.0000000000',
    ...changes,
  }
}

/** What of an answer is another in a case; of what ticks, what does not follow from the rest. */
type SavingsChanges = Partial<Omit<SavingsAnswer, 'live'>> & {
  readonly live?: Partial<SavingsAnswer['live']>
}

/** A total that moves at a rate per hour. */
function ticking(total: number, perHour: number): Schemas['Live'] {
  return { value: total.toFixed(10), per_second: (perHour / 3600).toFixed(16) }
}

/** Three instances run and save $3.60 an hour. */
export function savings({ live, ...changes }: SavingsChanges = {}): SavingsAnswer {
  const answer: Omit<SavingsAnswer, 'live'> = {
    ...SAVINGS,
    lifetime_savings: 100.25,
    lifetime_hours: 12.5,
    lifetime_gpu_hours: 25,
    lifetime_cost: 50,
    lifetime_comparable_cost: 50,
    lifetime_provider_cost: 150.25,
    savings_percentage: 66.7,
    current_session_savings: 1.5,
    current_session_hours: 2,
    current_session_cost: 1,
    current_session_comparable_cost: 1,
    hourly_comparison: {
      dumont_rate: 0.74,
      dumont_comparable_rate: 0.74,
      provider_rate: 4.34,
      savings_per_hour: 3.6,
      savings_per_second: 0.001,
    },
    projections: {
      daily: 28.8,
      weekly: 201.6,
      monthly: 864,
      yearly: 10512,
      method: 'measured',
      daily_hours: null,
      days_measured: 12,
    },
    active_instances_count: 3,
    instances_summary: [],
    comparison: comparison(),
    coverage: coverage(),
    notices: [],
    oldest_price_retrieved_at: '2026-09-12',
    as_of: AS_OF,
    valid_until: VALID_UNTIL,
    ...changes,
  }
  const { hourly_comparison: hourly } = answer
  return {
    ...answer,
    live: {
      lifetime: { value: '100.2500000000', per_second: '0.0010000000000000' },
      session: { value: '1.5000000000', per_second: '0.0010000000000000' },
      lifetime_cost: ticking(answer.lifetime_cost, hourly.dumont_rate),
      lifetime_comparable_cost: ticking(
        answer.lifetime_comparable_cost,
        hourly.dumont_comparable_rate,
      ),
      lifetime_provider_cost: ticking(answer.lifetime_provider_cost, hourly.provider_rate),
      ...live,
    },
  }
}

const NOTHING_RUNS: Partial<SavingsAnswer> = {
  current_session_savings: 0,
  current_session_hours: 0,
  current_session_cost: 0,
  current_session_comparable_cost: 0,
  active_instances_count: 0,
  hourly_comparison: {
    dumont_rate: 0,
    dumont_comparable_rate: 0,
    provider_rate: 0,
    savings_per_hour: 0,
    savings_per_second: 0,
  },
}

export function idleSavings(changes: SavingsChanges = {}): SavingsAnswer {
  return savings({
    ...NOTHING_RUNS,
    live: {
      lifetime: { value: '100.2500000000', per_second: '0.0000000000000000' },
      session: { value: '0.0000000000', per_second: '0.0000000000000000' },
    },
    ...changes,
  })
}

/** An account that never had an event. */
export function firstUseSavings(): SavingsAnswer {
  return savings({
    ...NOTHING_RUNS,
    lifetime_savings: 0,
    lifetime_hours: 0,
    lifetime_gpu_hours: 0,
    lifetime_cost: 0,
    lifetime_comparable_cost: 0,
    lifetime_provider_cost: 0,
    savings_percentage: null,
    projections: {
      daily: null,
      weekly: null,
      monthly: null,
      yearly: null,
      method: 'none',
      daily_hours: null,
      days_measured: null,
    },
    live: {
      lifetime: { value: '0.0000000000', per_second: '0.0000000000000000' },
      session: { value: '0.0000000000', per_second: '0.0000000000000000' },
    },
    first_use: true,
    coverage: coverage({ grades: { A: 0, B: 0, C: 0, D: 0, N: 0, R: 0 } }),
    oldest_price_retrieved_at: null,
  })
}

/** The comparison costs less than what was paid. */
export function losingSavings(): SavingsAnswer {
  return savings({
    lifetime_savings: -12.5,
    savings_percentage: -33.3,
    hourly_comparison: {
      dumont_rate: 1,
      dumont_comparable_rate: 1,
      provider_rate: 0.64,
      savings_per_hour: -0.36,
      savings_per_second: -0.0001,
    },
    projections: {
      daily: -2.88,
      weekly: -20.16,
      monthly: -86.4,
      yearly: -1051.2,
      method: 'assumed_8_hours',
      daily_hours: 8,
      days_measured: null,
    },
    live: {
      lifetime: { value: '-12.5000000000', per_second: '-0.0001000000000000' },
      session: { value: '-0.2500000000', per_second: '-0.0001000000000000' },
    },
  })
}

export function history(changes: Partial<Schemas['HistoryAnswer']> = {}): Schemas['HistoryAnswer'] {
  return {
    ...(reviewedHistory as Schemas['HistoryAnswer']),
    period_days: 30,
    timezone: 'UTC',
    history: [
      {
        date: '2026-11-23',
        hours_used: 2,
        dumont_cost: 1.48,
        comparable_cost: 1.48,
        provider_cost: 8.2,
        savings: 6.72,
      },
      {
        date: '2026-11-21',
        hours_used: 4,
        dumont_cost: 5,
        comparable_cost: 4,
        provider_cost: 3,
        savings: -1,
      },
    ],
    totals: {
      total_hours: 6,
      total_dumont_cost: 6.48,
      total_comparable_cost: 5.48,
      total_provider_cost: 11.2,
      total_savings: 5.72,
    },
    comparison: comparison(),
    coverage: coverage(),
    notices: [],
    as_of: AS_OF,
    valid_until: VALID_UNTIL,
    ...changes,
  }
}

const INSTANCES = reviewedInstances as Schemas['InstancesAnswer']

export function match(changes: Partial<Schemas['MatchDetail']> = {}): Schemas['MatchDetail'] {
  return {
    grade: 'A',
    sku: 'g4dn.xlarge',
    gpu_type: 'T4',
    region: 'us-east-1',
    effective_from: '2026-01-10',
    source: 'AWS price list',
    source_url: 'https://prices.example.test/aws',
    retrieved_at: '2026-09-12',
    age_days: 72,
    machines: 1,
    how: 'whole',
    ratios: null,
    smallest_instance_per_hour: '0.526',
    ...changes,
  }
}

const STANDING = '0.0000000000000000'

const FIGURES: Schemas['TotalsInfo'] = {
  hours: 10.5,
  gpu_hours: 10.5,
  cost: '5.2500000000',
  comparable_cost: '5.2500000000',
  comparison_cost: '8.7500000000',
  saving: '3.5000000000',
}

/** Figures that move as a session at $0.15 an hour beside $0.526 does, or stand. */
function moving(
  figures: Schemas['TotalsInfo'],
  changes: Partial<Schemas['TotalsPerSecond']> = {},
): Schemas['MovingTotalsInfo'] {
  return {
    ...figures,
    per_second: {
      cost: '0.0000416666666667',
      comparable_cost: '0.0000416666666667',
      comparison_cost: '0.0001461111111111',
      saving: '0.0001044444444444',
      ...changes,
    },
  }
}

/** An open session of such figures, which ticks or not. */
function openSession(
  figures: Schemas['TotalsInfo'],
  live: Schemas['Live'] | null,
): Schemas['SessionInfo'] {
  const { hours, cost, comparable_cost, comparison_cost, saving } = figures
  return {
    started_at: '2026-11-23T12:03:00Z',
    hours,
    cost,
    comparable_cost,
    comparison_cost,
    saving,
    live,
  }
}

export function instance(changes: Partial<Schemas['InstanceInfo']> = {}): Schemas['InstanceInfo'] {
  return {
    instance_id: 'i-1',
    name: 'trainer',
    gpu_type: 'T4',
    gpu_spelling: 'Tesla T4',
    variant_assumed: false,
    gpu_count: 1,
    provider: 'vastai',
    status: 'running',
    since: '2026-11-23T12:03:00Z',
    last_report_at: '2026-11-23T14:02:00Z',
    silent: false,
    rate_per_hour: '0.15',
    match: match(),
    unpriced_code: null,
    unpriced_reason: null,
    unpriced_parameters: null,
    comparison_rate_per_hour: '0.526',
    saving_per_hour: '0.376',
    session: openSession(FIGURES, { value: '0.7520000000', per_second: '0.0001044444444444' }),
    lifetime: moving(FIGURES),
    ...changes,
  }
}

export function unpricedInstance(): Schemas['InstanceInfo'] {
  const figures = {
    ...FIGURES,
    comparable_cost: '0.0000000000',
    comparison_cost: '0.0000000000',
    saving: '0.0000000000',
  }
  return instance({
    instance_id: 'i-2',
    name: 'mystery',
    gpu_type: 'GeForce RTX 5070',
    match: null,
    unpriced_code: 'unknown_gpu',
    unpriced_reason: 'No GPU model has the spelling "GeForce RTX 5070".',
    unpriced_parameters: { gpu: 'GeForce RTX 5070' },
    comparison_rate_per_hour: null,
    saving_per_hour: null,
    session: openSession(figures, null),
    lifetime: moving(figures, {
      comparable_cost: STANDING,
      comparison_cost: STANDING,
      saving: STANDING,
    }),
  })
}

export function instances(
  list: Schemas['InstanceInfo'][] = [instance()],
  changes: Partial<Schemas['InstancesAnswer']> = {},
): Schemas['InstancesAnswer'] {
  return {
    ...INSTANCES,
    as_of: AS_OF,
    valid_until: VALID_UNTIL,
    comparison: comparison(),
    instances: list,
    notices: [],
    next_cursor: null,
    ...changes,
  }
}

export function gpuGroups(): Schemas['InstancesAnswer'] {
  return {
    ...(reviewedGroups as Schemas['InstancesAnswer']),
    as_of: AS_OF,
    valid_until: VALID_UNTIL,
    groups: [
      {
        gpu_type: 'T4',
        instances_count: 2,
        active_count: 1,
        grades: { A: 6, B: 0, C: 0, D: 2, N: 0, R: 0 },
        lifetime: FIGURES,
      },
    ],
  }
}

/** What was taken, and what was not: an id that was used again. */
export function usageEvents(): Schemas['EventsPage'] {
  const [sample] = (reviewedEvents as Schemas['EventsPage']).events
  if (sample === undefined) throw new Error('No event was reviewed.')
  return {
    events: [
      {
        ...sample,
        id: 'e-2',
        source: 'curl',
        type: 'stop',
        instance: 'trainer',
        time: '2026-11-23T13:00:00Z',
        received_at: '2026-11-23T13:00:01Z',
        status: 'conflict',
        code: 'id_reused',
        detail: 'The id was used before with other content.',
        gpu: null,
        gpu_count: null,
        rate: null,
        currency: null,
      },
      {
        ...sample,
        id: 'e-1',
        source: 'vastai',
        type: 'start',
        instance: 'trainer',
        time: '2026-11-23T12:03:00Z',
        received_at: '2026-11-23T12:03:01Z',
        status: 'accepted',
        code: null,
        detail: null,
        gpu: 'Tesla T4',
        gpu_count: 1,
        rate: '0.15',
        currency: 'USD',
      },
    ],
    next_cursor: null,
  }
}
