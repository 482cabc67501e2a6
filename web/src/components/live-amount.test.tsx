import { act, render, screen } from '@testing-library/react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { onClockJump } from '../lib/frame-loop'
import { clockGapAt, type LiveValue, type Validity } from '../lib/live-counter'
import { formatUsd } from '../lib/money'
import { figure } from '../test/render-app'
import { LiveAmount } from './live-amount'

/** What the server's clock shows where the monotonic one shows zero. */
const AS_OF = Date.UTC(2026, 10, 23)

const RISING: LiveValue = { value: '1.0000000000', perSecond: '0.0010000000000000' }

function at(startsAt: number, seconds = 150): Validity {
  return {
    startsAt,
    endsAt: startsAt + seconds * 1000,
    asOf: AS_OF + startsAt,
    clockGap: clockGapAt(performance.now()),
  }
}

function amount(live: LiveValue, startsAt = performance.now(), seconds = 150) {
  return { figure: 'saving', live, validity: at(startsAt, seconds), decimals: 4 }
}

function show(live: LiveValue, startsAt?: number, seconds?: number, isHeadline = true) {
  return <LiveAmount {...amount(live, startsAt, seconds)} isHeadline={isHeadline} />
}

/** What changes with a beat of the loop is drawn in the next frame. */
const FRAME = 0.02

const pass = (seconds: number) => {
  act(() => {
    vi.advanceTimersByTime(seconds * 1000)
  })
}

