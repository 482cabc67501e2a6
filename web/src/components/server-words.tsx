import { language } from '../lib/language'

interface ServerWordsProps {
  /** What the server's code means in the reader's language; without it the server speaks. */
  readonly inOurWords?: string | undefined
  /** What the server said, with the names and numbers that it meant; always in English. */
  readonly children: string
}

/** Something that the server said in words, marked as English where the page is not. */
export function ServerWords({ inOurWords, children }: ServerWordsProps) {
  if (language === 'en') return children
  return (
    <>
      {inOurWords}
      <span lang="en" className={inOurWords === undefined ? '' : 'block text-ink-faint'}>
        {children}
      </span>
    </>
  )
}
