import { act, screen, waitFor, within } from '@testing-library/react'
import { http, HttpResponse } from 'msw/http'
import { delay } from 'msw/utils/delay'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { idleSavings, savings } from '../test/answers'
import { figure, renderApp } from '../test/render-app'
import { api, server } from '../test/server'

/** A stream of changes that is live until it is cut. */
function liveStream(): { cut: () => void } {
  let stream: ReadableStreamDefaultController<Uint8Array> | undefined
  server.use(
    http.get(api('economy/stream'), () => {
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          stream = controller
          controller.enqueue(new TextEncoder().encode(': here\n\n'))
        },
      })
      return new HttpResponse(body, { headers: { 'Content-Type': 'text/event-stream' } })
    }),
  )
  return {
    cut: () => {
      server.use(http.get(api('economy/stream'), () => HttpResponse.error()))
      stream?.close()
    },
  }
}

/** Savings whose answer holds for so long. */
const shortSavings = (milliseconds: number) => {
  const answer = savings()
  const validUntil = new Date(Date.parse(answer.as_of) + milliseconds).toISOString()
  return { ...answer, valid_until: validUntil }
}

const loseAnswers = () => {
  server.use(http.get(api('*'), () => HttpResponse.error()))
}

/** Let it be known at the next poll that answers fail to come. */
const untilNextPoll = async () => {
  await act(() => vi.advanceTimersByTimeAsync(31_000))
}

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true })
})

afterEach(() => {
  vi.useRealTimers()
})

describe('a lost server', () => {
  it('is said within seconds of the cut of its stream', async () => {
    const stream = liveStream()
    renderApp('/')
    await screen.findByText('3 instances active')
    // The stream is heard, and what it asked for has come.
    await act(() => vi.advanceTimersByTimeAsync(3_000))

    loseAnswers()
    await act(() => vi.advanceTimersByTimeAsync(5_000))
    expect(screen.queryByText(/^No new figures/)).toBeNull()

    stream.cut()
    await act(() => vi.advanceTimersByTimeAsync(3_000))

    const meter = screen.getByRole('region', { name: 'Savings meter' })
    expect(await within(meter).findByText(/^No new figures since/)).toBeVisible()
  })

  it('is said soon after the figures stand still, where the server hangs', async () => {
    const heldFor = 20_000
    server.use(http.get(api('economy/savings'), () => HttpResponse.json(shortSavings(heldFor))))
    renderApp('/')
    await screen.findByText('3 instances active')
    const asked = vi.fn()
    server.use(
      http.get(api('*'), () => {
        asked()
        return delay('infinite')
      }),
    )

    await act(() => vi.advanceTimersByTimeAsync(heldFor))
    expect(screen.queryByText(/^No new figures/)).toBeNull()
    await act(() => vi.advanceTimersByTimeAsync(6_000))

    // No request has failed by then: each waits for its answer for 20 s.
    expect(asked).toHaveBeenCalled()
    const meter = screen.getByRole('region', { name: 'Savings meter' })
    expect(within(meter).getByText(/^No new figures since/)).toBeVisible()
    expect(within(meter).getByText('3 instances were active')).toBeVisible()
  })

  it('is said when the browser loses its network', async () => {
    renderApp('/')
    await screen.findByText('3 instances active')

    loseAnswers()
    window.dispatchEvent(new Event('offline'))
    await act(() => vi.advanceTimersByTimeAsync(1_000))

    expect((await screen.findAllByText(/^No new figures since/))[0]).toBeVisible()
  })

  it('leaves the figures with their age, which counts on, and what they are against', async () => {
    renderApp('/')
    await screen.findByText('3 instances active')
    loseAnswers()
    await untilNextPoll()

    const meter = screen.getByRole('region', { name: 'Savings meter' })
    const notice = await within(meter).findByText(/since \d\d:\d\d:\d\d, retrying$/)
    const ageIn = () => Number(/figures are (\d+) s old/.exec(meter.textContent)?.[1])
    const age = ageIn()
    expect(age).toBeGreaterThanOrEqual(29)
    await act(() => vi.advanceTimersByTimeAsync(5_000))

    expect(ageIn() - age).toBeGreaterThanOrEqual(4)
    // What counts every second is not read out every second.
    expect(notice).toHaveAttribute('role', 'status')
    expect(notice).not.toHaveTextContent('old')
    // It is the first thing in the meter, and takes the place of nothing.
    expect(meter.firstElementChild).toContainElement(notice)
    expect(within(meter).getByText('vs AWS on-demand, us-east-1')).toBeVisible()
  })

  it.each([
    ['/', 'Savings meter'],
    ['/savings', 'Saved in all time'],
  ])('takes the words of the present away (%s)', async (address, name) => {
    renderApp(address)
    const shown = await screen.findByRole('region', { name })
    await within(shown).findByText('3 instances active')
    const isOfPresent = /\bnow\b|instances active$|^Running/
    expect(within(shown).queryAllByText(isOfPresent)).not.toHaveLength(0)

    loseAnswers()
    await untilNextPoll()

    expect(await within(shown).findByText('3 instances were active')).toBeVisible()
    expect(within(shown).getByText('Sessions, last known')).toBeVisible()
    expect(within(shown).queryAllByText(isOfPresent)).toHaveLength(0)
  })

  it('leaves a table of what was, and a pace of then', async () => {
    const { view } = renderApp('/')
    await screen.findByText('3 instances active')
    loseAnswers()
    await untilNextPoll()
    expect(
      await screen.findByRole('columnheader', { name: 'Last known status' }),
    ).toBeInTheDocument()
    view.unmount()
  })

  it('does not say that nothing is running, either', async () => {
    server.use(http.get(api('economy/savings'), () => HttpResponse.json(idleSavings())))
    renderApp('/savings')
    expect(await screen.findAllByText(/^nothing is running$/i)).not.toHaveLength(0)

    loseAnswers()
    await act(() => vi.advanceTimersByTimeAsync(61_000))

    expect(await screen.findByRole('region', { name: 'Pace, last known' })).toBeVisible()
    expect(screen.getAllByText(/^nothing was running$/i)).not.toHaveLength(0)
    expect(screen.queryAllByText(/nothing is running/i)).toHaveLength(0)
  })

  it('is forgotten when it answers again', async () => {
    renderApp('/')
    await screen.findByText('3 instances active')
    server.use(http.get(api('economy/savings'), () => HttpResponse.error()))
    await untilNextPoll()
    await screen.findByText('3 instances were active')

    server.use(http.get(api('economy/savings'), () => HttpResponse.json(savings())))
    await act(() => vi.advanceTimersByTimeAsync(11_000))

    expect(await screen.findByText('3 instances active')).toBeVisible()
    await waitFor(() => {
      expect(screen.queryByText(/^No new figures/)).toBeNull()
    })
    expect(figure('lifetime-saving')).toHaveTextContent('$100.2')
  })
})
