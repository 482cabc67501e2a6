import { readdirSync, readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { expect, it } from 'vitest'

const TOKEN_FILES = new Set(['src/colours.css', 'src/meter.css'])

/** Literals that cannot name a token, each with the reason. */
const ALLOWED = new Map([
  ['index.html: #f6f7f7', 'a browser reads the colour of its own frame before any style'],
  ['index.html: #0c0f10', 'the same of the dark theme'],
  ['src/app/mark.svg: #0b7a4b', 'no style of a page reaches the picture of its tab'],
  ['src/app/mark.svg: #fff', 'the same'],
  ['src/app/mark.svg: #8ff0c3', 'the same'],
  ['src/widget-page.css: 8px', 'the one size of a page that has no Tailwind'],
])

const COLOUR =
  /#(?:[\da-f]{8}|[\da-f]{6}|[\da-f]{3,4})\b|\b(?:rgb|hsl|hwb|lab|lch|oklab|oklch)a?\(/gi
const NAMED_COLOUR =
  /(?<=(?:color|background|border|outline|fill|stroke)(?:-\w+)*(?::|=")[^;"{}]*)\b(?:white|black|gr[ae]y|red|green|blue|yellow|orange|purple)\b/g
/** An own value in a class. A state in brackets is none. */
const OWN_VALUE = /(?<!aria|data)-\[[^\]\s]*\]/g
/** Shares of what there is are no sizes. */
const SHARES = /minmax\(0,|\d+fr/g
const STYLE_ATTRIBUTE = /\bstyle=\{/g
/** What a style says of a size; the condition of an at-rule cannot name a token. Lines are no sizes. */
const CSS_SIZE = /(?<!@.*)(?<![\w.])-?(?![12]px)\d*\.?\d+(?:px|r?em|pt)\b/g

const sources = [
  'index.html',
  'widget.html',
  ...readdirSync('src', { recursive: true, encoding: 'utf8' }).map((path) => `src/${path}`),
].filter((path) => !path.includes('.test.') && !TOKEN_FILES.has(path))

const EVERYWHERE = ['.css', '.html', '.svg', '.ts', '.tsx']

/** Return what a pattern finds in some of the sources. */
function allOf(pattern: RegExp, extensions: readonly string[]): string[] {
  return sources
    .filter((path) => extensions.includes(extname(path)))
    .flatMap((path) =>
      [...readFileSync(path, 'utf8').matchAll(pattern)].map(([literal]) => `${path}: ${literal}`),
    )
}

/** Return what of it is not allowed. */
function found(pattern: RegExp, extensions: readonly string[]): string[] {
  return allOf(pattern, extensions).filter((finding) => !ALLOWED.has(finding))
}

it('has every colour from the tokens', () => {
  expect(found(COLOUR, EVERYWHERE)).toEqual([])
  expect(found(NAMED_COLOUR, EVERYWHERE)).toEqual([])
})

it('has every size of a class from the tokens', () => {
  const values = found(OWN_VALUE, ['.ts', '.tsx'])

  expect(values.filter((value) => /\[.*\d/.test(value.replaceAll(SHARES, '')))).toEqual([])
  expect(found(STYLE_ATTRIBUTE, ['.tsx'])).toEqual([])
})

it('has every size of a style from the tokens', () => {
  expect(found(CSS_SIZE, ['.css'])).toEqual([])
})

it('allows no literal that is gone', () => {
  const literals = [...allOf(COLOUR, EVERYWHERE), ...allOf(CSS_SIZE, ['.css'])]

  expect([...ALLOWED.keys()].filter((allowed) => !literals.includes(allowed))).toEqual([])
})

it('gives the frame of the browser the colour of the page', () => {
  const canvas = /--canvas: light-dark\((\S+), (\S+)\)/.exec(
    readFileSync('src/colours.css', 'utf8'),
  )
  const frames = readFileSync('index.html', 'utf8').matchAll(/"theme-color" content="(\S+)"/g)

  expect([...frames].map(([, colour]) => colour)).toEqual(canvas?.slice(1))
})
