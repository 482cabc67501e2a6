import type { Amount } from '../lib/money'
import type { AnswerReader } from '../lib/parse'

export const PROVIDERS = ['AWS', 'GCP', 'Azure'] as const
export type Provider = (typeof PROVIDERS)[number]

/** How sure a comparison is, best first; R is the reference card. */
export const GRADES = ['A', 'B', 'C', 'D', 'N', 'R'] as const
export type Grade = (typeof GRADES)[number]

/** What a saving is against. */
export interface Comparison {
  readonly rateCard: string
  readonly pricingModel: string
  readonly region: string | null
}

/** How much of the use has a counterfactual price, and how good a one. */
export interface Coverage {
  /** Share of the GPU time, 0 to 1; null without use. */
  readonly gpuTime: number | null
  /** Share of the actual cost, 0 to 1; null without cost. */
  readonly cost: number | null
  /** GPU-hours by grade. */
  readonly grades: Readonly<Record<Grade, number>>
  readonly unpriced: readonly { readonly gpuType: string; readonly gpuHours: number }[]
  /** The part of the saving that is against substitutes, where the answer tells it. */
  readonly substitutesSaving: Amount | null
}

/** Something that was left out of a figure, said in words. */
export interface Notice {
  readonly code: string
  readonly message: string
}

export function parseComparison(answer: AnswerReader): Comparison {
  return {
    rateCard: answer.text('rate_card'),
    pricingModel: answer.text('pricing_model'),
    region: answer.maybe('region', (a) => a.text('region')),
  }
}

export function parseCoverage(answer: AnswerReader): Coverage {
  const grades = answer.object('grades')
  const hoursOf = (grade: Grade) => grades.maybe(grade, (g) => Number(g.amount(grade))) ?? 0
  return {
    gpuTime: answer.maybe('gpu_time', (a) => a.number('gpu_time')),
    cost: answer.maybe('cost', (a) => a.number('cost')),
    grades: {
      A: hoursOf('A'),
      B: hoursOf('B'),
      C: hoursOf('C'),
      D: hoursOf('D'),
      N: hoursOf('N'),
      R: hoursOf('R'),
    },
    unpriced: answer.list('unpriced', (item) => ({
      gpuType: item.text('gpu_type'),
      gpuHours: Number(item.amount('gpu_hours')),
    })),
    substitutesSaving: answer.maybe('substitutes_saving', (a) => a.amount('substitutes_saving')),
  }
}

export function parseNotices(answer: AnswerReader): Notice[] {
  return answer.list('notices', (item) => ({
    code: item.text('code'),
    message: item.text('message'),
  }))
}
