"""Every page can be gone through with the Tab key, and one sees where one is."""

from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.looks import HEIGHT, Watch
from tests.e2e.states import ADDRESSES, Stage
from tests.e2e.worlds import Universe

PAGES = ("dashboard", "savings", "prices", "settings", "instance")
_UNFOLD = "for (const folded of document.querySelectorAll('details')) folded.open = true"
# Names what can be operated and is seen, from the top.
_NAME_ALL = """
() => {
  window.named = new Map()
  for (const node of document.querySelectorAll(
    'a[href], button, input, select, textarea, summary, [tabindex="0"]'
  )) {
    if (node.disabled || !node.checkVisibility({ visibilityProperty: true })) continue
    const words = node.ariaLabel ?? node.labels?.[0]?.textContent ?? node.textContent
    window.named.set(node, `${window.named.size}: ${node.localName} ${words.slice(0, 40)}`)
  }
  return [...window.named.values()]
}
"""
# Where the focus is, null outside of the page, and whether one sees it.
_STOP = """
() => {
  const node = document.activeElement
  if (node === null || node === document.body) return null
  const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(node)
  const { top, bottom, left, right } = node.getBoundingClientRect()
  return {
    name: window.named.get(node) ?? node.outerHTML,
    isSeen: outlineStyle !== 'none' && parseFloat(outlineWidth) > 0
      && !outlineColor.endsWith(', 0)')
      && top < innerHeight && bottom > 0 && left < innerWidth && right > 0,
  }
}
"""


class Walk(NamedTuple):
    """What can be operated, where Tab stopped, and at which stops that was not seen."""

    operable: list[str]
    stopped: list[str]
    unseen: list[str]


def walked(page: Page) -> Walk:
    """Press Tab from the top of a page until the focus leaves it."""
    operable = page.evaluate(_NAME_ALL)
    stops = []
    # One more than is needed: a focus that goes in circles is found as well.
    for _ in range(len(operable) + 1):
        page.keyboard.press("Tab")
        stop = page.evaluate(_STOP)
        if stop is None:
            break
        stops.append(stop)
    unseen = [stop["name"] for stop in stops if not stop["isSeen"]]
    return Walk(operable, [stop["name"] for stop in stops], unseen)


@pytest.mark.parametrize("name", PAGES)
def test_tab_stops_once_at_all_that_can_be_operated(
    browser: Browser, universe: Universe, name: str
) -> None:
    """In the order of the page, nowhere else, and at each stop there is a ring in sight."""
    context = browser.new_context(
        viewport={"width": 1440, "height": HEIGHT}, storage_state=universe.sessions["fleet"]
    )
    page = context.new_page()
    watch = Watch(page)
    Stage(page, watch, universe, "fleet", name, universe.server.url + ADDRESSES[name]).open()
    page.evaluate(_UNFOLD)
    watch.settle()

    walk = walked(page)

    assert len(walk.operable) > 5
    assert walk.stopped == walk.operable
    assert walk.unseen == []
    context.close()
    assert watch.said == []
