/** Returns a colour of the theme by its token. */
export type Palette = (token: string) => string

const TICKS = 5
const PNG_SCALE = 2

export interface PictureSize {
  readonly width: number
  readonly height: number
}

/**
 * Make a palette of the theme that is shown; neither a canvas nor a file can read it by itself.
 *
 * Each colour is read once: reading one has the browser work out its styles, and every answer
 * draws the chart anew.
 */
export function readPalette(): Palette {
  const known = new Map<string, string>()
  return (token) => {
    const colour = known.get(token) ?? readColour(token)
    known.set(token, colour)
    return colour
  }
}

function readColour(token: string): string {
  const probe = document.createElement('span')
  probe.style.color = `var(${token})`
  document.body.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}

/** Write a text as one of an SVG file. */
export function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

/** Return a round step that covers a height in a few ticks. */
export function tickStep(top: number): number {
  const rough = top / TICKS
  const size = 10 ** Math.floor(Math.log10(rough))
  return [1, 2, 2.5, 5, 10].map((factor) => factor * size).find((step) => step >= rough) ?? rough
}

/** Return the ticks of an axis from nothing to a height, the last one at it or above. */
export function ticksTo(top: number): number[] {
  const step = tickStep(top)
  return Array.from({ length: Math.ceil(top / step) + 1 }, (_, index) => index * step)
}

/** Put what was drawn into an SVG file, on the theme's ground. */
export function svgFile(
  { width, height }: PictureSize,
  title: string,
  colour: Palette,
  marks: readonly string[],
): string {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
    `font-family="sans-serif" font-size="12" role="img"><title>${escapeXml(title)}</title>` +
    `<rect width="${width}" height="${height}" fill="${colour('--surface')}"/>${marks.join('')}</svg>\n`
  )
}

/** Paint an SVG picture as a PNG file, sharp enough for print. */
export async function toPng(svg: string, { width, height }: PictureSize): Promise<Blob> {
  const image = new Image(width, height)
  image.src = `data:image/svg+xml,${encodeURIComponent(svg)}`
  await image.decode()
  const canvas = document.createElement('canvas')
  canvas.width = width * PNG_SCALE
  canvas.height = height * PNG_SCALE
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height)
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob === null) reject(new Error('The picture could not be painted.'))
      else resolve(blob)
    }, 'image/png')
  })
}
