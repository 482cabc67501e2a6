import type { ComponentProps } from 'react'

const LOOKS = {
  primary: 'bg-action text-action-ink hover:opacity-90',
  quiet: 'border border-line-strong bg-surface text-ink hover:bg-sunken',
} as const

interface ButtonProps extends ComponentProps<'button'> {
  readonly look?: keyof typeof LOOKS
  /** What it does is under way: it does nothing more, and stays what has the focus. */
  readonly isBusy?: boolean
}

/** A button; it says what it does by its text. */
export function Button({
  look = 'quiet',
  className = '',
  type = 'button',
  isBusy = false,
  onClick,
  ...rest
}: ButtonProps) {
  return (
    <button
      type={type}
      aria-disabled={isBusy || undefined}
      onClick={(event) => {
        // Enter in a field of its form clicks it too.
        if (isBusy) event.preventDefault()
        else onClick?.(event)
      }}
      className={`inline-flex min-h-9 items-center justify-center rounded-lg px-3.5 text-sm font-medium transition disabled:opacity-60 aria-disabled:opacity-60 ${LOOKS[look]} ${className}`}
      {...rest}
    />
  )
}
