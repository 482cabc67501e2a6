import type { DecimalText } from '../lib/money'
import { AnswerReader } from '../lib/parse'
import {
  type Comparison,
  type Coverage,
  type Grade,
  GRADES,
  parseComparison,
  parseCoverage,
  type Provider,
  PROVIDERS,
} from './comparison'
import { economyApi } from './economy-api'

const PAGE_LENGTH = 200

const SIDES = ['actual', 'comparison', 'unpriced'] as const
const COMPONENTS = ['compute', 'disk_running', 'disk_stopped'] as const

/** Which part of the ledger is meant; what is null leaves that side of it open. */
export interface LedgerScope {
  readonly provider: Provider
  readonly instance: string | null
  readonly gpu: string | null
  /** An instant, or a date of the account's time zone. */
  readonly from: string | null
  readonly to: string | null
  readonly asOf: string | null
}

/** What lines come to; the saving is the comparison minus what was paid for the compared part. */
export interface LedgerFigures {
  readonly paid: DecimalText
  readonly paidCompared: DecimalText
  readonly comparison: DecimalText
  readonly saving: DecimalText
}

export interface LedgerGroup extends LedgerFigures {
  /** A date, or the id of an instance. */
  readonly key: string
}

export interface LedgerTotals {
  readonly provider: Provider
  readonly comparison: Comparison
  readonly asOf: string
  readonly timezone: string
  readonly figures: LedgerFigures
  readonly coverage: Coverage
  readonly groups: readonly LedgerGroup[]
}

/** What a comparison's price rests on. */
type Proof =
  | {
      readonly kind: 'machine'
      readonly grade: Grade
      readonly sku: string | null
      readonly gpu: string
      readonly pricePerMachineHour: DecimalText
      /** Exact: `2`, or a share such as `3/8`. */
      readonly machines: string
      readonly discount: DecimalText
      readonly source: PriceSource
    }
  | {
      readonly kind: 'disk'
      readonly pricePerGbMonth: DecimalText
      readonly discount: DecimalText
      readonly source: PriceSource
    }

/** Where a price is from; a rate card has no region and no dates. */
export interface PriceSource {
  readonly region: string | null
  readonly name: string
  readonly url: string | null
  readonly effectiveFrom: string | null
  readonly retrievedAt: string | null
}

/** One side of a line. */
export interface LedgerEntry {
  readonly side: (typeof SIDES)[number]
  readonly component: (typeof COMPONENTS)[number]
  readonly instance: string
  readonly usageProvider: string
  readonly gpu: string
  readonly gpuCount: number
  readonly from: string
  readonly to: string
  readonly seconds: DecimalText
  readonly padSeconds: DecimalText
  readonly units: DecimalText
  readonly unitPrice: DecimalText | null
  readonly priceHours: DecimalText | null
  readonly currency: string
  readonly amount: DecimalText | null
  readonly exchange: {
    readonly currency: string
    readonly rate: DecimalText
    readonly source: PriceSource
  } | null
  readonly proof: Proof | null
  readonly reason: { readonly code: string; readonly message: string } | null
}

export interface LinesPage {
  readonly asOf: string
  readonly timezone: string
  readonly entries: readonly LedgerEntry[]
  readonly nextCursor: string | null
}

function parseFigures(answer: AnswerReader): LedgerFigures {
  return {
    paid: answer.decimal('actual'),
    paidCompared: answer.decimal('comparable_actual'),
    comparison: answer.decimal('comparison'),
    saving: answer.decimal('saving'),
  }
}

function parseSource(answer: AnswerReader): PriceSource {
  return {
    region: answer.maybe('region', (a) => a.text('region')),
    name: answer.text('source'),
    url: answer.maybe('source_url', (a) => a.text('source_url')),
    effectiveFrom: answer.maybe('effective_from', (a) => a.text('effective_from')),
    retrievedAt: answer.maybe('retrieved_at', (a) => a.text('retrieved_at')),
  }
}

function parseProof(answer: AnswerReader): Proof {
  const shared = { discount: answer.decimal('discount'), source: parseSource(answer) }
  if (!answer.has('grade')) {
    return { kind: 'disk', pricePerGbMonth: answer.decimal('price_per_gb_month'), ...shared }
  }
  return {
    kind: 'machine',
    grade: answer.oneOf('grade', GRADES),
    sku: answer.maybe('sku', (a) => a.text('sku')),
    gpu: answer.text('gpu'),
    pricePerMachineHour: answer.decimal('price_per_machine_hour'),
    machines: answer.text('machines'),
    ...shared,
  }
}

