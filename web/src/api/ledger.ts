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
import type { Schemas } from './schema'
import type { Reason } from '../lib/reason'

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
  /** The time of use, in seconds, exactly. */
  readonly use: DecimalText
  /** The same, each instance's as often as it has GPUs, in hours. */
  readonly gpuHours: number
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
  readonly side: Schemas['Side']
  readonly component: Schemas['Component']
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
  readonly reason: Reason | null
}

export interface LinesPage {
  readonly asOf: string
  readonly timezone: string
  readonly entries: readonly LedgerEntry[]
  readonly nextCursor: string | null
}

function parseFigures(
  answer: AnswerReader<Schemas['AdjustedAmounts'] & Pick<Schemas['Figures'], 'coverage'>>,
): LedgerFigures {
  const { grades } = parseCoverage(answer.object('coverage'))
  return {
    paid: answer.decimal('actual'),
    paidCompared: answer.decimal('comparable_actual'),
    comparison: answer.decimal('comparison'),
    saving: answer.decimal('saving'),
    use: answer.decimal('used_seconds'),
    gpuHours: GRADES.reduce((hours, grade) => hours + grades[grade], 0),
  }
}

type MachineProof = Schemas['ProofInfo']
type DiskProof = Schemas['DiskProofInfo']

/** Where a price is from that always has its dates. */
function parseDatedSource(
  answer: AnswerReader<Omit<Schemas['ExchangeInfo'], 'currency' | 'rate'>>,
): Omit<PriceSource, 'region'> {
  return {
    name: answer.text('source'),
    url: answer.textOrNull('source_url'),
    effectiveFrom: answer.text('effective_from'),
    retrievedAt: answer.text('retrieved_at'),
  }
}

function parseProof(answer: AnswerReader<MachineProof | DiskProof>): Proof {
  const ofDisk = answer.having('price_per_gb_month')
  if (ofDisk !== null) {
    return {
      kind: 'disk',
      pricePerGbMonth: ofDisk.decimal('price_per_gb_month'),
      discount: ofDisk.decimal('discount'),
      source: { ...ofDisk.part(parseDatedSource), region: ofDisk.text('region') },
    }
  }
  const ofMachine = answer as AnswerReader<MachineProof>
  return {
    kind: 'machine',
    grade: ofMachine.oneOf('grade', GRADES),
    sku: ofMachine.textOrNull('sku'),
    gpu: ofMachine.text('gpu'),
    pricePerMachineHour: ofMachine.decimal('price_per_machine_hour'),
    machines: ofMachine.text('machines'),
    discount: ofMachine.decimal('discount'),
    source: {
      region: ofMachine.textOrNull('region'),
      name: ofMachine.text('source'),
      url: ofMachine.textOrNull('source_url'),
      effectiveFrom: ofMachine.textOrNull('effective_from'),
      retrievedAt: ofMachine.textOrNull('retrieved_at'),
    },
  }
}

function parseEntry(answer: AnswerReader<Schemas['EntryInfo']>): LedgerEntry {
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
    unitPrice: answer.decimalOrNull('unit_price'),
    priceHours: answer.decimalOrNull('price_hours'),
    currency: answer.text('currency'),
    amount: answer.decimalOrNull('amount'),
    exchange: answer.maybe('exchange', (a) => {
      const exchange = a.object('exchange')
      return {
        currency: exchange.text('currency'),
        rate: exchange.decimal('rate'),
        source: { ...exchange.part(parseDatedSource), region: null },
      }
    }),
    proof: answer.maybe('proof', (a) => parseProof(a.object('proof'))),
    reason: answer.maybe('reason', (a) => {
      const reason = a.object('reason')
      return {
        code: reason.text('code'),
        named: reason.named('parameters'),
        text: reason.text('message'),
      }
    }),
  }
}

export function parseLedgerTotals(raw: unknown): LedgerTotals {
  const answer = new AnswerReader<Schemas['TotalsAnswer']>(raw)
  const totals = answer.object('totals')
  return {
    provider: answer.oneOf('provider', PROVIDERS),
    comparison: parseComparison(answer.object('comparison')),
    asOf: answer.text('as_of'),
    timezone: answer.text('timezone'),
    figures: totals.part(parseFigures),
    coverage: parseCoverage(totals.object('coverage')),
    groups: [
      ...answer.list('groups', (one) => ({ key: one.text('key'), ...one.part(parseFigures) })),
      ...answer.list('days', (one) => ({ key: one.text('date'), ...one.part(parseFigures) })),
    ],
  }
}

export function parseLedgerLines(raw: unknown): LinesPage {
  const answer = new AnswerReader<Schemas['LinesAnswer']>(raw)
  return {
    asOf: answer.text('as_of'),
    timezone: answer.text('timezone'),
    entries: answer.list('lines', parseEntry),
    nextCursor: answer.textOrNull('next_cursor'),
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
