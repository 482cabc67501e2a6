import { fireEvent, render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { describe, expect, it, vi } from 'vitest'
import { StepChart } from './step-chart'
import { type Step, stepSvg } from './step-picture'

/** A price that changed at 20, and that none held of from 30 to 40. */
const STEPS: readonly Step[] = [
  { from: 0, to: 20, value: 4 },
  { from: 20, to: 30, value: 2 },
  { from: 40, to: 100, value: 1 },
]

function show(openEnd: string | null = 'now') {
  render(
    <StepChart
      label="A price."
      steps={STEPS}
      formatValue={(value) => `$${value}`}
      formatTime={(time) => `hour ${time}`}
      openEnd={openEnd}
      picture={{ name: 'price', title: 'A price', caution: null }}
    />,
  )
  return { slider: screen.getByRole('slider'), user: userEvent.setup() }
}

function draw(caution: string | null = null) {
  const svg = stepSvg({
    title: 'a <b>',
    caution,
    steps: STEPS,
    formatValue: (value) => `$${value}`,
    timeOf: ({ from, to }, edge) => `hour ${edge === 'from' ? from : to}`,
    colour: (token) => token,
  })
  return new DOMParser().parseFromString(svg, 'image/svg+xml')
}

describe('a chart of steps', () => {
  it('says each step to the keyboard, from the last one on, and no further than its ends', async () => {
    const { slider, user } = show()

    expect(slider).toHaveAccessibleName('A price. Left and right arrows step through them.')
    await user.tab()
    expect(slider).toHaveFocus()
    const heard: (string | null)[] = []
    for (const key of ['End', 'ArrowRight', 'ArrowLeft', 'ArrowDown', 'ArrowLeft', 'ArrowUp']) {
      await user.keyboard(`{${key}}`)
      heard.push(slider.getAttribute('aria-valuetext'))
    }
    const [one, two, three] = [
      'hour 0 to hour 20: $4',
      'hour 20 to hour 30: $2',
      'hour 40 to now: $1',
    ]
    expect(heard).toEqual([three, three, two, one, one, two])
    expect(screen.getByText(two)).toBeVisible()
    await user.keyboard('{Home}')
    expect(slider).toHaveAttribute('aria-valuenow', '0')
  })

  it('says where it ends where nothing holds any more', () => {
    const { slider } = show(null)

    expect(slider).toHaveAttribute('aria-valuetext', 'hour 40 to hour 100: $1')
  })

  it('shows the step under the pointer, none in a gap, and its ends without one', () => {
    const { slider } = show()
    vi.spyOn(slider, 'getBoundingClientRect').mockReturnValue(new DOMRect(10, 0, 200, 100))

    expect(screen.getByText('hour 0 · $4')).toBeVisible()
    fireEvent.pointerMove(slider, { clientX: 10 + 2 * 25 })
    expect(screen.getByText('hour 20 to hour 30: $2')).toBeVisible()
    expect(screen.queryByText('hour 0 · $4')).toBeNull()
    fireEvent.pointerMove(slider, { clientX: 10 + 2 * 35 })
    expect(screen.getByText('hour 0 · $4')).toBeVisible()
    fireEvent.pointerMove(slider, { clientX: 10 + 2 * 99 })
    expect(screen.getByText('hour 40 to now: $1')).toBeVisible()
    fireEvent.pointerLeave(slider)
    expect(screen.getByText('now · $1')).toBeVisible()
  })
})

describe('the picture of a chart of steps', () => {
  it('has steps in proportion to their values and times, and its gaps', () => {
    const rects = [...draw().querySelectorAll('rect')].slice(1)
    const sizeOf = (name: string) => rects.map((rect) => Number(rect.getAttribute(name)))
    const [heights, widths, lefts] = [sizeOf('height'), sizeOf('width'), sizeOf('x')]

    expect(heights).toHaveLength(3)
    expect((heights[0] ?? 0) / (heights[2] ?? 0)).toBeCloseTo(4, 1)
    expect((heights[1] ?? 0) / (heights[2] ?? 0)).toBeCloseTo(2, 1)
    expect((widths[0] ?? 0) / (widths[1] ?? 0)).toBeCloseTo(2, 1)
    const secondEnds = (lefts[1] ?? 0) + (widths[1] ?? 0)
    expect(((lefts[2] ?? 0) - secondEnds) / (widths[1] ?? 0)).toBeCloseTo(1, 1)
    const lines = [...draw().querySelectorAll('path[fill=none]')].map((one) =>
      one.getAttribute('d'),
    )
    expect(lines.map((line) => line?.includes('V'))).toEqual([true, false, false])
  })

  it('names its values, its times, and what has to be known about it', () => {
    const words = (picture: Document) =>
      [...picture.querySelectorAll('text')].map((one) => one.textContent)

    expect(words(draw())).toEqual(
      expect.arrayContaining(['a <b>', 'hour 0', '$4', 'hour 100 · $1']),
    )
    expect(draw().querySelector('title')?.textContent).toBe('a <b>')
    expect(words(draw('Sample data'))).toContain('Sample data')
    expect(draw('Sample data').querySelector('title')?.textContent).toBe('Sample data · a <b>')
  })
})
