"""The states that people meet, how each comes about on the real server, and what it shows."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from playwright.sync_api import Page, Route, expect

from tests.e2e.live_server import PASSWORD
from tests.e2e.looks import is_settled
from tests.e2e.worlds import INSTANCE, Universe, email_of

_INSTANCE = f"/instances/{quote(INSTANCE, safe='')}"
ADDRESSES = {
    "login": "/login",
    "setup": "/setup",
    "dashboard": "/",
    "savings": "/savings",
    "prices": "/prices",
    "cell": "/prices?gpu=V100-16GB&count=4&provider=AWS",
    "instance": _INSTANCE,
    "settings": "/settings",
    "preview": "/settings",
    "why": "/savings?why=usage",
    "not-found": "/nowhere",
}
# What every page of figures asks for; who is signed in is known all the same.
_FIGURES = re.compile(r"/api/v1/(?!auth/)")
# Chromium's own words about an answer that did not come, which no page can keep from it.
_FAILED_REQUEST = r"^Failed to load resource: "
LIFETIME = '[data-figure="lifetime-saving"]'
SESSION = '[data-figure="session-saving"]'

Words = tuple[list[str], list[str]]


@dataclass
class Stage:
    """A page in the browser, on its way into a state."""

    page: Page
    universe: Universe
    world: str | None
    name: str
    held: list[Route] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Return the page's address."""
        return self.universe.server.url + ADDRESSES[self.name]

    def open(self) -> None:
        """Open the page and wait for what belongs to it."""
        self.page.goto(self.url)
        is_settled(self.page)
        if self.name == "preview":
            self.page.locator("input[inputmode=decimal]").first.fill("12.5")
            expect(self.page.locator('[data-figure="preview-after:AWS"]')).to_be_visible()
            expect(self.page.locator("[aria-busy=true]")).to_have_count(0)
            is_settled(self.page)

    def hold_answers(self) -> None:
        """Keep back every answer with figures."""
        self.page.route(_FIGURES, self.held.append)

    def lose_answers(self) -> None:
        """Let every request for figures fail, as when the server is gone."""
        self.page.route(_FIGURES, lambda route: route.abort())

    def give_answers(self) -> None:
        """Let requests through again, those that were held too."""
        self.page.unroute(_FIGURES)
        while self.held:
            self.held.pop().continue_()


def _opened(stage: Stage) -> None:
    stage.open()


def _nothing(stage: Stage) -> None:
    """Nothing follows."""


@dataclass(frozen=True)
class State:
    """A state: its account, the pages that it shows itself on with their words, how it begins."""

    world: str | None
    pages: Mapping[str, Words]
    begins: Callable[[Stage], None] = _opened
    # What holds besides, and how the state ends.
    ends: Callable[[Stage], None] = _nothing
    allowed: str | None = None
    is_skeleton: bool = False


def _loading(stage: Stage) -> None:
    stage.hold_answers()
    stage.page.goto(stage.url)
    expect(stage.page.locator(".skeleton").first).to_be_visible()
    stage.page.wait_for_timeout(200)


def _loaded(stage: Stage) -> None:
    stage.give_answers()
    is_settled(stage.page)


def _fails_after(stage: Stage) -> None:
    stage.page.clock.install()
    stage.open()
    stage.lose_answers()
    stage.page.clock.fast_forward(31_000)
    expect(stage.page.locator(".stale").first).to_be_visible()


def _recovers(stage: Stage) -> None:
    stage.give_answers()
    stage.page.clock.fast_forward(11_000)
    expect(stage.page.locator(".stale")).to_have_count(0)


def _fails_first(stage: Stage) -> None:
    stage.lose_answers()
    stage.page.goto(stage.url)
    expect(stage.page.get_by_role("alert").first).to_be_visible()


