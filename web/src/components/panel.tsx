import { type ReactNode, useEffect, useId, useLayoutEffect, useRef } from 'react'
import { messages } from '../lib/messages'

interface PanelProps {
  readonly title: string
  readonly onClose: () => void
  /** Changes when the panel shows something else, which then begins at its top. */
  readonly subject: string
  readonly children: ReactNode
}

/** A sheet over the page's side; Escape, its button and a click beside it close it. */
export function Panel({ title, onClose, subject, children }: PanelProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const heading = useRef<HTMLHeadingElement>(null)
  const titleId = useId()

  // Before the browser paints, and before the dialog is taken out of the page.
  useLayoutEffect(() => {
    const sheet = dialog.current
    if (sheet === null) return
    sheet.showModal()
    // The page behind stands still. Asking for an open panel in CSS would be asked at every tick.
    document.documentElement.dataset['panel'] = 'open'
    return () => {
      delete document.documentElement.dataset['panel']
      // Closing gives the focus back to what opened the panel; taking it away would lose it.
      sheet.close()
    }
  }, [])

  useEffect(() => {
    if (dialog.current !== null) dialog.current.scrollTop = 0
    heading.current?.focus({ preventScroll: true })
  }, [subject])

  return (
    <dialog
      ref={dialog}
      aria-labelledby={titleId}
      className="panel"
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onClick={(event) => {
        if (event.target === dialog.current) onClose()
      }}
    >
      <div className="flex min-h-full flex-col">
        <header className="sticky top-0 z-10 flex items-center justify-between gap-4 border-b border-line bg-surface px-4 py-3 sm:px-6">
          <h2
            id={titleId}
            ref={heading}
            tabIndex={-1}
            className="min-w-0 text-title font-semibold tracking-tight outline-none"
          >
            {title}
          </h2>
          <button
            type="button"
            onClick={onClose}
            className="-mr-2 min-h-8 shrink-0 rounded-lg px-2 text-caption font-medium text-ink-soft hover:text-ink"
          >
            {messages.why.close}
          </button>
        </header>
        <div className="flex-1 p-4 sm:p-6">{children}</div>
      </div>
    </dialog>
  )
}
