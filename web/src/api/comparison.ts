import type { DecimalText } from '../lib/money'
import type { Notice } from '../lib/notice'
import type { AnswerReader } from '../lib/parse'
import type { Schemas } from './schema'

export const PROVIDERS = ['AWS', 'GCP', 'Azure'] as const
export type Provider = Schemas['SavingsAnswer']['provider']

/** How sure a comparison is, best first; R is the reference card. */
export const GRADES = ['A', 'B', 'C', 'D', 'N', 'R'] as const
export type Grade = Schemas['Grade']

/** What a saving is against. */
export interface Comparison {
  readonly rateCard: string
  readonly pricingModel: string
  readonly region: string | null
}

/** GPU-hours by grade. */
export type GradeHours = Readonly<Record<Grade, number>>

/** How much of the use has a counterfactual price, and how good a one. */
export interface Coverage {
  /** Share of the GPU time, 0 to 1. */
  readonly gpuTime: number
  /** Share of the actual cost, 0 to 1. */
  readonly cost: number
  readonly grades: GradeHours
  readonly unpriced: readonly { readonly gpuType: string; readonly gpuHours: number }[]
  /** The part of the saving that is against substitutes. */
  readonly substitutesSaving: DecimalText
}

export function parseComparison(answer: AnswerReader<Schemas['ComparisonInfo']>): Comparison {
  return {
    rateCard: answer.text('rate_card'),
    pricingModel: answer.text('pricing_model'),
    region: answer.textOrNull('region'),
  }
}

export function parseGradeHours(grades: AnswerReader<Schemas['GradeHours']>): GradeHours {
  return {
    A: grades.number('A'),
    B: grades.number('B'),
    C: grades.number('C'),
    D: grades.number('D'),
    N: grades.number('N'),
    R: grades.number('R'),
  }
}

export function parseCoverage(answer: AnswerReader<Schemas['Coverage']>): Coverage {
  return {
    gpuTime: answer.number('gpu_time'),
    cost: answer.number('cost'),
    grades: answer.object('grades').part(parseGradeHours),
    unpriced: answer.list('unpriced', (item) => ({
      gpuType: item.text('gpu_type'),
      gpuHours: item.number('gpu_hours'),
    })),
    substitutesSaving: answer.decimal('substitutes_saving'),
  }
}

export function parseNotices(
  answer: AnswerReader<Pick<Schemas['SavingsAnswer'], 'notices'>>,
): Notice[] {
  return answer.list('notices', (item) => ({
    code: item.text('code'),
    named: item.named('parameters'),
    text: item.text('message'),
    each: item.eachNamed('named'),
  }))
}
