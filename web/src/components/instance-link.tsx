import { Link } from 'react-router'

/** Browsers take these for folders, so no address can name an instance that is called so. */
const DOTS = /^\.+$/

interface InstanceLinkProps {
  readonly instanceId: string
  readonly children: string
}

/** An instance's name, which leads to its page. */
export function InstanceLink({ instanceId, children }: InstanceLinkProps) {
  if (DOTS.test(instanceId)) return children
  return (
    <Link
      to={`/instances/${encodeURIComponent(instanceId)}`}
      className="rounded hover:underline hover:underline-offset-4"
    >
      {children}
    </Link>
  )
}
