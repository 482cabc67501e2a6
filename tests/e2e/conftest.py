"""A server, a reporter, and Debian's Chromium."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.e2e.live_server import EMAIL, PASSWORD, LiveServer, Reporter

CHROMIUM = "/usr/bin/chromium"
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
    live.economy("user", "add", EMAIL, "--account", "acme", given=f"{PASSWORD}\n")
    live.start()
    yield live
    live.stop()


@pytest.fixture
def reporter(server: LiveServer) -> Reporter:
    """Return a reporter with a token of all scopes."""
    scopes = ("--scope", "ingest", "--scope", "backfill", "--scope", "read")
    return Reporter(server, server.economy("token", "create", "--account", "acme", *scopes))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return one Chromium for all tests."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        yield chromium
        chromium.close()


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
