import type { ReactNode } from 'react'

interface CardProps {
  readonly title: string
  /** What stands at the end of the title's line. */
  readonly actions?: ReactNode
  readonly children: ReactNode
  readonly isDimmed?: boolean
}

/** A titled section of a page. */
export function Card({ title, actions, children, isDimmed = false }: CardProps) {
  return (
    <section
      aria-label={title}
      className="card rounded-xl border border-line bg-surface shadow-card"
    >
      <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3 px-4 pt-4 pb-3 sm:px-5">
        <h2 className="text-title font-semibold tracking-tight">{title}</h2>
        {actions}
      </div>
      <div className={isDimmed ? 'stale' : ''}>{children}</div>
    </section>
  )
}
