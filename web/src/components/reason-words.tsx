import { type Reason, reasonInWords, type Sentences } from '../lib/reason'
import { ServerWords } from './server-words'

interface ReasonWordsProps {
  readonly reason: Reason
  readonly sentences: Sentences
}

/** A reason in the reader's language; in the API's own words where its code is not known here. */
export function ReasonWords({ reason, sentences }: ReasonWordsProps) {
  return reasonInWords(sentences, reason) ?? <ServerWords>{reason.text}</ServerWords>
}
