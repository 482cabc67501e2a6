/**
 * Where an installation is: the address under which its pages and its API lie, with a slash at
 * its end. A reverse proxy may have put it under a path of its own.
 */
export type Site = URL

/** Return the site that a built script belongs to: the folder above the script's own. */
export function siteOf(script: string): Site {
  return new URL('..', script)
}
