import { type ComponentType, createContext, createElement, type ReactNode, useContext } from 'react'
import type { AskedWhy } from '../lib/why'

interface LinkLook {
  readonly className: string
  readonly children: ReactNode
}

/** A link to a page of the screen, from its root, or to the proof of a figure. */
export type PageLinkProps = LinkLook & ({ readonly to: string } | { readonly about: AskedWhy })

/**
 * How a link is made where it stands: within the screen, or on a page of somebody else.
 *
 * Whoever shows components that link has to say so.
 */
export const PageLinks = createContext<ComponentType<PageLinkProps> | null>(null)

/** A link to a page of the screen. */
export function PageLink(props: PageLinkProps) {
  const Link = useContext(PageLinks)
  if (Link === null) throw new Error('Nobody says here how a page is linked to.')
  return createElement(Link, props)
}
