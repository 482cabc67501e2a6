import { dateFormat } from '../../lib/formatters'
import { DATE_LOCALE } from '../../lib/language'
import { formatUsd } from '../../lib/money'
import type { DayMarks } from './day-marks'
import type { HistoryBar } from './history-bars'
import { MARK_SIGNS, type Part, signsOf } from './history-parts'

const WIDTH = 1200
const HEIGHT = 480
const LEFT = 84
const RIGHT = 24
const TOP = 84
const BOTTOM = 44
const PLOT_WIDTH = WIDTH - LEFT - RIGHT
const PLOT_HEIGHT = HEIGHT - TOP - BOTTOM
const GROUND = TOP + PLOT_HEIGHT
const TICKS = 5
const DATES = 8
const BAR_SHARE = 0.72
const PNG_SCALE = 2

interface Picture {
  readonly title: string
  /** What has to be known about all of it, wherever the picture goes. */
  readonly caution: string | null
  readonly bars: readonly HistoryBar[]
  readonly parts: readonly Part[]
  readonly dayMarks: DayMarks
  /** Reads a colour of the theme by its token. */
  readonly colour: (token: string) => string
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

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

/** Return a round step that covers a height in a few ticks. */
export function tickStep(top: number): number {
  const rough = top / TICKS
  const size = 10 ** Math.floor(Math.log10(rough))
  return [1, 2, 2.5, 5, 10].map((factor) => factor * size).find((step) => step >= rough) ?? rough
}

/** Draw a history as an SVG file: the bars of the screen, in its colours. */
export function historySvg({ title, caution, bars, parts, dayMarks, colour }: Picture): string {
  const heightOf = (bar: HistoryBar) => parts.reduce((sum, { key }) => sum + (bar[key] ?? 0), 0)
  const top = Math.max(...bars.map(heightOf), 0.01)
  const step = tickStep(top)
  const ticks = Array.from({ length: Math.ceil(top / step) + 1 }, (_, index) => index * step)
  const highest = ticks.at(-1) ?? top
  const y = (amount: number) => GROUND - (amount / highest) * PLOT_HEIGHT
  const slot = PLOT_WIDTH / bars.length
  const x = (index: number) => LEFT + index * slot
  const [ink, soft, line] = [colour('--ink'), colour('--ink-faint'), colour('--line')]
  const every = Math.max(1, Math.ceil(bars.length / DATES))
  const marks: string[] = []
  const words = (at: string, content: string, fill = soft) =>
    marks.push(`<text ${at} fill="${fill}">${escape(content)}</text>`)

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
      formatUsd(tick, step % 1 === 0 ? 0 : 2),
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
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" ` +
    `font-family="sans-serif" font-size="12" role="img"><title>${escape(caution === null ? title : `${caution} · ${title}`)}</title>` +
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="${colour('--surface')}"/>${marks.join('')}</svg>\n`
  )
}

/** Paint an SVG picture as a PNG file, sharp enough for print. */
export async function toPng(svg: string): Promise<Blob> {
  const image = new Image(WIDTH, HEIGHT)
  image.src = `data:image/svg+xml,${encodeURIComponent(svg)}`
  await image.decode()
  const canvas = document.createElement('canvas')
  canvas.width = WIDTH * PNG_SCALE
  canvas.height = HEIGHT * PNG_SCALE
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height)
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob === null) reject(new Error('The picture could not be painted.'))
      else resolve(blob)
    }, 'image/png')
  })
}
