import { Fragment, type KeyboardEvent, type PointerEvent, useState } from 'react'
import { messages } from '../lib/messages'
import { readPalette } from '../lib/picture'
import { placeAfter } from '../lib/slider-keys'
import { SavePicture } from './save-picture'
import { type Step, STEP_PICTURE, stepLine, stepSvg, topOf } from './step-picture'

const text = messages.picture

interface StepChartProps {
  readonly label: string
  readonly steps: readonly Step[]
  readonly formatValue: (value: number) => string
  readonly formatTime: (time: number) => string
  /** What the right end is called where the last value still holds: nothing changed there. */
  readonly openEnd: string | null
  /** How its picture is called, and what has to be known about it wherever it goes. */
  readonly picture: {
    readonly name: string
    readonly title: string
    readonly caution: string | null
  }
}

const WIDTH = 640
const HEIGHT = 120
const TOP = 8

/**
 * A price over time. It holds until the next one, so it is drawn in steps; where none held there
 * is a gap. The table beside it has the same figures.
 *
 * A slider over the picture is the way through it without a pointer: it says each step in words.
 */
export function StepChart(props: StepChartProps) {
  const { label, steps, formatValue, formatTime, openEnd, picture } = props
  const [chosen, setChosen] = useState<number | null>(null)
  const first = steps[0]
  const last = steps.at(-1)
  if (first === undefined || last === undefined) return null
  const end = steps.length - 1
  const current = Math.min(chosen ?? end, end)
  const top = topOf(steps)
  const span = Math.max(last.to - first.from, 1)
  const x = (time: number) => ((time - first.from) / span) * WIDTH
  const y = (value: number) => TOP + (1 - value / top) * (HEIGHT - TOP)
  const endOf = ({ to }: Step) => (to === last.to && openEnd !== null ? openEnd : formatTime(to))
  const inWords = (step: Step) =>
    text.step(formatTime(step.from), endOf(step), formatValue(step.value))

  const onKeyDown = (event: KeyboardEvent) => {
    const place = placeAfter(event.key, current, end)
    if (place === null) return
    setChosen(place)
    event.preventDefault()
  }
  const onPointerMove = ({ clientX, currentTarget }: PointerEvent) => {
    const { left, width } = currentTarget.getBoundingClientRect()
    const time = first.from + ((clientX - left) / width) * span
    const under = steps.findIndex(({ from, to }) => from <= time && time < to)
    setChosen(under < 0 ? null : under)
  }
  const leave = () => {
    setChosen(null)
  }

  const shown = chosen === null ? undefined : steps[current]
  return (
    <figure className="text-fine text-ink-faint">
      <div
        role="slider"
        tabIndex={0}
        aria-label={`${label} ${text.stepKeys}`}
        aria-orientation="horizontal"
        aria-valuemin={0}
        aria-valuemax={end}
        aria-valuenow={current}
        aria-valuetext={inWords(steps[current] ?? last)}
        onKeyDown={onKeyDown}
        onFocus={() => {
          setChosen(current)
        }}
        onBlur={leave}
        onPointerMove={onPointerMove}
        onPointerLeave={leave}
        className="rounded-lg"
      >
        <svg
          aria-hidden="true"
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
          className="block h-28 w-full border-b border-line"
        >
          {steps.map((step, index) => (
            <Fragment key={step.from}>
              <rect
                x={x(step.from)}
                y={y(step.value)}
                width={Math.max(x(step.to) - x(step.from), 1)}
                height={HEIGHT - y(step.value)}
                className={step === shown ? 'fill-line' : 'fill-sunken'}
              />
              <path
                d={stepLine(step, steps[index + 1], x, y)}
                className="fill-transparent stroke-ink-soft"
                strokeWidth="1.5"
                vectorEffect="non-scaling-stroke"
              />
            </Fragment>
          ))}
        </svg>
      </div>
      <figcaption className="mt-1 flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        {shown === undefined ? (
          <>
            <span>
              {formatTime(first.from)} · {formatValue(first.value)}
            </span>
            <span>
              {openEnd ?? formatTime(last.to)} · {formatValue(last.value)}
            </span>
          </>
        ) : (
          <span className="text-ink">{inWords(shown)}</span>
        )}
      </figcaption>
      <div className="mt-2">
        <SavePicture
          name={picture.name}
          size={STEP_PICTURE}
          draw={() =>
            stepSvg({
              ...picture,
              steps,
              formatValue,
              timeOf: (step, edge) => (edge === 'from' ? formatTime(step.from) : endOf(step)),
              colour: readPalette(),
            })
          }
        />
      </div>
    </figure>
  )
}
