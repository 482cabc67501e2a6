import { type Grade, GRADES } from '../api/comparison'
import { messages } from '../lib/messages'

const LOOKS: Record<Grade, string> = {
  A: 'border-saved text-saved',
  B: 'border-line-strong text-ink',
  C: 'border-line-strong text-ink-soft',
  D: 'border-dashed border-line-strong text-ink-soft',
  N: 'border-line bg-sunken text-ink-faint',
  R: 'border-line-strong text-ink-soft',
}

interface GradeChipProps {
  readonly grade: Grade
  /** What stands beside the letter and its word. */
  readonly note?: string
  readonly title?: string
  /** The letter alone, where its meaning stands beside it. */
  readonly isBare?: boolean
}

/** How sure a comparison is: a letter, and its meaning in a word. */
export function GradeChip({ grade, note, title, isBare = false }: GradeChipProps) {
  const meaning =
    title ?? `${messages.figures.gradeTitle(grade)}: ${messages.figures.grades[grade]}`
  return (
    <span className="inline-flex items-center gap-1 whitespace-nowrap" title={meaning}>
      <span
        className={`inline-flex h-chip min-w-chip items-center justify-center rounded-chip border px-1 text-fine leading-none font-semibold ${LOOKS[grade]}`}
        aria-hidden="true"
      >
        {grade}
      </span>
      <span className="sr-only">{meaning}</span>
      {!isBare && (
        <span aria-hidden="true" className="text-ink-soft">
          {messages.figures.gradeWords[grade]}
        </span>
      )}
      {note !== undefined && <span className="text-ink-soft">{note}</span>}
    </span>
  )
}

/** A grade of a part of some use, with how large a part it is. */
export function GradeShare({ grade, share }: { readonly grade: Grade; readonly share: string }) {
  const meaning = messages.figures.grades[grade]
  return (
    <GradeChip
      grade={grade}
      note={share}
      title={messages.figures.gradeShare(grade, meaning, share)}
    />
  )
}

/** What each grade means. */
export function GradeLegend() {
  return (
    <details className="text-sm text-ink-soft">
      <summary className="w-fit rounded underline decoration-line-strong underline-offset-4 hover:decoration-current">
        {messages.figures.legend}
      </summary>
      <dl className="mt-3 grid grid-cols-[auto_1fr] gap-x-3 gap-y-2">
        {GRADES.map((grade) => (
          <div key={grade} className="contents">
            <dt>
              <GradeChip grade={grade} title={messages.figures.gradeTitle(grade)} isBare />
            </dt>
            <dd>
              <span className="font-medium text-ink">{messages.figures.gradeWords[grade]}</span>
              {': '}
              {messages.figures.grades[grade]}
            </dd>
          </div>
        ))}
      </dl>
    </details>
  )
}
