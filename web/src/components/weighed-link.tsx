import type { ReactNode } from 'react'
import type { Provider } from '../api/comparison'
import type { Instance } from '../api/instances'
import { MOST_GPUS, weighedAddress } from '../lib/weighed'
import { PageLink } from './page-link'

const UNKNOWN_GPU = 'unknown_gpu'

interface WeighedLinkProps {
  readonly instance: Pick<Instance, 'gpuType' | 'gpuCount' | 'unpriced'>
  /** Whom it is compared with. */
  readonly against: Provider
  /** What parts it from the words before it, where it stands among some. */
  readonly lead?: string
  readonly children: ReactNode
}

/** Leads to the ways that were weighed for an instance; of a GPU that nobody knows there are none. */
export function WeighedLink({ instance, against, lead = '', children }: WeighedLinkProps) {
  const { gpuType, gpuCount, unpriced } = instance
  if (unpriced?.code === UNKNOWN_GPU || gpuCount > MOST_GPUS) return null
  return (
    <>
      {lead}
      <PageLink
        to={weighedAddress({ gpu: gpuType, count: gpuCount, provider: against })}
        className="rounded whitespace-nowrap text-ink-soft underline decoration-line-strong underline-offset-2 hover:decoration-current"
      >
        {children}
      </PageLink>
    </>
  )
}
