import { useLocation, useNavigate, useSearchParams } from 'react-router'
import { unreachable } from '../api/problem'
import { FirstLoadFailure } from '../components/failure'
import { LatePart } from '../components/late-part'
import { Panel } from '../components/panel'
import { messages } from '../lib/messages'
import { misreadWhy, readWhy, writeWhy } from '../lib/why'
import { loadWhyPanel } from './late-parts'

/** The proof of the figure that the address names, where it names one. */
export function OpenedFigure() {
  const [parameters] = useSearchParams()
  const { search } = useLocation()
  const navigate = useNavigate()
  if (readWhy(parameters) === null && misreadWhy(parameters) === null) return null
  return (
    <LatePart
      load={loadWhyPanel}
      unavailable={(retry) => (
        <Panel
          title={messages.why.title}
          subject={search}
          onClose={() => {
            void navigate(
              { search: writeWhy(search, null) },
              { replace: true, preventScrollReset: true },
            )
          }}
        >
          <FirstLoadFailure problem={unreachable()} retry={retry} />
        </Panel>
      )}
    >
      {(WhyPanel) => <WhyPanel />}
    </LatePart>
  )
}
