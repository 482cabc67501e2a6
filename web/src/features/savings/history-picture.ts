import { dateFormat } from '../../lib/formatters'
import { DATE_LOCALE } from '../../lib/language'
import { formatUsd } from '../../lib/money'
import {
  escapeXml,
  type Palette,
  type PictureSize,
  svgFile,
  tickStep,
  ticksTo,
} from '../../lib/picture'
import type { DayMarks } from './day-marks'
import type { HistoryBar } from './history-bars'
import { MARK_SIGNS, type Part, signsOf } from './history-parts'

const WIDTH = 1200
const HEIGHT = 480
export const HISTORY_SIZE: PictureSize = { width: WIDTH, height: HEIGHT }
const LEFT = 84
const RIGHT = 24
const TOP = 84
const BOTTOM = 44
const PLOT_WIDTH = WIDTH - LEFT - RIGHT
const PLOT_HEIGHT = HEIGHT - TOP - BOTTOM
const GROUND = TOP + PLOT_HEIGHT
const DATES = 8
const BAR_SHARE = 0.72

interface Picture {
  readonly title: string
  /** What has to be known about all of it, wherever the picture goes. */
  readonly caution: string | null
  readonly bars: readonly HistoryBar[]
  readonly parts: readonly Part[]
  readonly dayMarks: DayMarks
  /** Reads a colour of the theme by its token. */
  readonly colour: Palette
}

/** A day as an axis names it. */
function shortDate(date: string, withYear: boolean): string {
  return dateFormat(DATE_LOCALE, {
    day: 'numeric',
    month: 'short',
    ...(withYear ? { year: '2-digit' } : {}),
    timeZone: 'UTC',
  }).format(new Date(date))
}

/** Days beyond a year say theirs. */
const DAYS_OF_A_YEAR = 366

/**
 * Return what labels a bar's place on the axis.
 *
 * A place is the bar's own number: which label it is of those that are drawn says nothing, for some
 * are left out.
 */
export function labelOfPlace(bars: readonly HistoryBar[]): (place: number | string) => string {
  return (place) => shortDate(bars[Number(place)]?.date ?? '', bars.length > DAYS_OF_A_YEAR)
}

/** Return the signs that stand over a day, each kind once. */
export function signsOn(date: string, dayMarks: DayMarks): string {
  const kinds = new Set((dayMarks.get(date) ?? []).map(({ kind }) => kind))
  return [...kinds].map((kind) => MARK_SIGNS[kind]).join('')
}

/** Draw a history as an SVG file: the bars of the screen, in its colours. */
export function historySvg({ title, caution, bars, parts, dayMarks, colour }: Picture): string {
  const heightOf = (bar: HistoryBar) => parts.reduce((sum, { key }) => sum + (bar[key] ?? 0), 0)
  const top = Math.max(...bars.map(heightOf), 0.01)
  const ticks = ticksTo(top)
  const highest = ticks.at(-1) ?? top
  const y = (amount: number) => GROUND - (amount / highest) * PLOT_HEIGHT
  const slot = PLOT_WIDTH / bars.length
  const x = (index: number) => LEFT + index * slot
  const [ink, soft, line] = [colour('--ink'), colour('--ink-faint'), colour('--line')]
  const every = Math.max(1, Math.ceil(bars.length / DATES))
  const marks: string[] = []
  const words = (at: string, content: string, fill = soft) =>
    marks.push(`<text ${at} fill="${fill}">${escapeXml(content)}</text>`)

  words(`x="${LEFT}" y="30" font-size="17" font-weight="600"`, title, ink)
  if (caution !== null) {
    words(
      `x="${WIDTH - RIGHT}" y="30" font-size="17" font-weight="600" text-anchor="end"`,
      caution,
      ink,
    )
  }
  let legendX = LEFT
  for (const { label, token } of parts) {
    marks.push(
      `<rect x="${legendX}" y="46" width="11" height="11" rx="3" fill="${colour(token)}"/>`,
    )
    words(`x="${legendX + 17}" y="56"`, label)
    legendX += 44 + label.length * 7
  }
  for (const { kind, label } of signsOf(bars, dayMarks)) {
    words(`x="${legendX}" y="56"`, `${MARK_SIGNS[kind]} ${label}`)
    legendX += 44 + label.length * 7
  }
  for (const tick of ticks) {
    const at = y(tick).toFixed(1)
    marks.push(`<path d="M${LEFT} ${at}H${WIDTH - RIGHT}" stroke="${line}"/>`)
    words(
      `x="${LEFT - 10}" y="${(y(tick) + 4).toFixed(1)}" text-anchor="end"`,
      formatUsd(tick, tickStep(top) % 1 === 0 ? 0 : 2),
    )
  }
  bars.forEach((bar, index) => {
    let foot = 0
    for (const { key, token } of parts) {
      const amount = bar[key] ?? 0
      if (amount <= 0) continue
      const [upper, height] = [y(foot + amount), y(foot) - y(foot + amount)]
      marks.push(
        `<rect x="${(x(index) + (slot * (1 - BAR_SHARE)) / 2).toFixed(1)}" y="${upper.toFixed(1)}" ` +
          `width="${(slot * BAR_SHARE).toFixed(1)}" height="${height.toFixed(1)}" fill="${colour(token)}"/>`,
      )
      foot += amount
    }
    const centre = (x(index) + slot / 2).toFixed(1)
    const signs = signsOn(bar.date, dayMarks)
    if (signs !== '') {
      words(`x="${centre}" y="${TOP - 4}" text-anchor="middle"`, signs, ink)
      marks.push(`<path d="M${centre} ${TOP}V${GROUND}" stroke="${ink}" stroke-dasharray="3 4"/>`)
    }
    if (index % every === 0) {
      words(
        `x="${centre}" y="${GROUND + 22}" text-anchor="middle"`,
        shortDate(bar.date, bars.length > DAYS_OF_A_YEAR),
      )
    }
  })
  return svgFile(HISTORY_SIZE, caution === null ? title : `${caution} · ${title}`, colour, marks)
}
