import { render, screen } from '@testing-library/react'
import { expect, it } from 'vitest'
import { SourceLink } from './source-link'

// What links out of our pages does so by this alone.
const sources = import.meta.glob<string>('../**/*.tsx', {
  query: '?raw',
  import: 'default',
  eager: true,
})

it('opens in a tab of its own, says so, and gives away nothing', () => {
  render(<SourceLink href="https://prices.example.test/aws">price of 12 Sept</SourceLink>)

  const link = screen.getByRole('link', { name: /^price of 12 Sept.*\(opens in a new tab\)$/ })
  expect(link).toHaveAttribute('target', '_blank')
  expect(link).toHaveAttribute('rel', 'noopener noreferrer')
})

it('is how every address that an answer names is linked to', () => {
  const leaving = Object.entries(sources).filter(
    ([path, source]) =>
      !path.includes('.test.') && /href=\{\w*\.?(url|address|sourceUrl)\}/.test(source),
  )

  expect(leaving).not.toHaveLength(0)
  for (const [, source] of leaving) {
    expect(source).not.toMatch(/<a\s+href=\{\w*\.?(url|address|sourceUrl)\}/)
  }
})
