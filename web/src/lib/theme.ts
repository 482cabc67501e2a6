/** What the screen looks like: as the system does, or as was chosen. */
export const THEMES = ['system', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

const THEME_KEY = 'dumont-economy.theme'

/** Read the theme that was chosen last in this browser. */
export function keptTheme(): Theme {
  try {
    const kept = localStorage.getItem(THEME_KEY)
    return THEMES.find((theme) => theme === kept) ?? 'system'
  } catch {
    // A browser may refuse storage; then nothing was ever chosen.
    return 'system'
  }
}

/** Show a theme; the styles read it from the root element. */
export function showTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = theme
}

/** Show a theme and keep it for the next visit. */
export function chooseTheme(theme: Theme): void {
  showTheme(theme)
  try {
    localStorage.setItem(THEME_KEY, theme)
  } catch {
    // A browser may refuse storage; then the choice lasts as long as the page.
  }
}
