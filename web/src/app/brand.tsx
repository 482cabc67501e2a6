import { messages } from '../lib/messages'
import mark from './mark.svg'

/** The product's mark and name. */
export function Brand() {
  return (
    <span className="inline-flex items-center gap-2.5 font-semibold tracking-tight">
      <img src={mark} alt="" width="24" height="24" />
      {messages.product}
    </span>
  )
}
