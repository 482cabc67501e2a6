/** Says for a moment what was done, over the page's foot; null says nothing. */
export function Toast({ message }: { readonly message: string | null }) {
  return (
    <div
      role="status"
      className="pointer-events-none fixed inset-x-0 bottom-4 z-20 flex justify-center px-4"
    >
      {message !== null && (
        <p className="rounded-lg bg-action px-4 py-2.5 text-sm text-action-ink shadow-card">
          {message}
        </p>
      )}
    </div>
  )
}
