import { Link } from 'react-router'
import { messages } from '../../lib/messages'
import { PlainPage } from '../plain-page'

const text = messages.notFound

/** Any address that is none of ours. */
export function NotFoundPage() {
  return (
    <PlainPage title={text.title} detail={text.detail}>
      <Link to="/" className="font-medium underline underline-offset-4">
        {text.home}
      </Link>
    </PlainPage>
  )
}
