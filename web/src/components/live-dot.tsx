import { useEffect, useState } from 'react'

/** While a ring grows the browser draws every frame, so it beats once and then rests. */
const BEAT_EVERY_MS = 6000

/** Says by a pulse that something runs; the words beside it say it too. */
export function LiveDot() {
  const [beat, setBeat] = useState(0)

  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) setBeat((last) => last + 1)
    }, BEAT_EVERY_MS)
    return () => {
      clearInterval(timer)
    }
  }, [])

  // A new ring for each beat: an animation runs when its element comes into the page.
  return (
    <span aria-hidden="true" className="pulse">
      <span key={beat} className="pulse-ring" />
    </span>
  )
}
