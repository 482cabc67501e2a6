import { useEffect } from 'react'

// What is not looked at first, each loaded when it is.
export const loadInstancePage = () => import('./pages/instance-page')
export const loadPricesPage = () => import('./pages/prices-page')
export const loadSettingsPage = () => import('./pages/settings-page')
export const loadWhyPanel = () => import('../features/proof/why-panel')

/**
 * Have these scripts at hand before they are asked for: by then the server may be gone.
 *
 * Where one cannot be had now, it is asked for again when it is looked at.
 */
export function useLatePartsAtHand(isSignedIn: boolean): void {
  useEffect(() => {
    if (!isSignedIn || !('requestIdleCallback' in window)) return
    const waiting = [loadWhyPanel, loadPricesPage, loadInstancePage, loadSettingsPage].map((load) =>
      requestIdleCallback(() => {
        load().catch(() => undefined)
      }),
    )
    return () => {
      waiting.forEach(cancelIdleCallback)
    }
  }, [isSignedIn])
}
