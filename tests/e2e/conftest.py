"""A server, a reporter, and Debian's Chromium."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.e2e.live_server import EMAIL, LiveServer, Reporter, add_account
from tests.e2e.worlds import Universe, start_universe

CHROMIUM = "/usr/bin/chromium"
# What a page comes to show is waited for, however busy the machine is; a test that claims how soon
# says so itself.
_SHOWN_WITHIN_MS = 20_000
# Without the network flags Chromium asks its maker's hosts at every start.
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LiveServer]:
    """Return a running server with an owner in the account `acme`."""
    live = LiveServer(tmp_path / "economy.db")
    live.token = add_account(live, "acme", EMAIL)
    live.start()
    yield live
    live.stop()


@pytest.fixture
def reporter(server: LiveServer) -> Reporter:
    """Return a reporter with a token of all scopes."""
    return Reporter(server, server.token)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return one Chromium for all tests."""
    with sync_playwright() as playwright:
        expect.set_options(timeout=_SHOWN_WITHIN_MS)
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def universe(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Universe]:
    """Return one server for all tests of a module that only look."""
    made = start_universe(tmp_path_factory.mktemp("universe"), browser)
    yield made
    made.stop()


@pytest.fixture
def page(browser: Browser, server: LiveServer) -> Iterator[Page]:
    """Return an empty page; whatever it says on the console fails the test at its end."""
    del server  # It outlives the page, whose stream would be lost with it.
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    opened = context.new_page()
    said: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            said.append(f"{message.type}: {message.text}")

    opened.on("console", note)
    opened.on("pageerror", lambda error: said.append(f"page error: {error}"))
    yield opened
    context.close()
    assert said == []
