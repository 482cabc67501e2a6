import type { Instance } from '../api/instances'
import { messages } from '../lib/messages'

/** Say whether what an instance is compared with is not the very same, or nothing at all. */
export function isInexact({ match }: Pick<Instance, 'match'>): boolean {
  return match === null || (match.grade !== 'A' && match.grade !== 'R')
}

interface InexactToggleProps {
  readonly instances: readonly Pick<Instance, 'match'>[]
  readonly isOn: boolean
  readonly onChange: (isOn: boolean) => void
}

/** Leaves only the rows without an exact match, and says how many there are. */
export function InexactToggle({ instances, isOn, onChange }: InexactToggleProps) {
  return (
    <button
      type="button"
      aria-pressed={isOn}
      onClick={() => {
        onChange(!isOn)
      }}
      className={`min-h-8 rounded-lg border px-3 text-caption font-medium ${
        isOn
          ? 'border-ink bg-sunken text-ink'
          : 'border-line text-ink-soft hover:border-line-strong hover:text-ink'
      }`}
    >
      {messages.figures.inexact(instances.filter(isInexact).length)}
    </button>
  )
}
