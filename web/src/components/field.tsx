import { type ComponentProps, useId } from 'react'

interface FieldProps extends ComponentProps<'input'> {
  readonly label: string
  readonly hint?: string | undefined
  /** Why the server refused the value. */
  readonly refusal?: string | undefined
}

/** A labelled input with its hint and its refusal. */
export function Field({ label, hint, refusal, ...rest }: FieldProps) {
  const id = useId()
  const note = refusal ?? hint
  return (
    <div>
      <label htmlFor={id} className="block text-sm font-medium">
        {label}
      </label>
      <input
        id={id}
        aria-describedby={note === undefined ? undefined : `${id}-note`}
        aria-invalid={refusal !== undefined}
        className="mt-1.5 block h-10 w-full rounded-lg border border-line-strong bg-surface px-3 text-title text-ink aria-invalid:border-loss-fill"
        {...rest}
      />
      {note !== undefined && (
        <p
          id={`${id}-note`}
          className={`mt-1.5 text-caption ${refusal === undefined ? 'text-ink-faint' : 'text-loss'}`}
        >
          {note}
        </p>
      )}
    </div>
  )
}
