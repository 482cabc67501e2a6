import type { ReactNode } from 'react'

/** Where the figure goes; no sentence has it. */
const PLACE = '\u0000'

interface SentenceProps {
  readonly words: (figure: string) => string
  readonly children: ReactNode
}

/** A sentence with a figure in it that is more than text, such as one that ticks. */
export function Sentence({ words, children }: SentenceProps) {
  const [before, after] = words(PLACE).split(PLACE)
  return (
    <>
      {before}
      {children}
      {after}
    </>
  )
}