def _retried(stage: Stage) -> None:
    stage.give_answers()
    for _ in range(stage.page.get_by_role("alert").count()):
        stage.page.get_by_role("alert").get_by_role("button").first.click()
        is_settled(stage.page)
    expect(stage.page.get_by_role("alert")).to_have_count(0)


def _session_expired(stage: Stage) -> None:
    stage.page.clock.install()
    stage.open()
    stage.page.context.clear_cookies()
    stage.page.clock.fast_forward(61_000)
    expect(stage.page.locator("input[name=password]")).to_be_visible()


def _signed_in_again(stage: Stage) -> None:
    assert stage.world is not None
    page = stage.page
    page.locator("input[name=email]").fill(email_of(stage.world))
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("button[type=submit]").click()
    expect(page).to_have_url(stage.url)


def _refused(stage: Stage) -> None:
    stage.open()
    stage.page.locator("input[name=email]").fill("nobody@example.com")
    stage.page.locator("input[name=password]").fill("three loud guesses")
    stage.page.locator("button[type=submit]").click()
    expect(stage.page.get_by_role("alert")).to_be_visible()


def _hidden(stage: Stage) -> None:
    stage.open()


def _asleep(stage: Stage) -> None:
    stage.page.clock.install()
    stage.open()
    stage.page.clock.fast_forward(2 * 3600 * 1000)
    is_settled(stage.page)


def _clock_set(stage: Stage) -> None:
    stage.page.clock.install()
    stage.open()


STATES = {
    "signed-out": State(None, {"login": ([], []), "not-found": ([], [])}),
    "refused": State(None, {"login": ([], [])}, begins=_refused, allowed=_FAILED_REQUEST),
    "first-time": State(
        "newcomer",
        dict.fromkeys(["dashboard", "savings", "why", "settings", "setup"], ([], [])),
    ),
    "nothing-running": State(
        "quiet", dict.fromkeys(["dashboard", "savings", "instance", "why"], ([], []))
    ),
    "running": State(
        "fleet",
        dict.fromkeys(
            "dashboard savings prices cell instance settings preview why not-found".split(),
            ([], []),
        ),
    ),
    "loading": State(
        "fleet",
        dict.fromkeys("dashboard savings prices cell instance settings why".split(), ([], [])),
        begins=_loading,
        ends=_loaded,
        is_skeleton=True,
    ),
    "fails-after-data": State(
        "fleet",
        dict.fromkeys("dashboard savings instance".split(), ([], [])),
        begins=_fails_after,
        ends=_recovers,
        allowed=_FAILED_REQUEST,
    ),
    "fails-at-first": State(
        "fleet",
        dict.fromkeys("dashboard savings prices cell instance settings why".split(), ([], [])),
        begins=_fails_first,
        ends=_retried,
        allowed=_FAILED_REQUEST,
    ),
    "session-expired": State(
        "fleet",
        dict.fromkeys("dashboard savings instance".split(), ([], [])),
        begins=_session_expired,
        ends=_signed_in_again,
        allowed=_FAILED_REQUEST,
    ),
    "costs-more": State(
        "dear", dict.fromkeys("dashboard savings instance why".split(), ([], []))
    ),
    "unpriced-or-substitute": State(
        "odd", dict.fromkeys("dashboard savings instance why".split(), ([], []))
    ),
    "stale-price": State(
        "old", dict.fromkeys("dashboard savings prices cell instance why".split(), ([], []))
    ),
    "silent": State("silent", dict.fromkeys("dashboard savings instance".split(), ([], []))),
    "demo": State(
        "sample", dict.fromkeys("dashboard savings prices instance settings".split(), ([], []))
    ),
    "hidden-tab": State(
        "fleet", dict.fromkeys("dashboard savings".split(), ([], [])), begins=_hidden
    ),
    "slept": State("fleet", dict.fromkeys("dashboard savings".split(), ([], [])), begins=_asleep),
    "clock-set": State(
        "fleet", dict.fromkeys("dashboard savings".split(), ([], [])), begins=_clock_set
    ),
}
