import { useSelector } from 'react-redux'
import { useLocation, useNavigate, useSearchParams } from 'react-router'
import type { Provider } from '../../api/comparison'
import { Panel } from '../../components/panel'
import { messages } from '../../lib/messages'
import { formatDate, formatInstant, nextDate } from '../../lib/time'
import { misreadWhy, readWhy, type WhyQuestion, writeWhy } from '../../lib/why'
import { selectProvider } from '../../state/economy-slice'
import { useTimeZone } from '../../state/use-time-zone'
import { ProjectionProof } from './projection-proof'
import { RunningProof } from './running-proof'
import { UsageProof } from './usage-proof'

const text = messages.why

const DATE = /^\d{4}-\d\d-\d\d$/

/** A border of a period, as a date where it is one. */
function borderInWords(border: string, timeZone: string): string {
  if (DATE.test(border)) return formatDate(border)
  return Number.isNaN(Date.parse(border)) ? border : formatInstant(border, timeZone)
}

function periodInWords({ from, to }: WhyQuestion, timeZone: string): string {
  if (from === null) return text.subjects.lifetime
  if (to === null) return text.subjects.since(borderInWords(from, timeZone))
  if (DATE.test(from) && Date.parse(from) === Date.parse(from) && nextDate(from) === to) {
    return text.subjects.day(formatDate(from))
  }
  return text.subjects.period(borderInWords(from, timeZone), borderInWords(to, timeZone))
}

/** Name the figure that is asked about. */
function titleOf(question: WhyQuestion, timeZone: string): string {
  const { about, instance, gpu, isComputeOnly, isSubstitutesOnly, quantity } = question
  if (about === 'projection') return text.subjects.projection
  const whose = [
    ...(instance === null ? [] : [text.subjects.instance(instance)]),
    ...(gpu === null ? [] : [text.subjects.gpu(gpu)]),
    ...(isSubstitutesOnly ? [text.subjects.substitutes] : []),
  ]
  if (about === 'pace') {
    // What is saved needs no word; what is paid, and would be, does.
    const what = quantity === 'saving' ? [] : [text.quantities[quantity]]
    return [...what, text.subjects.pace, ...whose].join(' · ')
  }
  if (about === 'session') return [text.subjects.currentSession, ...whose].join(' · ')
  const when = isComputeOnly ? text.subjects.session : periodInWords(question, timeZone)
  return [text.quantities[quantity], ...whose, when].join(' · ')
}

/** Why a figure is what it is; the address says which figure. */
export default function WhyPanel() {
  const [parameters] = useSearchParams()
  const { search } = useLocation()
  const navigate = useNavigate()
  const timeZone = useTimeZone()
  const chosen = useSelector(selectProvider)
  const misread = misreadWhy(parameters)
  const question = misread === null ? readWhy(parameters) : null
  if (misread === null && question === null) return null
  const title = question === null ? '' : titleOf(question, timeZone)
  return (
    <Panel
      title={`${text.title} ${title}`.trim()}
      subject={search}
      onClose={() => {
        void navigate(
          { search: writeWhy(search, null) },
          { replace: true, preventScrollReset: true },
        )
      }}
    >
      {misread !== null && (
        <p className="text-sm wrap-anywhere text-ink-soft">{text.misread(misread)}</p>
      )}
      {question !== null && (
        <Proof question={question} provider={question.provider ?? chosen} title={title} />
      )}
    </Panel>
  )
}

interface ProofProps {
  readonly question: WhyQuestion
  readonly provider: Provider
  readonly title: string
}

function Proof({ question, provider, title }: ProofProps) {
  const { search } = useLocation()
  switch (question.about) {
    case 'usage':
      return <UsageProof key={search} question={question} provider={provider} title={title} />
    case 'projection':
      return <ProjectionProof provider={provider} />
    case 'session':
    case 'pace':
      return (
        <RunningProof
          about={question.about}
          quantity={
            question.about === 'pace' && question.quantity !== 'use' ? question.quantity : 'saving'
          }
          provider={provider}
          instance={question.instance}
        />
      )
  }
}
