import { escapeXml, type Palette, type PictureSize, svgFile, ticksTo } from '../lib/picture'

export interface Step {
  /** Epoch milliseconds; the value holds from here to the end, which is exclusive. */
  readonly from: number
  readonly to: number
  readonly value: number
}

/** The highest value stands a little below the top, and zero is the ground. */
const HEADROOM = 1.1

export const STEP_PICTURE: PictureSize = { width: 1200, height: 400 }
const LEFT = 84
const RIGHT = 24
const TOP = 56
const BOTTOM = 44
const GROUND = STEP_PICTURE.height - BOTTOM
const PLOT_WIDTH = STEP_PICTURE.width - LEFT - RIGHT
/** So far apart the words of two steps do not touch. */
const APART = 150

/** Return the value at the top of a chart of steps. */
export function topOf(steps: readonly Step[]): number {
  return Math.max(...steps.map(({ value }) => value)) * HEADROOM || 1
}

/** Return the path of a step, and on to the next one where that follows at once. */
export function stepLine(
  { from, to, value }: Step,
  next: Step | undefined,
  x: (time: number) => number,
  y: (value: number) => number,
): string {
  return `M${x(from)} ${y(value)}H${x(to)}${next?.from === to ? `V${y(next.value)}` : ''}`
}

interface StepPicture {
  readonly title: string
  /** What has to be known about all of it, wherever the picture goes. */
  readonly caution: string | null
  readonly steps: readonly Step[]
  readonly formatValue: (value: number) => string
  readonly timeOf: (step: Step, edge: 'from' | 'to') => string
  readonly colour: Palette
}

/** Draw a price over time as an SVG file: the steps of the screen, in its colours. */
export function stepSvg({ title, caution, steps, formatValue, timeOf, colour }: StepPicture) {
  const [first, last] = [steps[0], steps.at(-1)]
  const [begins, ends] = [first?.from ?? 0, last?.to ?? 0]
  const ticks = ticksTo(topOf(steps))
  const highest = ticks.at(-1) ?? 1
  const x = (time: number) =>
    Math.round(LEFT + ((time - begins) / Math.max(ends - begins, 1)) * PLOT_WIDTH)
  const y = (value: number) => Math.round((GROUND - (value / highest) * (GROUND - TOP)) * 10) / 10
  const marks: string[] = []
  const words = (at: string, content: string, fill: string) =>
    marks.push(`<text ${at} fill="${fill}">${escapeXml(content)}</text>`)
  const [ink, soft] = [colour('--ink'), colour('--ink-faint')]

  words(`x="${LEFT}" y="30" font-size="17" font-weight="600"`, title, ink)
  if (caution !== null) {
    const right = STEP_PICTURE.width - RIGHT
    words(`x="${right}" y="30" font-size="17" font-weight="600" text-anchor="end"`, caution, ink)
  }
  for (const tick of ticks) {
    marks.push(`<path d="M${LEFT} ${y(tick)}h${PLOT_WIDTH}" stroke="${colour('--line')}"/>`)
    words(`x="${LEFT - 10}" y="${y(tick) + 4}" text-anchor="end"`, formatValue(tick), soft)
  }
  let free = -Infinity
  steps.forEach((step, index) => {
    const [left, width] = [x(step.from), Math.max(x(step.to) - x(step.from), 1)]
    marks.push(
      `<rect x="${left}" y="${y(step.value)}" width="${width}" height="${GROUND - y(step.value)}" fill="${colour('--sunken')}"/>`,
      `<path d="${stepLine(step, steps[index + 1], x, y)}" fill="none" stroke="${ink}" stroke-width="1.5"/>`,
    )
    if (left < free || left > LEFT + PLOT_WIDTH - APART) return
    free = left + APART
    words(`x="${left}" y="${GROUND + 18}"`, timeOf(step, 'from'), soft)
    words(`x="${left + 6}" y="${y(step.value) - 6}"`, formatValue(step.value), ink)
  })
  if (last !== undefined) {
    words(
      `x="${LEFT + PLOT_WIDTH}" y="${GROUND + 34}" text-anchor="end"`,
      `${timeOf(last, 'to')} · ${formatValue(last.value)}`,
      ink,
    )
  }
  return svgFile(STEP_PICTURE, caution === null ? title : `${caution} · ${title}`, colour, marks)
}
