import { Link, useLocation } from 'react-router'
import type { PageLinkProps } from '../components/page-link'
import { writeWhy } from '../lib/why'

/** A link within the screen: it turns the page without loading one. */
export function ScreenLink({ className, children, ...where }: PageLinkProps) {
  const { search } = useLocation()
  if ('about' in where) {
    return (
      <Link to={{ search: writeWhy(search, where.about) }} preventScrollReset className={className}>
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
