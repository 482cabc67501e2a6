/** Return the zones that this browser knows by their IANA names, for a list to choose from. */
export function knownZones(): readonly string[] {
  const zones = Intl.supportedValuesOf('timeZone')
  // Some browsers take it without listing it.
  return zones.includes('UTC') ? zones : ['UTC', ...zones]
}

/** Say whether dates can be written in a zone here. An offset is none: it has no past. */
export function isKnownZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}
