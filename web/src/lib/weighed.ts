/** The page of prices tells of so many GPUs at most. */
export const MOST_GPUS = 64

/** Which GPUs are asked about, against whom. */
export interface WeighedQuestion {
  readonly gpu: string
  readonly count: number
  readonly provider: string
}

/** Return where the page of prices tells what was weighed for so many GPUs at a provider. */
export function weighedAddress({ gpu, count, provider }: WeighedQuestion): string {
  return `/prices?${new URLSearchParams({ gpu, count: String(count), provider }).toString()}`
}
