"""What a page has asked for and not been answered; but for the stream, which has no end."""

import time
from weakref import WeakKeyDictionary

from playwright.sync_api import BrowserContext, Page, Request

STREAM = "/api/v1/economy/stream"
_QUIET_SECONDS = 0.5
_LONGEST_SECONDS = 30
_unanswered: "WeakKeyDictionary[BrowserContext, set[Request]]" = WeakKeyDictionary()


def watch_traffic(context: BrowserContext) -> None:
    """Note from now on what the pages of a context ask for."""
    unanswered = _unanswered.setdefault(context, set())

    def ask(request: Request) -> None:
        if not request.url.endswith(STREAM):
            unanswered.add(request)

    def get(request: Request) -> None:
        unanswered.discard(request)

    context.on("request", ask)
    context.on("requestfinished", get)
    context.on("requestfailed", get)


def wait_for_quiet(page: Page) -> None:
    """Wait until nothing has been on its way to a page for half a second."""
    unanswered = _unanswered[page.context]
    began = quiet_since = time.monotonic()
    while time.monotonic() - quiet_since < _QUIET_SECONDS:
        page.wait_for_timeout(50)
        if unanswered:
            quiet_since = time.monotonic()
        waited = quiet_since - began
        assert waited < _LONGEST_SECONDS, [request.url for request in unanswered]
