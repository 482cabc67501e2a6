import { loadFormatsAfterPaint } from './lib/formatters'
import { siteOf } from './lib/site'
import { economyWidgetElement } from './widget/economy-widget-element'

const NAME = 'economy-widget'

// A page may load the script twice, from two of its parts.
if (customElements.get(NAME) === undefined) {
  customElements.define(NAME, economyWidgetElement(siteOf(import.meta.url)))
}

loadFormatsAfterPaint()
