import { useSelector } from 'react-redux'
import { Link, useLocation } from 'react-router'
import type { PageLinkProps } from '../components/page-link'
import { writeWhy } from '../lib/why'
import { selectProvider } from '../state/economy-slice'

/**
 * A link within the screen: it turns the page without loading one.
 *
 * The address of a proof says against whom: whoever it is sent to may have chosen another provider.
 */
export function ScreenLink({ className, children, ...where }: PageLinkProps) {
  const { search } = useLocation()
  const provider = useSelector(selectProvider)
  if ('about' in where) {
    return (
      <Link
        to={{ search: writeWhy(search, { provider, ...where.about }) }}
        preventScrollReset
        className={className}
      >
        {children}
      </Link>
    )
  }
  return (
    <Link to={where.to} className={className}>
      {children}
    </Link>
  )
}
