import { setupListeners } from '@reduxjs/toolkit/query'
import { createPortal } from 'react-dom'
import { createRoot, type Root } from 'react-dom/client'
import { Provider as StoreProvider } from 'react-redux'
import type { Provider } from '../api/comparison'
import { economyApi, useGetSessionQuery } from '../api/economy-api'
import { EconomyPolling } from '../app/economy-polling'
import { makeQuietStore } from '../app/store'
import { type Language, language } from '../lib/language'
import { speak } from '../lib/messages'
import type { Site } from '../lib/site'
import { setProvider } from '../state/economy-slice'
import { Meter, UnknownProvider } from './meter'

/** What a page asks a meter to show. */
export interface Asked {
  readonly site: Site
  /** Whom to compare with; what is not the name of a provider is refused in words. */
  readonly provider: Provider | { readonly unknown: string }
  readonly spoken: Language
}

interface Drawn {
  readonly key: number
  readonly asked: Asked
}

const groups = new Map<string, MeterGroup>()
let drawnSoFar = 0

/** Draw a meter into an element, or draw it anew. */
export function drawMeter(frame: HTMLElement, asked: Asked): void {
  const { site, spoken } = asked
  const isNewLanguage = spoken !== language
  if (isNewLanguage) speak(spoken)
  let group = groups.get(site.href)
  if (group === undefined) {
    group = new MeterGroup(site)
    groups.set(site.href, group)
  }
  for (const other of groups.values()) if (other !== group) other.release(frame)
  group.show(frame, asked)
  // A page speaks one language: what was drawn in another is drawn anew.
  if (isNewLanguage) for (const one of groups.values()) one.retell()
}

/** Draw a meter no more. */
export function releaseMeter(frame: HTMLElement): void {
  for (const group of groups.values()) group.release(frame)
}

/**
 * The meters of one site on a page: they share one store, so what they show is asked for once.
 *
 * They are one tree, drawn into each element through a portal, so that there is one poll, however
 * many there are. With the last of them everything goes: requests, timers, listeners.
 */
class MeterGroup {
  readonly #site: Site
  readonly #store: ReturnType<typeof makeQuietStore>
  readonly #root: Root
  readonly #stopListening: () => void
  readonly #drawn = new Map<HTMLElement, Drawn>()

  constructor(site: Site) {
    this.#site = site
    this.#store = makeQuietStore(site)
    this.#root = createRoot(document.createElement('div'))
    this.#stopListening = setupListeners(this.#store.dispatch)
  }

  show(frame: HTMLElement, asked: Asked): void {
    const key = this.#drawn.get(frame)?.key ?? ++drawnSoFar
    this.#drawn.set(frame, { key, asked })
    this.#draw()
  }

  release(frame: HTMLElement): void {
    if (!this.#drawn.delete(frame)) return
    if (this.#drawn.size > 0) {
      this.#draw()
      return
    }
    groups.delete(this.#site.href)
    this.#root.unmount()
    this.#stopListening()
    this.#store.dispatch(economyApi.util.resetApiState())
  }

  /** Draw everything in the language that is spoken now. */
  retell(): void {
    // A reason why there are no figures was told in the last language, and is asked for again.
    this.#store.dispatch(economyApi.util.invalidateTags(['Session', 'Ledger']))
    this.#draw()
  }

  #draw(): void {
    const providers = [...this.#drawn.values()].map(({ asked }) => asked.provider)
    // The validity of the first one's answer sets the pace for all.
    const first = providers.find((provider) => typeof provider === 'string')
    if (first !== undefined) this.#store.dispatch(setProvider(first))
    this.#root.render(
      <StoreProvider store={this.#store}>
        <Polling />
        {[...this.#drawn].map(([frame, { key, asked }]) => (
          <InFrame key={`${key} ${language}`} frame={frame} asked={asked} />
        ))}
      </StoreProvider>,
    )
  }
}

function InFrame({ frame, asked }: { readonly frame: HTMLElement; readonly asked: Asked }) {
  const { site, provider } = asked
  return createPortal(
    typeof provider === 'string' ? (
      <Meter site={site} provider={provider} />
    ) : (
      <UnknownProvider name={provider.unknown} />
    ),
    frame,
  )
}

/** Keeps the figures of somebody who is signed in fresh, for all meters at once. */
function Polling() {
  const { data: session } = useGetSessionQuery()
  return session == null ? null : <EconomyPolling accountId={session.account.id} />
}
