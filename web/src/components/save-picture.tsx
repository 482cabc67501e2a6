import { download } from '../lib/download'
import { messages } from '../lib/messages'
import { type PictureSize, toPng } from '../lib/picture'
import { Button } from './button'

interface SavePictureProps {
  /** The file's name but for its ending. */
  readonly name: string
  readonly size: PictureSize
  /** Draws what is shown as an SVG file. */
  readonly draw: () => string
}

/** Buttons that save a chart as a picture. */
export function SavePicture({ name, size, draw }: SavePictureProps) {
  const savePng = async () => {
    download(`${name}.png`, await toPng(draw(), size))
  }
  const saveSvg = () => {
    download(`${name}.svg`, new Blob([draw()], { type: 'image/svg+xml' }))
  }
  return (
    <div className="flex gap-2">
      <Button onClick={() => void savePng()}>{messages.picture.png}</Button>
      <Button onClick={saveSvg}>{messages.picture.svg}</Button>
    </div>
  )
}
