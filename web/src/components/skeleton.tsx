import { messages } from '../lib/messages'

/** A place that a figure will take, in the size that it will have. */
export function Skeleton({ className }: { readonly className: string }) {
  return <span aria-hidden="true" className={`skeleton block ${className}`} />
}

interface SkeletonRowsProps {
  readonly rows: number
  /** Of a table whose rows become cards where it has no room, as tall as those. */
  readonly isWide?: boolean
}

/** Rows of a table to come. */
export function SkeletonRows({ rows, isWide = false }: SkeletonRowsProps) {
  return (
    <div className="skeleton-rows px-4 pb-4 sm:px-5" data-wide={isWide} role="status">
      <span className="sr-only">{messages.shell.loading}</span>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="border-t border-line py-3.5 first:border-t-0">
          <Skeleton className="h-5 w-full" />
        </div>
      ))}
    </div>
  )
}
