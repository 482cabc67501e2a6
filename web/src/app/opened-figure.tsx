import { Component, lazy, type ReactNode, Suspense, useEffect, useState } from 'react'
import { useLocation, useNavigate, useSearchParams } from 'react-router'
import { unreachable } from '../api/problem'
import { FirstLoadFailure } from '../components/failure'
import { Panel } from '../components/panel'
import { messages } from '../lib/messages'
import { readWhy, writeWhy } from '../lib/why'

/** The script of a part of the page cannot be had. */
class Unavailable extends Error {}

async function loadWhyPanel() {
  try {
    return await import('../features/proof/why-panel')
  } catch (cause) {
    throw new Unavailable('The script of the proof cannot be had.', { cause })
  }
}

/** Have the proof's script at hand before it is asked for: by then the server may be gone. */
function fetchWhyPanel(): (() => void) | undefined {
  if (!('requestIdleCallback' in window)) return undefined
  const waiting = requestIdleCallback(() => {
    // Where it cannot be had now, it is asked for again when a figure is opened.
    loadWhyPanel().catch(() => undefined)
  })
  return () => {
    cancelIdleCallback(waiting)
  }
}

interface OrElseProps {
  readonly fallback: ReactNode
  readonly children: ReactNode
}

/** Shows something else in place of a part whose script cannot be had; the page around it stands. */
class OrElse extends Component<OrElseProps, { error: Error | null }> {
  override state: { error: Error | null } = { error: null }

  static getDerivedStateFromError(error: Error) {
    return { error }
  }

  override render() {
    const { error } = this.state
    if (error === null) return this.props.children
    if (error instanceof Unavailable) return this.props.fallback
    throw error
  }
}

/** The proof of the figure that the address names, where it names one. */
export function OpenedFigure() {
  const [parameters] = useSearchParams()
  const { search } = useLocation()
  const navigate = useNavigate()
  const [part, setPart] = useState(() => ({ WhyPanel: lazy(loadWhyPanel), number: 0 }))
  useEffect(fetchWhyPanel, [])
  if (readWhy(parameters) === null) return null
  // A lazy part that could not be had once never is.
  const loadAnew = () => {
    setPart(({ number }) => ({ WhyPanel: lazy(loadWhyPanel), number: number + 1 }))
  }
  const { WhyPanel, number } = part
  return (
    <OrElse
      key={number}
      fallback={
        <Panel
          title={messages.why.title}
          subject={search}
          onClose={() => {
            loadAnew()
            void navigate(
              { search: writeWhy(search, null) },
              { replace: true, preventScrollReset: true },
            )
          }}
        >
          <FirstLoadFailure problem={unreachable()} retry={loadAnew} />
        </Panel>
      }
    >
      <Suspense>
        <WhyPanel />
      </Suspense>
    </OrElse>
  )
}
