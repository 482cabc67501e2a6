import type { ReactNode } from 'react'

/** Says that there is nothing to show, and what would change that. */
export function EmptyState({ children }: { readonly children: ReactNode }) {
  return <p className="px-4 pb-5 text-sm text-ink-soft sm:px-5">{children}</p>
}
