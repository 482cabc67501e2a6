import type { Plugin } from 'vite'

const FRAME = '.economy-frame'
const PX_PER_REM = 16

/** `@property` means nothing in a shadow root, so what it begins with has to be said of everything. */
const REGISTERED = /@property\s+(--[\w-]+)\s*\{([^}]*)\}/g
const INITIAL_VALUE = /initial-value:\s*([^;}]+)/

/** What Tailwind keeps for browsers without `@property`; we say the same for all of them. */
const FOR_OLD_BROWSERS = /@layer properties\s*\{\s*@supports[\s\S]*?\n {2}\}\n\}/

/** Up to the next brace or semicolon: a selector, the head of an at-rule, or a declaration. */
const PIECE = /[^{};]+[{};]/g

/** A class is named by what was written, sizes included, and keeps its name. */
function isSelector(piece: string): boolean {
  return piece.endsWith('{') && !piece.trimStart().startsWith('@')
}

function inPixels(piece: string): string {
  return piece.replace(/(\d*\.?\d+)rem\b/g, (_, size: string) => `${Number(size) * PX_PER_REM}px`)
}

function registeredValues(css: string): string {
  const values = [...css.matchAll(REGISTERED)].map(([, name = '', body = '']) => {
    const value = INITIAL_VALUE.exec(body)?.[1]?.trim() ?? 'initial'
    return `${name}: ${value};`
  })
  return `@layer frame { *, ::before, ::after { ${values.join(' ')} } }`
}

/**
 * Make a page's styles those of a shadow root.
 *
 * What is said of the page's root is said of the meter's frame, and sizes are told in pixels: a
 * `rem` is what the page around it makes of it.
 */
export function toShadowCss(css: string): string {
  const rewritten = css
    .replace(FOR_OLD_BROWSERS, '')
    .replace(REGISTERED, '')
    .replace(/(?::root|html)\s*,\s*:host/g, FRAME)
    .replace(/:root\b/g, FRAME)
    .replace(/(^|[{};])(\s*)html(?=\s*\{)/g, `$1$2${FRAME}`)
    .replace(PIECE, (piece) => (isSelector(piece) ? piece : inPixels(piece)))
  return `${rewritten}\n${registeredValues(css)}`
}

/** Applies that to the style sheet of the element. */
export function shadowCss(): Plugin {
  return {
    name: 'shadow-css',
    enforce: 'pre',
    transform: {
      filter: { id: /\/widget\/shadow\.css(\?|$)/ },
      handler: toShadowCss,
    },
  }
}
