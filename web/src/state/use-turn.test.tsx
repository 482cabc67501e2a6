import { act, render, screen } from '@testing-library/react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Answer } from '../api/answer'
import { useTurn } from './use-turn'

const LOADING: Answer<string> = { state: 'loading' }

function ready(data: string): Answer<string> {
  return { state: 'ready', data, staleSince: null, retry: () => undefined }
}

interface PartProps {
  readonly answer: Answer<string>
  readonly isFirst?: boolean
}

function Part({ answer, isFirst }: PartProps) {
  const drawn = useTurn(answer, isFirst)
  return <p>{drawn.state === 'ready' ? drawn.data : drawn.state}</p>
}

function Page({ answers }: { readonly answers: readonly Answer<string>[] }) {
  return (
    <>
      {answers.map((answer, index) => (
        <Part key={index} answer={answer} isFirst={index === 0} />
      ))}
    </>
  )
}

const shown = () => screen.getAllByRole('paragraph').map(({ textContent }) => textContent)

function nextFrame(): void {
  act(() => {
    vi.advanceTimersToNextFrame()
    vi.advanceTimersByTime(1)
  })
}

describe('the parts of a page', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })

  afterEach(() => {
    // No turn of one test is left to the next.
    for (let frame = 0; frame < 5; frame += 1) nextFrame()
    vi.useRealTimers()
  })

  it('appear one a frame, what people look at first before the others', () => {
    const { rerender } = render(<Page answers={[LOADING, LOADING, LOADING]} />)
    rerender(<Page answers={[LOADING, ready('b'), ready('c')]} />)
    rerender(<Page answers={[ready('a'), ready('b'), ready('c')]} />)
    expect(shown()).toEqual(['loading', 'loading', 'loading'])

    nextFrame()
    expect(shown()).toEqual(['a', 'loading', 'loading'])
    nextFrame()
    expect(shown()).toEqual(['a', 'b', 'loading'])
    nextFrame()
    expect(shown()).toEqual(['a', 'b', 'c'])
  })

  it('are drawn at once where their answer was at hand, and by every later answer', () => {
    const { rerender } = render(<Page answers={[ready('a'), LOADING]} />)
    expect(shown()).toEqual(['a', 'loading'])

    rerender(<Page answers={[ready('newer'), LOADING]} />)
    expect(shown()).toEqual(['newer', 'loading'])
  })

  it('give up their turn when they go', () => {
    const { rerender } = render(<Page answers={[LOADING, LOADING, LOADING]} />)
    rerender(<Page answers={[ready('a'), ready('b'), ready('c')]} />)
    rerender(<Page answers={[ready('a')]} />)
    nextFrame()
    rerender(<Page answers={[ready('a'), LOADING]} />)
    rerender(<Page answers={[ready('a'), ready('d')]} />)
    expect(shown()).toEqual(['a', 'loading'])

    nextFrame()
    expect(shown()).toEqual(['a', 'd'])
  })
})
