import {
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  type ChartOptions,
  LinearScale,
  Tooltip,
} from 'chart.js'
import { useEffect, useMemo, useState } from 'react'
import { Bar } from 'react-chartjs-2'
import { DATE_LOCALE } from '../../lib/language'
import { messages } from '../../lib/messages'
import { formatUsd } from '../../lib/money'
import { formatDate } from '../../lib/time'
import type { RangeDays } from '../../state/economy-slice'
import type { History } from './history-api'
import { type HistoryBar, historyBars } from './history-bars'

Chart.register(BarController, BarElement, CategoryScale, LinearScale, Tooltip)

const text = messages.history

const PARTS = [
  { key: 'paid', label: text.paidBar, token: '--paid-fill', swatch: 'bg-paid-fill' },
  { key: 'saved', label: text.saved, token: '--saved-fill', swatch: 'bg-saved-fill' },
  { key: 'costsMore', label: text.costsMore, token: '--loss-fill', swatch: 'bg-loss-fill' },
  { key: 'uncompared', label: text.uncompared, token: '--unknown-fill', swatch: 'bg-unknown-fill' },
] as const satisfies readonly { key: keyof Omit<HistoryBar, 'date'>; [other: string]: string }[]

/** Read a colour of the theme; a canvas cannot read it by itself. */
function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim()
}

/** Count the changes between light and dark, so that the canvas is painted anew. */
function useThemeChanges(): number {
  const [changes, setChanges] = useState(0)
  useEffect(() => {
    const dark = matchMedia('(prefers-color-scheme: dark)')
    const onChange = () => {
      setChanges((count) => count + 1)
    }
    dark.addEventListener('change', onChange)
    return () => {
      dark.removeEventListener('change', onChange)
    }
  }, [])
  return changes
}

function shortDate(date: string, withYear: boolean): string {
  return new Intl.DateTimeFormat(DATE_LOCALE, {
    day: 'numeric',
    month: 'short',
    ...(withYear ? { year: '2-digit' } : {}),
    timeZone: 'UTC',
  }).format(new Date(date))
}

function optionsFor(bars: readonly HistoryBar[]): ChartOptions<'bar'> {
  const isLong = bars.length > 366
  const dates = bars.map(({ date }) => date)
  const ticks = { color: token('--ink-faint'), font: { size: 11, family: 'inherit' } }
  return {
    animation: false,
    maintainAspectRatio: false,
    interaction: { mode: 'index', intersect: false },
    scales: {
      x: {
        stacked: true,
        grid: { display: false },
        border: { color: token('--line') },
        ticks: {
          ...ticks,
          maxRotation: 0,
          autoSkipPadding: 24,
          callback: (_value, index) => shortDate(dates[index] ?? '', isLong),
        },
      },
      y: {
        stacked: true,
        border: { display: false },
        grid: { color: token('--line') },
        ticks: {
          ...ticks,
          maxTicksLimit: 6,
          callback: (value) => formatUsd(Number(value), Number(value) % 1 === 0 ? 0 : 2),
        },
      },
    },
    plugins: {
      tooltip: {
        backgroundColor: token('--ink'),
        titleColor: token('--surface'),
        bodyColor: token('--surface'),
        padding: 10,
        boxPadding: 4,
        usePointStyle: true,
        callbacks: {
          title: ([item]) => formatDate(dates[item?.dataIndex ?? 0] ?? ''),
          label: (item) => ` ${item.dataset.label ?? ''}: ${formatUsd(Number(item.raw))}`,
        },
        filter: (item) => Number(item.raw) !== 0,
      },
    },
  }
}

interface HistoryChartProps {
  readonly history: History
  readonly rangeDays: RangeDays
}

/** Paid and would-have-paid by day: one bar, with the saving as the gap between them. */
export default function HistoryChart({ history, rangeDays }: HistoryChartProps) {
  const themeChanges = useThemeChanges()
  const bars = useMemo(() => historyBars(history, rangeDays), [history, rangeDays])
  const parts = PARTS.filter(({ key }) => key === 'paid' || bars.some((bar) => (bar[key] ?? 0) > 0))

  return (
    <div className="flex h-full flex-col gap-2">
      <ul className="flex flex-wrap gap-x-4 gap-y-1 px-2 text-[13px] text-ink-soft">
        {parts.map(({ key, label, swatch }) => (
          <li key={key} className="flex items-center gap-1.5">
            <span aria-hidden="true" className={`size-2.5 rounded-[3px] ${swatch}`} />
            {label}
          </li>
        ))}
      </ul>
      <div className="relative min-h-0 flex-1">
        <Bar
          key={themeChanges}
          role="img"
          aria-label={text.chart(
            history.provider,
            formatDate(bars[0]?.date ?? history.asOf),
            formatDate(bars.at(-1)?.date ?? history.asOf),
          )}
          options={optionsFor(bars)}
          data={{
            labels: bars.map(({ date }) => date),
            datasets: parts.map(({ key, label, token: colour }) => ({
              label,
              data: bars.map((bar) => bar[key]),
              backgroundColor: token(colour),
              categoryPercentage: bars.length > 120 ? 1 : 0.72,
              barPercentage: 1,
              maxBarThickness: 44,
              pointStyle: 'rectRounded',
            })),
          }}
        />
      </div>
    </div>
  )
}
