import type { ComponentProps } from 'react'

const LOOKS = {
  primary: 'bg-action text-action-ink hover:opacity-90',
  quiet: 'border border-line-strong bg-surface text-ink hover:bg-sunken',
} as const

interface ButtonProps extends ComponentProps<'button'> {
  readonly look?: keyof typeof LOOKS
}

/** A button; it says what it does by its text. */
export function Button({ look = 'quiet', className = '', type = 'button', ...rest }: ButtonProps) {
  return (
    <button
      type={type}
      className={`inline-flex min-h-9 items-center justify-center rounded-lg px-3.5 text-sm font-medium transition disabled:opacity-60 ${LOOKS[look]} ${className}`}
      {...rest}
    />
  )
}
