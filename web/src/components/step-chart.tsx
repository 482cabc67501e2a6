import { Fragment } from 'react'

export interface Step {
  /** Epoch milliseconds; the value holds from here to the end, which is exclusive. */
  readonly from: number
  readonly to: number
  readonly value: number
}

interface StepChartProps {
  readonly label: string
  readonly steps: readonly Step[]
  readonly formatValue: (value: number) => string
  readonly formatTime: (time: number) => string
  /** What the right end is called where the last value still holds: nothing changed there. */
  readonly openEnd: string | null
}

const WIDTH = 640
const HEIGHT = 120
const TOP = 8
/** The highest value stands a little below the top, and zero is the ground. */
const HEADROOM = 1.1

/**
 * A price over time. It holds until the next one, so it is drawn in steps; where none held there
 * is a gap. The table beside it has the same figures.
 */
export function StepChart({ label, steps, formatValue, formatTime, openEnd }: StepChartProps) {
  const first = steps[0]
  const last = steps.at(-1)
  if (first === undefined || last === undefined) return null
  const top = Math.max(...steps.map(({ value }) => value)) * HEADROOM || 1
  const span = Math.max(last.to - first.from, 1)
  const x = (time: number) => ((time - first.from) / span) * WIDTH
  const y = (value: number) => TOP + (1 - value / top) * (HEIGHT - TOP)
  return (
    <figure className="text-fine text-ink-faint">
      <svg
        role="img"
        aria-label={label}
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        className="block h-28 w-full border-b border-line"
      >
        {steps.map(({ from, to, value }, index) => {
          const next = steps[index + 1]
          return (
            <Fragment key={from}>
              <rect
                x={x(from)}
                y={y(value)}
                width={Math.max(x(to) - x(from), 1)}
                height={HEIGHT - y(value)}
                className="fill-sunken"
              />
              <path
                d={`M${x(from)} ${y(value)}H${x(to)}${next?.from === to ? `V${y(next.value)}` : ''}`}
                className="fill-transparent stroke-ink-soft"
                strokeWidth="1.5"
                vectorEffect="non-scaling-stroke"
              />
            </Fragment>
          )
        })}
      </svg>
      <figcaption className="mt-1 flex justify-between gap-4">
        <span>
          {formatTime(first.from)} · {formatValue(first.value)}
        </span>
        <span>
          {openEnd ?? formatTime(last.to)} · {formatValue(last.value)}
        </span>
      </figcaption>
    </figure>
  )
}
