import { Component, type ReactNode } from 'react'
import { Button } from '../components/button'
import { messages } from '../lib/messages'
import { PlainPage } from './plain-page'

/** Stands in for a page that broke: the reason, and a way on. */
export class ErrorScreen extends Component<
  { readonly children: ReactNode },
  { isBroken: boolean }
> {
  override state = { isBroken: false }

  static getDerivedStateFromError() {
    return { isBroken: true }
  }

  override render() {
    if (!this.state.isBroken) return this.props.children
    return (
      <PlainPage title={messages.problem.screen} detail={messages.problem.unknown}>
        <Button
          look="primary"
          onClick={() => {
            location.reload()
          }}
        >
          {messages.problem.reload}
        </Button>
      </PlainPage>
    )
  }
}
