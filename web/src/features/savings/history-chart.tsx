import {
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  type ChartOptions,
  type ChartType,
  LinearScale,
  type Plugin,
  Tooltip,
} from 'chart.js'
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from 'react'
import { Bar } from 'react-chartjs-2'
import { useLocation, useNavigate } from 'react-router'
import { SavePicture } from '../../components/save-picture'
import { afterPaint } from '../../lib/after-paint'
import { messages } from '../../lib/messages'
import { formatUsd } from '../../lib/money'
import { type Palette, readPalette } from '../../lib/picture'
import { placeAfter } from '../../lib/slider-keys'
import { formatDate } from '../../lib/time'
import { writeWhy } from '../../lib/why'
import type { RangeDays } from '../../state/economy-slice'
import { useFileName, useIsSampleData } from '../../state/use-sample-data'
import type { DayMarks } from './day-marks'
import type { History } from '../../api/history'
import { type HistoryBar, historyBars } from './history-bars'
import { MARK_SIGNS, partsOf, signsOf } from './history-parts'
import { HISTORY_SIZE, historySvg, labelOfPlace, signsOn } from './history-picture'
import { whyOfDay } from './history-why'

Chart.register(BarController, BarElement, CategoryScale, LinearScale, Tooltip)

const text = messages.history

/** Return the palette of the theme, another one after each change between light and dark. */
function usePalette(): Palette {
  const [palette, setPalette] = useState(readPalette)
  useEffect(() => {
    const dark = matchMedia('(prefers-color-scheme: dark)')
    const onChange = () => {
      setPalette(readPalette)
    }
    dark.addEventListener('change', onChange)
    return () => {
      dark.removeEventListener('change', onChange)
    }
  }, [])
  return palette
}

/** The signs over each bar that has some, by the bar's index. */
interface MarkOptions {
  readonly colour?: string
  readonly signs?: readonly { readonly index: number; readonly text: string }[]
}

declare module 'chart.js' {
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- The merged interface has it.
  interface PluginOptionsByType<TType extends ChartType> {
    dayMarks?: MarkOptions
  }
}

/** Marks the days to whose figures something happened: a dashed line under its signs. */
const DAY_MARKS: Plugin<'bar', MarkOptions> = {
  id: 'dayMarks',
  afterDatasetsDraw: (
    { ctx, chartArea: { top, bottom }, scales: { x } },
    _args,
    { signs, colour },
  ) => {
    if (x === undefined || signs === undefined || signs.length === 0) return
    ctx.save()
    ctx.strokeStyle = ctx.fillStyle = colour ?? ''
    ctx.font = '12px sans-serif'
    ctx.textAlign = 'center'
    ctx.setLineDash([3, 4])
    for (const sign of signs) {
      const centre = x.getPixelForValue(sign.index)
      ctx.beginPath()
      ctx.moveTo(centre, top + 14)
      ctx.lineTo(centre, bottom)
      ctx.stroke()
      ctx.fillText(sign.text, centre, top + 10)
    }
    ctx.restore()
  },
}

/** Labels of days are about as wide as each other: to measure all takes longer than to draw them. */
const MEASURED_LABELS = 12

/** How far a chart has come: nothing is drawn of it, it is set up, or it shows its bars. */
type Stage = 'nothing' | 'set-up' | 'bars'

/**
 * Return how far a chart is to be drawn.
 *
 * The page around it, setting it up, and its first picture are three tasks: in one they would keep
 * the page from answering for more than 50 ms. The first has to be on the screen, or reading the
 * theme's colours would have the browser lay the page out in the second.
 */
function useStage(): Stage {
  const [stage, setStage] = useState<Stage>('nothing')
  useEffect(
    () =>
      afterPaint(() => {
        setStage('set-up')
      }),
    [],
  )
  useEffect(() => {
    if (stage !== 'set-up') return
    const timer = setTimeout(() => {
      setStage('bars')
    })
    return () => {
      clearTimeout(timer)
    }
  }, [stage])
  return stage
}

function optionsFor(
  bars: readonly HistoryBar[],
  marks: DayMarks,
  palette: Palette,
  open: (index: number) => void,
): ChartOptions<'bar'> {
  const dates = bars.map(({ date }) => date)
  const labelOf = labelOfPlace(bars)
  const ticks = { color: palette('--ink-faint'), font: { size: 11, family: 'inherit' } }
  return {
    animation: false,
    maintainAspectRatio: false,
    interaction: { mode: 'index', intersect: false },
    onClick: (_event, [element]) => {
      if (element !== undefined) open(element.index)
    },
    scales: {
      x: {
        stacked: true,
        grid: { display: false },
        border: { color: palette('--line') },
        ticks: {
          ...ticks,
          maxRotation: 0,
          autoSkipPadding: 24,
          sampleSize: MEASURED_LABELS,
          callback: (place) => labelOf(place),
        },
      },
      y: {
        stacked: true,
        border: { display: false },
        grid: { color: palette('--line') },
        ticks: {
          ...ticks,
          maxTicksLimit: 6,
          callback: (value) => formatUsd(Number(value), Number(value) % 1 === 0 ? 0 : 2),
        },
      },
    },
    plugins: {
      dayMarks: {
        colour: palette('--ink-soft'),
        signs: dates.flatMap((date, index) => {
          const signs = signsOn(date, marks)
          return signs === '' ? [] : [{ index, text: signs }]
        }),
      },
      tooltip: {
        backgroundColor: palette('--ink'),
        titleColor: palette('--surface'),
        bodyColor: palette('--surface'),
        footerColor: palette('--surface'),
        padding: 10,
        boxPadding: 4,
        usePointStyle: true,
        callbacks: {
          title: ([item]) => formatDate(dates[item?.dataIndex ?? 0] ?? ''),
          label: (item) => ` ${item.dataset.label ?? ''}: ${formatUsd(Number(item.raw))}`,
          footer: ([item]) =>
            (marks.get(dates[item?.dataIndex ?? 0] ?? '') ?? []).map(({ words }) => words),
        },
        filter: (item) => Number(item.raw) !== 0,
      },
    },
  }
}

