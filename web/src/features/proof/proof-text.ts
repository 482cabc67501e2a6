import type { LedgerEntry, LedgerFigures } from '../../api/ledger'
import { messages } from '../../lib/messages'
import { reasonInWords } from '../../lib/reason'
import { formatExactInstant, secondsBetween } from '../../lib/time'
import type { Quantity } from '../../lib/why'
import { whetherTheyAddUp } from './adds-up'
import {
  entriesOf,
  exactUsd,
  formulaOf,
  hoursUsedFormula,
  hoursUsedInWords,
  type LedgerLine,
} from './ledger-line'

const text = messages.why

/** A column of the lines' CSV file; its name is the API's, in every language. */
type Cell = readonly [name: string, of: (entry: LedgerEntry) => string | number | null | undefined]

const machineOf = ({ proof }: LedgerEntry) => (proof?.kind === 'machine' ? proof : null)

const CELLS: readonly Cell[] = [
  ['side', (entry) => entry.side],
  ['component', (entry) => entry.component],
  ['instance', (entry) => entry.instance],
  ['usage_provider', (entry) => entry.usageProvider],
  ['gpu', (entry) => entry.gpu],
  ['gpu_count', (entry) => entry.gpuCount],
  ['from', (entry) => entry.from],
  ['to', (entry) => entry.to],
  ['seconds', (entry) => entry.seconds],
  ['pad_seconds', (entry) => entry.padSeconds],
  ['units', (entry) => entry.units],
  ['unit_price', (entry) => entry.unitPrice],
  ['price_hours', (entry) => entry.priceHours],
  ['amount', (entry) => entry.amount],
  ['currency', (entry) => entry.currency],
  ['grade', (entry) => machineOf(entry)?.grade],
  ['sku', (entry) => machineOf(entry)?.sku],
  ['compared_gpu', (entry) => machineOf(entry)?.gpu],
  ['price_per_machine_hour', (entry) => machineOf(entry)?.pricePerMachineHour],
  ['machines', (entry) => machineOf(entry)?.machines],
  ['discount', (entry) => entry.proof?.discount],
  ['region', (entry) => entry.proof?.source.region],
  ['effective_from', (entry) => entry.proof?.source.effectiveFrom],
  ['retrieved_at', (entry) => entry.proof?.source.retrievedAt],
  ['source', (entry) => entry.proof?.source.name],
  ['source_url', (entry) => entry.proof?.source.url],
  ['reason', (entry) => entry.reason?.code],
]

/** Columns of lines of use, which have no sides: what is billed of them is not asked about. */
const USE_CELLS: readonly Cell[] = [
  ...CELLS.filter(([name]) =>
    ['instance', 'usage_provider', 'gpu', 'gpu_count', 'from', 'to'].includes(name),
  ),
  ['used_seconds', (entry) => secondsBetween(entry.from, entry.to)],
]

/** Write lines as the rows of a CSV file, with the API's own digits. */
export function proofRows(lines: readonly LedgerLine[], quantity: Quantity): string[][] {
  const isOfUse = quantity === 'use'
  const cells = isOfUse ? USE_CELLS : CELLS
  const entries = isOfUse
    ? lines.flatMap(({ actual, other }) => actual ?? other ?? [])
    : entriesOf(lines)
  return [
    cells.map(([name]) => name),
    ...entries.map((entry) => cells.map(([, of]) => String(of(entry) ?? ''))),
  ]
}

interface ProofToTell {
  readonly title: string
  readonly isSampleData: boolean
  readonly versus: string
  readonly provider: string
  readonly figures: LedgerFigures
  readonly quantity: Quantity
  readonly lines: readonly LedgerLine[]
  readonly asOf: string
  readonly timeZone: string
}

function sideInText(label: string, entry: LedgerEntry): string {
  const formula = formulaOf(entry)
  if (formula === null || entry.amount === null) {
    const { reason } = entry
    const why =
      reason === null ? '' : (reasonInWords(messages.reasons.unpriced, reason) ?? reason.text)
    return `  ${label}: ${why}`.trimEnd()
  }
  const { proof } = entry
  const named =
    proof === null
      ? []
      : [
          ...(proof.kind === 'machine' ? [messages.figures.gradeTitle(proof.grade)] : []),
          ...(proof.kind === 'machine' && proof.sku !== null ? [proof.sku] : []),
          ...(proof.kind === 'machine' ? [proof.gpu] : []),
          ...(proof.source.region === null ? [] : [proof.source.region]),
          ...(proof.source.effectiveFrom === null
            ? []
            : [text.inForceSince(proof.source.effectiveFrom)]),
          proof.source.url ?? proof.source.name,
        ]
  const rest = named.length === 0 ? '' : ` (${named.join(', ')})`
  return `  ${label}: ${formula} = ${exactUsd(entry.amount)}${rest}`
}

/** Write a proof as text that can be sent to somebody who has to believe it. */
export function proofText(proof: ProofToTell): string {
  const { figures, timeZone, provider } = proof
  const { sampleData, sampleDataDetail } = messages.shell
  const isOfUse = proof.quantity === 'use'
  const head = [
    ...(proof.isSampleData ? [`${sampleData}: ${sampleDataDetail}`, ''] : []),
    proof.title,
    proof.versus,
    text.asOf(`${formatExactInstant(proof.asOf, timeZone)} (${timeZone})`),
    '',
    ...(isOfUse
      ? [hoursUsedInWords(figures), text.useDetail]
      : [
          `${text.would(provider)}: ${exactUsd(figures.comparison)}`,
          `− ${text.paidCompared}: ${exactUsd(figures.paidCompared)}`,
          `= ${text.equals}: ${exactUsd(figures.saving)}`,
          `${text.paidTotal}: ${exactUsd(figures.paid)}`,
        ]),
    '',
  ]
  const told = proof.lines.flatMap((line) => {
    const { actual, other } = line
    const shown = actual ?? other
    if (shown === null) return []
    return [
      `${shown.instance}, ${shown.gpu} × ${shown.gpuCount}, ${text.components[shown.component]}, ` +
        `${formatExactInstant(shown.from, timeZone)} – ${formatExactInstant(shown.to, timeZone)}`,
      ...(isOfUse ? [`  ${hoursUsedFormula(line)}`] : []),
      ...(isOfUse || actual === null ? [] : [sideInText(text.paid, actual)]),
      ...(isOfUse || other === null
        ? []
        : [sideInText(other.side === 'unpriced' ? text.unpriced : provider, other)]),
    ]
  })
  const { words } = whetherTheyAddUp(proof.lines, figures, proof.quantity)
  return [...head, ...told, '', words, ''].join('\n')
}