function parseEntry(answer: AnswerReader): LedgerEntry {
  return {
    side: answer.oneOf('side', SIDES),
    component: answer.oneOf('component', COMPONENTS),
    instance: answer.text('instance'),
    usageProvider: answer.text('usage_provider'),
    gpu: answer.text('gpu'),
    gpuCount: answer.number('gpu_count'),
    from: answer.text('from'),
    to: answer.text('to'),
    seconds: answer.decimal('seconds'),
    padSeconds: answer.decimal('pad_seconds'),
    units: answer.decimal('units'),
    unitPrice: answer.maybe('unit_price', (a) => a.decimal('unit_price')),
    priceHours: answer.maybe('price_hours', (a) => a.decimal('price_hours')),
    currency: answer.text('currency'),
    amount: answer.maybe('amount', (a) => a.decimal('amount')),
    exchange: answer.maybe('exchange', (a) => {
      const exchange = a.object('exchange')
      return {
        currency: exchange.text('currency'),
        rate: exchange.decimal('rate'),
        source: parseSource(exchange),
      }
    }),
    proof: answer.maybe('proof', (a) => parseProof(a.object('proof'))),
    reason: answer.maybe('reason', (a) => {
      const reason = a.object('reason')
      return { code: reason.text('code'), message: reason.text('message') }
    }),
  }
}

export function parseLedgerTotals(raw: unknown): LedgerTotals {
  const answer = new AnswerReader(raw)
  const totals = answer.object('totals')
  return {
    provider: answer.oneOf('provider', PROVIDERS),
    comparison: parseComparison(answer.object('comparison')),
    asOf: answer.text('as_of'),
    timezone: answer.text('timezone'),
    figures: parseFigures(totals),
    coverage: parseCoverage(totals.object('coverage')),
    groups: [
      ...answer.list('groups', (one) => ({ key: one.text('key'), ...parseFigures(one) })),
      ...answer.list('days', (one) => ({ key: one.text('date'), ...parseFigures(one) })),
    ],
  }
}

export function parseLedgerLines(raw: unknown): LinesPage {
  const answer = new AnswerReader(raw)
  return {
    asOf: answer.text('as_of'),
    timezone: answer.text('timezone'),
    entries: answer.list('lines', parseEntry),
    nextCursor: answer.maybe('next_cursor', (a) => a.text('next_cursor')),
  }
}

function parametersOf(scope: LedgerScope): URLSearchParams {
  const parameters = new URLSearchParams({ provider: scope.provider })
  if (scope.instance !== null) parameters.set('instance', scope.instance)
  if (scope.gpu !== null) parameters.set('gpu', scope.gpu)
  if (scope.from !== null) parameters.set('from', scope.from)
  if (scope.to !== null) parameters.set('to', scope.to)
  if (scope.asOf !== null) parameters.set('as_of', scope.asOf)
  return parameters
}

/** How totals are divided: by what the scope leaves open. */
function groupingOf(scope: LedgerScope): string {
  return scope.instance === null ? 'instance' : 'day'
}

// A proof is of one instant: it is asked for when it is opened, and does not follow the ledger.
export const { useGetLedgerTotalsQuery, useGetLedgerLinesInfiniteQuery } =
  economyApi.injectEndpoints({
    endpoints: (build) => ({
      getLedgerTotals: build.query<LedgerTotals, LedgerScope>({
        query: (scope) => {
          const parameters = parametersOf(scope)
          parameters.set('group_by', groupingOf(scope))
          return { path: `ledger/totals?${parameters.toString()}` }
        },
        transformResponse: parseLedgerTotals,
      }),
      getLedgerLines: build.infiniteQuery<LinesPage, LedgerScope, string | null>({
        infiniteQueryOptions: {
          initialPageParam: null,
          getNextPageParam: ({ nextCursor }) => nextCursor,
        },
        query: ({ queryArg, pageParam }) => {
          const parameters = parametersOf(queryArg)
          parameters.set('limit', String(PAGE_LENGTH))
          if (pageParam !== null) parameters.set('cursor', pageParam)
          return { path: `ledger/lines?${parameters.toString()}` }
        },
        transformResponse: parseLedgerLines,
      }),
    }),
  })
