import { afterPaint } from './after-paint'

/** What waits to be drawn, in the order in which it came. */
const waiting: (() => void)[] = []
let isDrawing = false

function drawNext(): void {
  waiting.shift()?.()
  isDrawing = waiting.length > 0
  if (isDrawing) afterPaint(drawNext)
}

/**
 * Run something when its turn comes, one thing a frame; returns how not to.
 *
 * What is drawn at once is laid out and painted in one long task, in which the page does not hear
 * its user.
 *
 * @param isFirst whether it goes before whatever waits
 */
export function takeTurn(draw: () => void, isFirst = false): () => void {
  if (isFirst) waiting.unshift(draw)
  else waiting.push(draw)
  if (!isDrawing) {
    isDrawing = true
    afterPaint(drawNext)
  }
  return () => {
    const place = waiting.indexOf(draw)
    if (place >= 0) waiting.splice(place, 1)
  }
}
