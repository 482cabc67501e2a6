import { describe, expect, it } from 'vitest'
import closed from '../../../../tests/snapshots/ledger_closed.json'
import adjusted from '../../../../tests/snapshots/ledger_totals_adjusted.json'
import priceHistory from '../../../../tests/snapshots/price_history.json'
import { parseInstances } from '../../api/instances'
import { parsePriceHistory } from '../../api/price-history'
import { history, instance, instances, match, unpricedInstance } from '../../test/answers'
import { parseHistory } from '../../api/history'
import { historyBars } from './history-bars'
import { partsOf } from './history-parts'
import { historySvg, labelOfPlace } from './history-picture'
import { parseAdjustments, parseClosedPeriods } from './adjustments-api'
import { comparedSkus, type DayMark, dayMarks } from './day-marks'

const bars = historyBars(parseHistory(history()), 7)

function draw(
  marks = new Map<string, DayMark[]>(),
  title = 'History',
  caution: string | null = null,
) {
  const svg = historySvg({
    title,
    caution,
    bars,
    parts: partsOf(bars),
    dayMarks: marks,
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

  it('marks the days to which something happened, and says what each sign is', () => {
    expect(draw().querySelectorAll('[stroke-dasharray]')).toHaveLength(0)
    expect(draw().documentElement.textContent).not.toContain('Price change')

    const marked = draw(
      new Map([
        [
          '2026-11-22',
          [
            { kind: 'price', words: 'one' },
            { kind: 'price', words: 'two' },
            { kind: 'adjustment', words: 'three' },
          ],
        ],
      ]),
    )

    expect(marked.querySelectorAll('[stroke-dasharray]')).toHaveLength(1)
    expect(marked.documentElement.textContent).toContain('▾ Price change')
    expect(marked.documentElement.textContent).toContain('◆ Adjusted after closing')
    expect([...marked.querySelectorAll('text')].map((one) => one.textContent)).toContain('▾◆')
  })

  it('is well-formed whatever its words are', () => {
    const title = draw(new Map(), 'a <b> & "c"').querySelector('title')

    expect(title?.textContent).toBe('a <b> & "c"')
  })

  it('says what has to be known about it to whoever sees it, and to whoever hears it', () => {
    const picture = draw(new Map(), 'History', 'Sample data')

    expect(picture.querySelector('title')?.textContent).toBe('Sample data · History')
    const words = (drawn: Document) =>
      [...drawn.querySelectorAll('text')].map((one) => one.textContent)
    expect(words(picture)).toContain('Sample data')
    expect(words(draw())).not.toContain('Sample data')
  })
})

/** The SKUs that are followed where these instances are listed in this order. */
function skusOf(listed: readonly ReturnType<typeof instance>[]) {
  const page = parseInstances(instances([...listed]), {
    startsAt: 0,
    endsAt: 0,
    asOf: 0,
    clockGap: 0,
  })
  return comparedSkus([page])
}

describe('the marks of days', () => {
  it('are of the SKUs that instances are compared with, each once, in any order of them', () => {
    const all = [
      instance(),
      instance({ instance_id: 'i-3' }),
      instance({ instance_id: 'i-4', match: match({ sku: 'p5.48xlarge' }) }),
      instance({ instance_id: 'i-5', match: match({ sku: null, region: null }) }),
      unpricedInstance(),
    ]
    expect(skusOf(all.toReversed())).toEqual(skusOf(all))
    expect(skusOf(all)).toEqual([
      { sku: 'g4dn.xlarge', region: 'us-east-1', provider: 'AWS', pricingModel: 'on_demand' },
      { sku: 'p5.48xlarge', region: 'us-east-1', provider: 'AWS', pricingModel: 'on_demand' },
    ])
  })

  it('are of the same twelve where there are more, whichever started last', () => {
    const all = Array.from({ length: 20 }, (_, index) =>
      instance({ instance_id: `i-${index}`, match: match({ sku: `sku-${10 + index}` }) }),
    )
    expect(skusOf(all)).toHaveLength(12)
    expect(skusOf(all.toReversed())).toEqual(skusOf(all))
  })

  it('fall on local days, and the first price is none', () => {
    const known = parsePriceHistory(priceHistory)
    const [first] = known.timeline
    const later = { ...first, effectiveFrom: '2026-06-01T00:30:00Z' } as (typeof known.timeline)[0]

    const once = { ...known, timeline: known.timeline.slice(0, 1) }
    const twice = { ...known, timeline: [later, later] }
    expect(dayMarks([once], [], 'UTC').size).toBe(0)
    expect([...dayMarks([twice], [], 'America/Sao_Paulo').entries()]).toEqual([
      ['2026-05-31', [{ kind: 'price', words: 'price of g4dn.xlarge changed' }]],
    ])
  })

  it('tell what came after a period was closed', () => {
    expect(parseClosedPeriods(closed)).toEqual([
      expect.objectContaining({ from: '2026-08-01T00:00:00Z', isAdjusted: true }),
    ])
    const [period] = closed.periods
    const none = Object.fromEntries(
      Object.keys(period?.adjustment ?? {}).map((name) => [name, '0.0000000000']),
    )
    expect(parseClosedPeriods({ periods: [{ ...period, adjustment: none }] })[0]?.isAdjusted).toBe(
      false,
    )

    expect([...dayMarks([], parseAdjustments(adjusted), 'UTC').entries()]).toEqual([
      ['2026-08-01', [{ kind: 'adjustment', words: 'saving +$0.75 since it was closed' }]],
    ])
  })
})

describe('the labels of the axis', () => {
  it('name the day of their bar, also where every other label is left out', () => {
    const drawn = [0, 2, 4, 6]

    // As the chart asks: with a bar's place, and how many labels are drawn before it.
    expect(drawn.map(labelOfPlace(bars))).toEqual(['17 Nov', '19 Nov', '21 Nov', '23 Nov'])
  })
})