describe('an amount that ticks', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })

  afterEach(() => {
    vi.useRealTimers()
  })

  it('shows its value at once and follows its slope', () => {
    render(show(RISING))
    expect(figure('saving')).toHaveTextContent('$1.0000')

    pass(10 + FRAME)

    expect(figure('saving').textContent).toMatch(/^\$1\.0(100|099)$/)
  })

  it('is drawn once a second in a table, with the others of it', () => {
    const spoken = new Set<string | null>()
    render(show(RISING, performance.now(), 150, false))

    for (let frame = 0; frame < 300; frame += 1) {
      pass(0.01)
      spoken.add(figure('saving').textContent)
    }

    expect(spoken.size).toBeGreaterThanOrEqual(3)
    expect(spoken.size).toBeLessThanOrEqual(4)
  })

  it('is drawn in a table together with a figure of the same amount, with fewer digits', () => {
    const live: LiveValue = { value: '1.2348000000', perSecond: '0.0010000000000000' }
    const validity = at(performance.now())
    const drawn = { live, validity, of: '' }
    render(
      <>
        <LiveAmount {...drawn} figure="fine" decimals={4} />
        <LiveAmount {...drawn} figure="coarse" decimals={2} />
      </>,
    )

    const seen = new Set<string | null>()
    for (let frame = 0; frame < 300; frame += 1) {
      pass(0.1)
      const fine = figure('fine').textContent
      expect(formatUsd(fine.slice(1) as `${number}`)).toBe(figure('coarse').textContent)
      seen.add(figure('coarse').textContent)
    }

    expect(seen).toEqual(new Set(['$1.23', '$1.24', '$1.25', '$1.26']))
  })

  it('is neither a saving nor a loss where it is a cost', () => {
    render(<LiveAmount {...amount({ ...RISING, value: '-0.0010000000' })} isCost isHeadline />)

    pass(5 + FRAME)

    expect(figure('saving').textContent).toBe('$0.0040')
    expect(figure('saving')).not.toHaveAttribute('data-outcome')
    expect(figure('saving')).not.toHaveClass('saving')
  })

  it('stops at the end of its answer', () => {
    render(show(RISING, performance.now(), 20))

    pass(3600)

    expect(figure('saving')).toHaveTextContent('$1.0200')
  })

  it('does not jump when the same answer is shown again', () => {
    const startsAt = performance.now()
    const { rerender } = render(show(RISING, startsAt))
    pass(10 + FRAME)
    const before = figure('saving').textContent

    rerender(show(RISING, startsAt))

    expect(figure('saving').textContent).toBe(before)
  })

  it('is replaced by a later answer, not added to', () => {
    const { rerender } = render(show(RISING))
    pass(30)

    rerender(show({ value: '5.0000000000', perSecond: '0.0000000000000000' }))
    pass(30)

    expect(figure('saving')).toHaveTextContent('$5.0000')
  })

  it('says by how much it was wrong, for a while, where it goes back', () => {
    const { rerender } = render(show(RISING))
    pass(30 + FRAME)
    expect(figure('saving')).toHaveTextContent('$1.0300')

    // It stopped 20 seconds ago, and that is known only now.
    rerender(show({ value: '1.0100000000', perSecond: '0.0000000000000000' }))

    expect(figure('saving')).toHaveTextContent('$1.0100')
    expect(screen.getByText('corrected by -$0.0200')).toBeVisible()
    pass(11)
    expect(screen.queryByText('corrected by -$0.0200')).not.toBeVisible()
  })

  it('says that its last digit went back, where it went back by less than that', () => {
    const slow = { value: '1.0000400000', perSecond: '0.0000010000000000' } as const
    const { rerender } = render(show(slow))
    pass(30)
    expect(figure('saving')).toHaveTextContent('$1.0001')

    // It stopped at once: another digit is shown, for less than half of one.
    rerender(show({ ...slow, perSecond: '0.0000000000000000' }))

    expect(figure('saving')).toHaveTextContent('$1.0000')
    expect(figure('saving')).toHaveTextContent('corrected by -$0.0001')
  })

  it('waits where it was ahead by less than its last digit, and goes on', () => {
    const slow = { value: '1.0000400000', perSecond: '0.0000010000000000' } as const
    const { rerender } = render(show(slow))
    pass(30)

    // It is 0.00002 less than what is shown.
    rerender(show({ ...slow, value: '1.0000490000' }))
    expect(figure('saving')).toHaveTextContent('$1.0001')
    expect(figure('saving')).not.toHaveTextContent('corrected')

    pass(100)
    expect(figure('saving')).toHaveTextContent('$1.0001')
    pass(10)
    expect(figure('saving')).toHaveTextContent('$1.0002')
  })

  it('corrects nothing where it is of something else', () => {
    const { rerender } = render(<LiveAmount {...amount(RISING)} of="AWS" />)
    pass(30)

    rerender(<LiveAmount {...amount({ ...RISING, value: '0.5000000000' })} of="GCP" />)

    expect(figure('saving')).toHaveTextContent('$0.5000')
    expect(screen.queryByText(/corrected/)).toBeNull()
  })

  it('waits for an answer that was slow, and does not step back', () => {
    const { rerender } = render(show(RISING))
    pass(30 + FRAME)

    // The same line, placed half a second later.
    const later = { ...amount(RISING), validity: { ...at(0), startsAt: 500, endsAt: 150_500 } }
    rerender(<LiveAmount {...later} isHeadline />)

    expect(figure('saving')).toHaveTextContent('$1.0300')
    pass(10)
    expect(figure('saving').textContent).toMatch(/^\$1\.039[4-6]/)
    expect(screen.queryByText(/corrected/)).toBeNull()
  })

  it('turns from a loss into a saving while it ticks', () => {
    render(show({ value: '-0.0100000000', perSecond: '0.0010000000000000' }))
    expect(figure('saving')).toHaveAttribute('data-outcome', 'loss')
    expect(figure('saving')).toHaveTextContent('-$0.0100')

    pass(20)

    expect(figure('saving')).toHaveAttribute('data-outcome', 'saved')
  })

  it('is right within one frame of coming back to a hidden page', () => {
    render(show(RISING))
    // A hidden page is given no frames; the next one comes when it is seen again.
    let nextFrame: FrameRequestCallback = () => undefined
    vi.spyOn(globalThis, 'requestAnimationFrame').mockImplementation((frame) => {
      nextFrame = frame
      return 1
    })
    pass(60)
    expect(figure('saving').textContent).toMatch(/^\$1\.000/)

    nextFrame(performance.now())

    expect(figure('saving')).toHaveTextContent('$1.0600')
  })

  it('does not wait for a timer that was put off while the page was hidden', () => {
    render(show(RISING))
    pass(1)
    // A hidden page's timers come a minute late, or never.
    vi.spyOn(globalThis, 'setTimeout').mockImplementation(() => setInterval(() => undefined, 1e9))
    pass(0.5)
    vi.setSystemTime(Date.now() + 60_000)
    vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 60_000)

    act(() => {
      document.dispatchEvent(new Event('visibilitychange'))
      vi.advanceTimersToNextFrame()
    })

    expect(figure('saving')).toHaveTextContent('$1.0615')
  })

  it('leaves no frame loop behind', () => {
    const { unmount } = render(show(RISING))

    unmount()

    expect(vi.getTimerCount()).toBe(0)
  })

  it('notices that the machine slept', () => {
    const onJump = vi.fn()
    const stop = onClockJump(onJump)
    const { rerender } = render(show(RISING))
    pass(1)
    expect(onJump).not.toHaveBeenCalled()

    // Asleep, the monotonic clock stands still and the wall clock does not.
    const asleep = Date.now() + 3_600_000
    vi.spyOn(Date, 'now').mockImplementation(() => asleep)
    pass(0.1)
    const before = figure('saving').textContent
    pass(10)

    expect(onJump).toHaveBeenCalledTimes(1)
    // Nobody knows how old the answer is, so it stands until there is another one.
    expect(figure('saving').textContent).toBe(before)
    const after = { ...at(performance.now()), clockGap: asleep - performance.now() }
    rerender(
      <LiveAmount {...amount({ value: '4.6000000000', perSecond: '0.0' })} validity={after} />,
    )
    expect(figure('saving')).toHaveTextContent('$4.6000')
    stop()
  })
})
