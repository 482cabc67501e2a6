import { type Grade, type GradeHours, GRADES } from '../api/comparison'
import { formatShare } from '../lib/money'

interface ShareOfGrade {
  readonly grade: Grade
  /** Of the GPU time, in percent. */
  readonly share: string
}

/** Return the grades that some use is compared with, each with its share of it; none without use. */
export function gradeShares(hours: GradeHours): readonly ShareOfGrade[] {
  const all = GRADES.reduce((sum, grade) => sum + hours[grade], 0)
  return GRADES.filter((grade) => hours[grade] > 0).map((grade) => ({
    grade,
    share: formatShare(hours[grade] / all),
  }))
}

/** Write them in a line; what is all of one grade needs no share. */
export function gradesInWords(hours: GradeHours): string {
  const shares = gradeShares(hours)
  return shares
    .map(({ grade, share }) => (shares.length === 1 ? grade : `${grade} ${share}`))
    .join(', ')
}
