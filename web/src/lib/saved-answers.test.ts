import { describe, expect, it } from 'vitest'
import { parseGpuGroups, parseInstances, parseInstanceSessions } from '../api/instances'
import { parseLedgerLines, parseLedgerTotals } from '../api/ledger'
import { parsePriceHistory } from '../api/price-history'
import { parseSavings } from '../api/savings'
import { parseCurrentSession } from '../api/session'
import { parseSetup } from '../features/first-run/first-run-api'
import { parseUsageEvents } from '../features/gpu-sessions/events-api'
import { parseExplanation, parsePriceBook } from '../features/price-book/prices-api'
import { parseAdjustments, parseClosedPeriods } from '../features/savings/adjustments-api'
import { parseHistory } from '../api/history'
import { parsePolicy, parsePolicyEffects } from '../features/settings/policy-api'
import { parseTokens } from '../features/settings/tokens-api'
import { AnswerShapeError } from './parse'

/** Every answer that the API's own tests keep, by its name there. */
const SAVED = import.meta.glob<unknown>('../../../tests/snapshots/*.json', {
  eager: true,
  import: 'default',
})

type Parse = (raw: unknown) => unknown

const atNoTime = { startsAt: 0, endsAt: 0, asOf: 0, clockGap: 0 }
const instancesOf: Parse = (raw) => parseInstances(raw, atNoTime)
const sessionsOf: Parse = (raw) => parseInstanceSessions(raw, atNoTime)

/** What the screen reads each answer with. */
const READ_WITH: Readonly<Record<string, Parse>> = {
  compared_prices: parsePriceBook,
  explanation: parseExplanation,
  explanation_unknown: parseExplanation,
  history: parseHistory,
  history_first_use: parseHistory,
  instance: sessionsOf,
  instances: instancesOf,
  instances_by_gpu: parseGpuGroups,
  instances_first_use: instancesOf,
  ledger_closed: parseClosedPeriods,
  ledger_lines: parseLedgerLines,
  ledger_totals: parseLedgerTotals,
  ledger_totals_adjusted: parseAdjustments,
  ledger_totals_by_day: parseLedgerTotals,
  me: parseCurrentSession,
  policy: parsePolicy,
  policy_preview: parsePolicyEffects,
  price_history: parsePriceHistory,
  savings: parseSavings,
  savings_azure: parseSavings,
  savings_first_use: parseSavings,
  savings_loss: parseSavings,
  savings_reference: parseSavings,
  setup: parseSetup,
  tokens: parseTokens,
  usage_events: parseUsageEvents,
}

/** Answers that the screen does not ask for; of problems, it takes what they have. */
const UNREAD = ['active_session', 'active_session_first_use', 'pricing', 'pricing_reference']
const ELSEWHERE = /^(problem_|realtime|push_events|reason_codes|notices)/

/** What the sentence of a reason names: where a name is not the known one, the server's words are shown. */
function isNamedInWords(place: readonly string[]): boolean {
  return /(^|_)parameters$/.test(place.at(-2) ?? '') || place.at(-3) === 'named'
}

/** Return every place in an answer, each as the names that lead to it. */
function placesIn(value: unknown, place: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, member]) => {
    const here = [...place, name]
    return [here, ...placesIn(member, here)]
  })
}

/** Return an answer in which one place was changed. */
function changedAt(
  value: unknown,
  [name, ...rest]: readonly string[],
  change: (holder: Record<string, unknown>, name: string) => void,
): unknown {
  const holder = (
    Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) }
  ) as Record<string, unknown>
  if (name === undefined) return holder
  if (rest.length === 0) change(holder, name)
  else holder[name] = changedAt(holder[name], rest, change)
  return holder
}

const CHANGES: Readonly<Record<string, (holder: Record<string, unknown>, name: string) => void>> = {
  'is left out': (holder, name) => {
    // An element that is left out of a list is no change of its shape.
    if (!Array.isArray(holder)) holder[name] = undefined
  },
  'has another name': (holder, name) => {
    if (Array.isArray(holder)) return
    holder[`${name}_2`] = holder[name]
    Reflect.deleteProperty(holder, name)
  },
  'is a list': (holder, name) => {
    holder[name] = [holder[name]]
  },
  'is of another type': (holder, name) => {
    const value = holder[name]
    if (typeof value === 'string') holder[name] = 7
    // What is null here may well be text elsewhere, but never true.
    else holder[name] = value === null ? true : 'something else'
  },
}

const saved = Object.entries(SAVED).map(([path, raw]) => {
  const name = path.replace(/^.*\/|\.json$/g, '')
  return { name, raw, parse: READ_WITH[name] }
})

describe('a saved answer of the server', () => {
  it('is read by the screen, unless it is known that it asks for no such thing', () => {
    const unread = saved.filter(({ parse }) => parse === undefined).map(({ name }) => name)

    expect(unread.filter((name) => !ELSEWHERE.test(name))).toEqual(UNREAD)
    expect(saved.length - unread.length).toBe(Object.keys(READ_WITH).length)
  })

  it.each(
    saved.flatMap(({ name, raw, parse }) => (parse === undefined ? [] : [{ name, raw, parse }])),
  )('$name: what is changed in it is refused, or was not read', ({ raw, parse }) => {
    const asSaved = JSON.stringify(parse(raw))
    let refused = 0

    for (const place of placesIn(raw)) {
      for (const [how, change] of Object.entries(CHANGES)) {
        if (how === 'has another name' && isNamedInWords(place)) continue
        const changed = changedAt(raw, place, change)
        let told: string
        try {
          told = JSON.stringify(parse(changed))
        } catch (error) {
          expect(error, `${place.join('.')} ${how}`).toBeInstanceOf(AnswerShapeError)
          refused += 1
          continue
        }
        // Understood all the same, it has to be of no concern: no figure may change in silence.
        expect(told, `${place.join('.')} ${how}`).toBe(asSaved)
      }
    }

    expect(refused).toBeGreaterThan(0)
  })
})
