/** Return where to go after the login: a path of this site, or the dashboard. */
export function localPath(next: string | null): string {
  if (next === null) return '/'
  const address = new URL(next, location.origin)
  // A second slash or a backslash would make the first part a host.
  const isLocal = address.origin === location.origin && /^\/(?![/\\])/.test(next)
  return isLocal ? address.pathname + address.search : '/'
}