interface HistoryChartProps {
  readonly history: History
  readonly rangeDays: RangeDays
  readonly marks: DayMarks
}

/**
 * Paid and would-have-paid by day: one bar, with the saving as the gap between them.
 *
 * A slider over the picture is the way through it without a pointer: it says each day in words.
 */
export default function HistoryChart({ history, rangeDays, marks }: HistoryChartProps) {
  const palette = usePalette()
  const navigate = useNavigate()
  const { search } = useLocation()
  const stage = useStage()
  const hasBars = stage === 'bars'
  const isSampleData = useIsSampleData()
  const fileName = useFileName()
  const chart = useRef<Chart<'bar'>>(null)
  const [chosen, setChosen] = useState<number | null>(null)
  const bars = useMemo(() => historyBars(history, rangeDays), [history, rangeDays])
  const parts = partsOf(bars)
  const last = bars.length - 1
  const current = Math.min(chosen ?? last, last)

  const open = (index: number) => {
    const bar = bars[index]
    if (bar?.paid == null) return
    const asked = whyOfDay(bar.date, history.provider, 'saving')
    void navigate({ search: writeWhy(search, asked) }, { preventScrollReset: true })
  }
  const choose = (index: number) => {
    setChosen(index)
    const drawn = chart.current
    if (drawn === null || !hasBars) return
    const active = parts.map((_, datasetIndex) => ({ datasetIndex, index }))
    drawn.setActiveElements(active)
    drawn.tooltip?.setActiveElements(active, { x: 0, y: 0 })
    drawn.update('none')
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const place = placeAfter(event.key, current, last)
    if (event.key === 'Enter') open(current)
    else if (place !== null) choose(place)
    else return
    event.preventDefault()
  }
  const name = fileName(`history-${history.provider.toLowerCase()}`)
  const label = text.chart(
    history.provider,
    formatDate(bars[0]?.date ?? history.asOf),
    formatDate(bars.at(-1)?.date ?? history.asOf),
  )

  const drawSvg = () =>
    historySvg({
      title: text.picture(
        history.provider,
        formatDate(bars[0]?.date ?? history.asOf),
        formatDate(bars.at(-1)?.date ?? history.asOf),
      ),
      caution: isSampleData ? messages.shell.sampleData : null,
      bars,
      parts,
      dayMarks: marks,
      colour: palette,
    })
  return (
    <div className="flex h-full flex-col gap-2">
      <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2 px-2">
        <ul className="flex flex-wrap gap-x-4 gap-y-1 text-caption text-ink-soft">
          {parts.map((part) => (
            <li key={part.key} className="flex items-center gap-1.5">
              <span aria-hidden="true" className={`size-2.5 rounded-swatch ${part.swatch}`} />
              {part.label}
            </li>
          ))}
          {signsOf(bars, marks).map(({ kind, label: meaning }) => (
            <li key={kind} className="flex items-center gap-1.5">
              <span aria-hidden="true">{MARK_SIGNS[kind]}</span>
              {meaning}
            </li>
          ))}
        </ul>
        <SavePicture name={name} size={HISTORY_SIZE} draw={drawSvg} />
      </div>
      <div className="relative min-h-0 flex-1">
        <div
          role="slider"
          tabIndex={0}
          aria-label={`${label} ${text.keys}`}
          aria-orientation="horizontal"
          aria-valuemin={0}
          aria-valuemax={last}
          aria-valuenow={current}
          aria-valuetext={dayInWords(bars[current], marks)}
          onKeyDown={onKeyDown}
          onFocus={() => {
            choose(current)
          }}
          className="h-full rounded-lg"
        >
          {stage !== 'nothing' && (
            <Bar
              ref={chart}
              aria-hidden="true"
              options={optionsFor(bars, marks, palette, open)}
              plugins={[DAY_MARKS]}
              data={{
                labels: hasBars ? bars.map(({ date }) => date) : [],
                datasets: (hasBars ? parts : []).map((part) => ({
                  label: part.label,
                  data: bars.map((bar) => bar[part.key]),
                  backgroundColor: palette(part.token),
                  categoryPercentage: bars.length > 120 ? 1 : 0.72,
                  barPercentage: 1,
                  maxBarThickness: 44,
                  pointStyle: 'rectRounded',
                })),
              }}
            />
          )}
        </div>
      </div>
    </div>
  )
}

/** Say a day and its figures; a day without use has none. */
function dayInWords(bar: HistoryBar | undefined, marks: DayMarks): string {
  if (bar === undefined) return ''
  const date = formatDate(bar.date)
  const { paid, saved, costsMore, uncompared } = bar
  if (paid === null) return text.dayWithout(date)
  const more = costsMore ?? 0
  const words = text.dayInWords(
    date,
    formatUsd(paid + more + (uncompared ?? 0)),
    formatUsd(paid + (saved ?? 0)),
    more > 0
      ? messages.figures.lost(formatUsd(more))
      : messages.figures.saved(formatUsd(saved ?? 0)),
  )
  return [words, ...(marks.get(bar.date) ?? []).map((mark) => mark.words)].join(', ')
}
