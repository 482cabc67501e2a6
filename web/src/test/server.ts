import { http, HttpResponse } from 'msw/http'
import { setupServer } from 'msw/node'
import ledgerLines from '../../../tests/snapshots/ledger_lines.json'
import ledgerTotals from '../../../tests/snapshots/ledger_totals.json'
import totalsByDay from '../../../tests/snapshots/ledger_totals_by_day.json'
import comparedPrices from '../../../tests/snapshots/compared_prices.json'
import explanation from '../../../tests/snapshots/explanation.json'
import unknownExplanation from '../../../tests/snapshots/explanation_unknown.json'
import oneInstance from '../../../tests/snapshots/instance.json'
import policy from '../../../tests/snapshots/policy.json'
import policyPreview from '../../../tests/snapshots/policy_preview.json'
import priceHistory from '../../../tests/snapshots/price_history.json'
import { gpuGroups, history, instances, savings, session, usageEvents } from './answers'

/** Where the API is, as a page under test sees it. */
export const api = (path: string) => `${location.origin}/api/v1/${path}`

/** An error answer of the API (RFC 9457). */
export function problem(status: number, code: string, detail: string) {
  return HttpResponse.json(
    { type: 'about:blank', title: code, status, detail, code, request_id: 'r-1', errors: [] },
    { status, headers: { 'Content-Type': 'application/problem+json' } },
  )
}

const providerOf = (request: Request) => new URL(request.url).searchParams.get('provider') ?? 'AWS'

/** The API as it answers a signed-in person whose instances run. */
export const server = setupServer(
  http.get(api('auth/me'), () => HttpResponse.json(session())),
  http.get(api('setup'), () => HttpResponse.json({ needs_owner: false, code_required: false })),
  // Full: whoever wants to be told of changes has to poll.
  http.get(api('economy/stream'), () => problem(503, 'streams_full', 'Poll.')),
  http.get(api('economy/savings'), ({ request }) =>
    HttpResponse.json(savings({ provider: providerOf(request) })),
  ),
  http.get(api('economy/savings/history'), ({ request }) =>
    HttpResponse.json(history({ provider: providerOf(request) })),
  ),
  http.get(api('instances'), ({ request }) =>
    HttpResponse.json(
      new URL(request.url).searchParams.get('group_by') === 'gpu' ? gpuGroups() : instances(),
    ),
  ),
  http.get(api('ledger/totals'), ({ request }) =>
    HttpResponse.json(
      new URL(request.url).searchParams.get('group_by') === 'day' ? totalsByDay : ledgerTotals,
    ),
  ),
  http.get(api('ledger/closed'), () => HttpResponse.json({ periods: [] })),
  http.get(api('ledger/lines'), ({ request }) => {
    const instance = new URL(request.url).searchParams.get('instance')
    const lines = ledgerLines.lines.filter(
      (line) => instance === null || line.instance === instance,
    )
    return HttpResponse.json({ ...ledgerLines, lines })
  }),
  http.get(api('instances/*'), () => HttpResponse.json(oneInstance)),
  http.get(api('prices/compared'), () => HttpResponse.json(comparedPrices)),
  http.get(api('prices/explain'), ({ request }) =>
    HttpResponse.json(
      new URL(request.url).searchParams.get('gpu') === 'RTX 4090'
        ? explanation
        : unknownExplanation,
    ),
  ),
  http.get(api('prices/:sku/history'), () => HttpResponse.json(priceHistory)),
  http.get(api('policy'), () => HttpResponse.json(policy)),
  http.post(api('policy/preview'), () => HttpResponse.json(policyPreview)),
  http.get(api('tokens'), () => HttpResponse.json({ tokens: [] })),
  http.get(api('usage/events'), () => HttpResponse.json(usageEvents())),
)
