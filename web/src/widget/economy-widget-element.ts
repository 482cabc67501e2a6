import { type Provider, PROVIDERS } from '../api/comparison'
import { type Language, readersLanguage, spokenFor } from '../lib/language'
import type { Site } from '../lib/site'
import { THEMES } from '../lib/theme'
import { readChosenProvider } from '../state/economy-slice'
import { drawMeter, releaseMeter } from './meters'
import styles from './shadow.css?inline'

const OBSERVED = ['provider', 'base', 'theme', 'lang'] as const

/** One for all meters; a constructed sheet needs no leave of the page's Content-Security-Policy. */
const sheet = new CSSStyleSheet()
sheet.replaceSync(styles)

/** Make the class of `<economy-widget>`, whose meters are of a site unless they name another. */
export function economyWidgetElement(scriptSite: Site): CustomElementConstructor {
  return class EconomyWidgetElement extends HTMLElement {
    static readonly observedAttributes = OBSERVED

    readonly #frame = document.createElement('div')

    constructor() {
      super()
      this.#frame.className = 'economy-frame'
      const shadow = this.attachShadow({ mode: 'open' })
      shadow.adoptedStyleSheets = [sheet]
      shadow.append(this.#frame)
    }

    connectedCallback(): void {
      this.#draw()
    }

    disconnectedCallback(): void {
      // An element that is moved leaves the page and is back before this is looked at.
      queueMicrotask(() => {
        if (!this.isConnected) releaseMeter(this.#frame)
      })
    }

    /** Called instead of the two above where a page moves the element without taking it out. */
    connectedMoveCallback(): void {
      this.#draw()
    }

    attributeChangedCallback(): void {
      if (this.isConnected) this.#draw()
    }

    #draw(): void {
      const spoken = this.#language()
      const theme = THEMES.find((known) => known === this.getAttribute('theme'))
      this.#frame.lang = spoken
      if (theme === undefined) delete this.#frame.dataset['theme']
      else this.#frame.dataset['theme'] = theme
      drawMeter(this.#frame, { site: this.#site(), provider: this.#provider(), spoken })
    }

    #site(): Site {
      const base = this.getAttribute('base')
      if (base === null) return scriptSite
      return new URL(base.endsWith('/') ? base : `${base}/`, document.baseURI)
    }

    /** The provider that is named, or the one that was chosen last in the screen. */
    #provider(): Provider | { readonly unknown: string } {
      const name = this.getAttribute('provider')
      if (name === null) return readChosenProvider()
      const known = PROVIDERS.find((one) => one.toLowerCase() === name.trim().toLowerCase())
      return known ?? { unknown: name }
    }

    /** The language of this part of the page; the reader's where it names none of ours. */
    #language(): Language {
      const named = this.closest<HTMLElement>('[lang]')?.lang ?? ''
      return spokenFor(named) ?? readersLanguage()
    }
  }
}
