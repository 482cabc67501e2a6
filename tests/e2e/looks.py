"""What holds of every page, whatever it shows: how it is looked at in Chromium."""

import re
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import ConsoleMessage, Page, Request, expect

from tests.e2e.traffic import STREAM

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
_QUIET_LOOKS, _LOOK_MS = 3, 30
SCREENS = Path(__file__).parents[2] / "test-results" / "screens"
HEIGHT = 900

# Small words that are in almost every English sentence and in no Portuguese one.
_ENGLISH = re.compile(
    r"\b(the|of|and|is|are|was|were|with|for|from|not|this|that|which|you|your|has|have|since|"
    r"saved|by|on|all|it|its|how|what|why|costs?|instances?|prices?|rates?|hours?|days?)\b",
    re.IGNORECASE,
)
# Words that people read or hear on a page: neither the server's own words, which are marked as
# English and stand below ours, nor names of SKUs and sources.
_WORDS = """
() => {
  const found = []
  const isForeign = (node) => node.closest('[lang=en], .font-mono, a[rel~=noreferrer]')
  const widgets = [...document.querySelectorAll('economy-widget')]
  for (const root of [document.body, ...widgets.map((widget) => widget.shadowRoot)]) {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
    while (walker.nextNode()) {
      const text = walker.currentNode.textContent.trim()
      if (text !== '' && !isForeign(walker.currentNode.parentElement)) found.push(text)
    }
    for (const node of root.querySelectorAll('[aria-label], [title], [alt], [placeholder]')) {
      for (const name of ['aria-label', 'title', 'alt', 'placeholder']) {
        const text = node.getAttribute(name)
        if (text && !isForeign(node)) found.push(text)
      }
    }
  }
  return [document.title, ...found]
}
"""
_TOO_WIDE = """
() => [document.documentElement, ...document.querySelectorAll('dialog')]
  .some((one) => one.scrollWidth > one.clientWidth)
"""


class Look(NamedTuple):
    """How a page is looked at."""

    theme: str
    locale: str
    width: int

    @property
    def language(self) -> str:
        """Return the language that the page has to be in."""
        return self.locale.removesuffix("-US")


class Watch:
    """What a page asks for and what it says on the console: nothing there, if it is well."""

    def __init__(self, page: Page, allowed: str | None = None) -> None:
        self.said: list[str] = []
        self._page = page
        self._allowed = None if allowed is None else re.compile(allowed)
        self._pending: set[Request] = set()
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.said.append(f"page error: {error}"))
        page.on("request", self._asked)
        page.on("requestfinished", self._answered)
        page.on("requestfailed", self._answered)

    def _note(self, message: ConsoleMessage) -> None:
        if self._allowed is None or not self._allowed.search(message.text):
            self.said.append(f"{message.type}: {message.text}")

    def _asked(self, request: Request) -> None:
        if not request.url.endswith(STREAM):
            self._pending.add(request)

    def _answered(self, request: Request) -> None:
        self._pending.discard(request)

    def settle(self) -> None:
        """Wait until nothing of the page is on its way, but for the stream, which has no end.

        Playwright's own wait for that is half a second of silence: over all pages, a minute.
        """
        self._page.wait_for_load_state("load")
        quiet = 0
        while quiet < _QUIET_LOOKS:
            expect(self._page.locator(".skeleton")).to_have_count(0)
            self._page.wait_for_timeout(_LOOK_MS)
            quiet = 0 if self._pending else quiet + 1


def violations(page: Page) -> list[Any]:
    """Return what axe finds."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [(one["id"], [node["target"] for node in one["nodes"]]) for one in found]


def is_too_wide(page: Page) -> bool:
    """Say whether a page, or the panel over it, has to be scrolled sideways."""
    wide: bool = page.evaluate(_TOO_WIDE)
    return wide


def english_words(page: Page) -> list[str]:
    """Return what a page says in English, but for the server's own words."""
    return [text for text in page.evaluate(_WORDS) if _ENGLISH.search(text)]


def faults(page: Page, look: Look, watch: Watch) -> list[object]:
    """Return all that is wrong with a page."""
    found: list[object] = list(violations(page))
    if is_too_wide(page):
        found.append("has to be scrolled sideways")
    if page.locator("html").get_attribute("lang") != look.language:
        found.append("is in another language")
    if look.language != "en":
        found += [f"English: {text}" for text in english_words(page)]
    return found + watch.said


def picture(page: Page, name: str) -> None:
    """Keep what a page looks like in its whole length, or the panel over it in its."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    sheet = page.locator("dialog")
    is_sheet = sheet.count() > 0
    if is_sheet:
        size = page.viewport_size or {"width": 0, "height": 0}
        height = max(size["height"], sheet.evaluate("(sheet) => sheet.scrollHeight"))
        page.set_viewport_size({"width": size["width"], "height": height})
    page.screenshot(path=SCREENS / f"{name}.png", full_page=not is_sheet)
