import type { ReactNode } from 'react'

interface StatProps {
  readonly label: string
  readonly children: ReactNode
  /** What stands below the figure. */
  readonly note?: ReactNode
}

/** One figure under its name. */
export function Stat({ label, children, note }: StatProps) {
  return (
    <div className="min-w-0">
      <dt className="text-caption text-ink-soft">{label}</dt>
      <dd className="mt-0.5 text-xl leading-7 font-semibold tracking-tight">{children}</dd>
      {note !== undefined && <dd className="text-caption text-ink-faint">{note}</dd>}
    </div>
  )
}
