import { describe, expect, it } from 'vitest'
import priceHistory from '../../../../tests/snapshots/price_history.json'
import { parseInstances } from '../../api/instances'
import { parsePriceHistory } from '../../api/price-history'
import { history, instance, instances, match, unpricedInstance } from '../../test/answers'
import { parseHistory } from './history-api'
import { historyBars } from './history-bars'
import { partsOf } from './history-parts'
import { historySvg, tickStep } from './history-picture'
import { changesByDate, comparedSkus } from './price-changes'

const bars = historyBars(parseHistory(history()), 7)

function draw(changes = new Map<string, string[]>(), title = 'History') {
  const svg = historySvg({
    title,
    bars,
    parts: partsOf(bars),
    changes,
    colour: (token) => `rgb(${token.length} 0 0)`,
  })
  return new DOMParser().parseFromString(svg, 'image/svg+xml')
}

/** The heights of the drawn bars, in the order of their days and parts. */
function heights(picture: Document): number[] {
  return [...picture.querySelectorAll('rect[height]')]
    .filter((rect) => rect.getAttribute('rx') === null)
    .slice(1)
    .map((rect) => Number(rect.getAttribute('height')))
}

describe('the picture of a history', () => {
  it('draws days with use only, in proportion to their amounts', () => {
    const drawn = heights(draw())

    // 21 Nov: 3 compared, 1 more here, 1 uncompared; 23 Nov: 1.48 paid, 6.72 saved.
    expect(drawn).toHaveLength(5)
    const [compared = 0, more = 0, uncompared = 0, paid = 0, saved = 0] = drawn
    expect(compared / more).toBeCloseTo(3, 1)
    expect(uncompared).toBeCloseTo(more, 1)
    expect(saved / paid).toBeCloseTo(6.72 / 1.48, 1)
  })

  it('marks the days on which a price changed, and says what the mark is', () => {
    expect(draw().querySelectorAll('[stroke-dasharray]')).toHaveLength(0)

    const marked = draw(new Map([['2026-11-22', ['p5.48xlarge']]]))

    expect(marked.querySelectorAll('[stroke-dasharray]')).toHaveLength(1)
    expect(marked.documentElement.textContent).toContain('Price change')
  })

  it('is well-formed whatever its words are', () => {
    const title = draw(new Map(), 'a <b> & "c"').querySelector('title')

    expect(title?.textContent).toBe('a <b> & "c"')
  })

  it.each([
    [1, 0.2],
    [9, 2],
    [10, 2],
    [11, 2.5],
    [1234, 250],
    [0.03, 0.01],
  ])('with a height of %d has ticks every %d', (top, step) => {
    expect(tickStep(top)).toBeCloseTo(step, 10)
  })
})

describe('the changes of prices', () => {
  it('are of the SKUs that instances are compared with, each once', () => {
    const page = parseInstances(
      instances([
        instance(),
        instance({ instance_id: 'i-3' }),
        instance({ instance_id: 'i-4', match: match({ sku: 'p5.48xlarge' }) }),
        instance({ instance_id: 'i-5', match: match({ sku: null, region: null }) }),
        unpricedInstance(),
      ]),
      { startsAt: 0, endsAt: 0 },
    )

    expect(comparedSkus([page])).toEqual([
      { sku: 'g4dn.xlarge', region: 'us-east-1', provider: 'AWS', pricingModel: 'on_demand' },
      { sku: 'p5.48xlarge', region: 'us-east-1', provider: 'AWS', pricingModel: 'on_demand' },
    ])
  })

  it('fall on local days, and the first price is none', () => {
    const known = parsePriceHistory(priceHistory)
    const [first] = known.timeline
    const later = { ...first, effectiveFrom: '2026-06-01T00:30:00Z' } as (typeof known.timeline)[0]

    expect(changesByDate([{ ...known, timeline: known.timeline.slice(0, 1) }], 'UTC').size).toBe(0)
    expect([
      ...changesByDate([{ ...known, timeline: [later, later] }], 'America/Sao_Paulo').entries(),
    ]).toEqual([['2026-05-31', ['g4dn.xlarge']]])
  })
})
