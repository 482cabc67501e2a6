import { describe, expect, it } from 'vitest'
import comparedPrices from '../../../tests/snapshots/compared_prices.json'
import explanation from '../../../tests/snapshots/explanation.json'
import unknownExplanation from '../../../tests/snapshots/explanation_unknown.json'
import oneInstance from '../../../tests/snapshots/instance.json'
import policyPreview from '../../../tests/snapshots/policy_preview.json'
import byGpu from '../../../tests/snapshots/instances_by_gpu.json'
import instances from '../../../tests/snapshots/instances.json'
import firstInstances from '../../../tests/snapshots/instances_first_use.json'
import history from '../../../tests/snapshots/history.json'
import firstHistory from '../../../tests/snapshots/history_first_use.json'
import problemOfDays from '../../../tests/snapshots/problem_days.json'
import unauthenticated from '../../../tests/snapshots/problem_unauthenticated.json'
import ledgerLines from '../../../tests/snapshots/ledger_lines.json'
import ledgerTotals from '../../../tests/snapshots/ledger_totals.json'
import totalsByDay from '../../../tests/snapshots/ledger_totals_by_day.json'
import savings from '../../../tests/snapshots/savings.json'
import azure from '../../../tests/snapshots/savings_azure.json'
import firstUse from '../../../tests/snapshots/savings_first_use.json'
import loss from '../../../tests/snapshots/savings_loss.json'
import reference from '../../../tests/snapshots/savings_reference.json'
import events from '../../../tests/snapshots/usage_events.json'
import { parseGpuGroups, parseInstances, parseInstanceSessions } from '../api/instances'
import { parseLedgerLines, parseLedgerTotals } from '../api/ledger'
import { parseProblem } from '../api/problem'
import { parseSavings } from '../api/savings'
import { formatUsd } from './money'
import { parseUsageEvents } from '../features/gpu-sessions/events-api'
import { parseHistory } from '../api/history'
import { figuresOf, linesOf } from '../features/proof/ledger-line'
import { parseExplanation, parsePriceBook } from '../features/price-book/prices-api'
import { parsePolicyEffects } from '../features/settings/policy-api'
import { agree, difference } from './decimal'

const VALIDITY = { startsAt: 0, endsAt: 0, asOf: 0, clockGap: 0 }

describe('the reviewed answers of the server are understood', () => {
  it.each([
    ['savings', savings, 'AWS'],
    ['savings against Azure', azure, 'Azure'],
    ['savings of a first-time user', firstUse, 'AWS'],
    ['a loss', loss, 'AWS'],
    ['savings by the reference card', reference, 'AWS'],
  ])('%s', (_name, raw, provider) => {
    const parsed = parseSavings(raw)

    expect(parsed.provider).toBe(provider)
    // The text that ticks begins at the published number, rounded by the same rule.
    expect(formatUsd(parsed.liveLifetime.value, 4)).toBe(formatUsd(parsed.lifetimeSavings, 4))
    expect(formatUsd(parsed.liveSession.value, 4)).toBe(formatUsd(parsed.currentSessionSavings, 4))
  })

  it('a first-time user is one', () => {
    expect(parseSavings(firstUse).firstUse).toBe(true)
    expect(parseSavings(firstUse).projections.method).toBe('none')
  })

  it('history', () => {
    expect(parseHistory(history).days).toHaveLength(history.history.length)
    expect(parseHistory(firstHistory).days).toEqual([])
  })

  it('instances, with and without a comparison', () => {
    const { instances: parsed } = parseInstances(instances, VALIDITY)

    expect(parsed).toHaveLength(instances.instances.length)
    for (const { match, unpriced } of parsed) {
      expect((match === null) === (unpriced !== null)).toBe(true)
    }
    expect(parseInstances(firstInstances, VALIDITY).instances).toEqual([])
  })

  it('one instance, opened into its sessions, runs and rates', () => {
    const { instance, sessions } = parseInstanceSessions(oneInstance, VALIDITY)

    expect(instance.instanceId).toBe('h100x2')
    expect(sessions.flatMap(({ runs }) => runs.flatMap(({ rates }) => rates))).toHaveLength(2)
  })

  it('the price book, its cells and why they are what they are', () => {
    const { gpus } = parsePriceBook(comparedPrices)
    expect(gpus.map(({ gpuType }) => gpuType)).toEqual(
      comparedPrices.gpus.map((gpu) => gpu.gpu_type),
    )
    expect(
      gpus
        .flatMap(({ compared }) => compared)
        .every(({ grade, pricePerGpuHour }) => (grade === 'N') === (pricePerGpuHour === null)),
    ).toBe(true)

    const told = parseExplanation(explanation)
    const [chosen] = told.candidates
    expect(chosen).toMatchObject({ sku: told.sku, whyNot: null })
    expect(parseExplanation(unknownExplanation)).toMatchObject({ grade: 'N', sku: null })
  })

  it('what a change of the policy would do', () => {
    const [aws] = parsePolicyEffects(policyPreview)

    expect(aws?.provider).toBe('AWS')
    expect(difference(aws?.after.saving ?? '0', aws?.before.saving ?? '0')).toBe(aws?.change)
  })

  it('use by GPU', () => {
    expect(parseGpuGroups(byGpu).groups).toHaveLength(byGpu.groups.length)
  })

  it('the ledger: its lines add up to its totals', () => {
    const { figures, groups } = parseLedgerTotals(ledgerTotals)
    const lines = linesOf(parseLedgerLines(ledgerLines).entries)
    const added = figuresOf(lines)

    expect(groups.length).toBeGreaterThan(1)
    for (const name of ['paid', 'paidCompared', 'comparison', 'saving'] as const) {
      expect(agree(added[name], figures[name], lines.length * 2)).toBe(true)
      expect(Number(figures[name])).not.toBe(0)
    }
    expect(parseLedgerTotals(totalsByDay).groups[0]?.key).toBe(totalsByDay.days[0]?.date)
  })

  it('usage events', () => {
    expect(parseUsageEvents(events)).toHaveLength(events.events.length)
  })

  it('problems', () => {
    expect(parseProblem(422, problemOfDays)).toMatchObject({ code: problemOfDays.code })
    expect(parseProblem(401, unauthenticated)).toMatchObject({ code: unauthenticated.code })
  })
})
