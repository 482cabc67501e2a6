import { messages } from '../lib/messages'

/** A place that a figure will take, in the size that it will have. */
export function Skeleton({ className }: { readonly className: string }) {
  return <span aria-hidden="true" className={`skeleton block ${className}`} />
}

/** Rows of a table to come. */
export function SkeletonRows({ rows }: { readonly rows: number }) {
  return (
    <div className="px-4 pb-4 sm:px-5" role="status">
      <span className="sr-only">{messages.shell.loading}</span>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="border-t border-line py-3.5 first:border-t-0">
          <Skeleton className="h-5 w-full" />
        </div>
      ))}
    </div>
  )
}
