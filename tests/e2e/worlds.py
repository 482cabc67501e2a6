"""One server whose accounts are the worlds that pages are looked at in."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from tests.e2e.live_server import PASSWORD, LiveServer, Reporter, add_account

# The instance that each world has under one name; a slash is part of it.
INSTANCE = "rack/7"
_ONE = {"provider": "vast", "gpu_count": 1}


def _ago(hours: float) -> datetime:
    return datetime.now(UTC) - timedelta(hours=hours)


def _newcomer(reporter: Reporter) -> None:
    """Report nothing."""
    del reporter


def _quiet(reporter: Reporter) -> None:
    """Report a machine that stopped yesterday, whose disk is still paid."""
    rates = {"disk_rate_running": "0.10", "disk_rate_stopped": "0.10"}
    disk = {"disk_gb": "500", "disk_hours_per_month": 730, **rates}
    reporter.push("start", INSTANCE, _ago(40), gpu="H100 SXM", rate="2.20", **_ONE, **disk)
    reporter.push("stop", INSTANCE, _ago(20))


def _fleet(reporter: Reporter) -> None:
    """Report machines that run, idle and stopped, one with a price that changed."""
    reporter.push("start", INSTANCE, _ago(50), gpu="H100 SXM", rate="2.20", **_ONE)
    reporter.push("price_change", INSTANCE, _ago(20), rate="2.60")
    reporter.push("start", "batch", _ago(30), gpu="L4", rate="0.40", **_ONE)
    reporter.push("stop", "batch", _ago(4))
    reporter.push("start", "a100s", _ago(3), provider="vast", gpu_count=8, gpu="A100", rate="9.60")
    reporter.push("idle", "a100s", _ago(1))


def _dear(reporter: Reporter) -> None:
    """Report a machine that costs more than what it is compared with."""
    reporter.push("start", INSTANCE, _ago(30), gpu="T4", rate="1.00", **_ONE)
    reporter.push("busy", INSTANCE, _ago(2))


def _odd(reporter: Reporter) -> None:
    """Report a GPU that nobody knows, and one that AWS has a substitute for only."""
    reporter.push("start", INSTANCE, _ago(6), gpu="Foo 9000", rate="1.00", **_ONE)
    reporter.push("start", "gaming", _ago(6), gpu="RTX 4090", rate="0.40", **_ONE)


def _old(reporter: Reporter) -> None:
    """Report GPUs whose AWS price was read in 2025."""
    v100s = {"provider": "vast", "gpu": "V100", "gpu_count": 4}
    reporter.push("start", INSTANCE, _ago(6), rate="1.20", **v100s)


def _silent(reporter: Reporter) -> None:
    """Report a start, and nothing since."""
    reporter.push("start", INSTANCE, _ago(49), gpu="L4", rate="0.40", **_ONE)


WORLDS: dict[str, Callable[[Reporter], None]] = {
    "newcomer": _newcomer,
    "quiet": _quiet,
    "fleet": _fleet,
    "dear": _dear,
    "odd": _odd,
    "old": _old,
    "silent": _silent,
    "sample": _fleet,
}


@dataclass(frozen=True)
class Universe:
    """A server with a reporter and a session for each account, and a server without an owner."""

    server: LiveServer
    unowned: LiveServer
    reporters: dict[str, Reporter]
    sessions: dict[str, Any]

    def stop(self) -> None:
        """Stop both servers."""
        self.server.stop()
        self.unowned.stop()


def email_of(world: str) -> str:
    """Return the e-mail of the owner of a world."""
    return f"{world}@example.com"


def start_universe(folder: Path, browser: Browser) -> Universe:
    """Start a server over a fresh database with an account for each world."""
    server = LiveServer(folder / "economy.db")
    reporters = {
        world: Reporter(
            server, add_account(server, world, email_of(world), is_sample=world == "sample")
        )
        for world in WORLDS
    }
    server.start()
    unowned = LiveServer(folder / "unowned.db")
    unowned.start()
    for world, report in WORLDS.items():
        report(reporters[world])
    sessions = {world: _sign_in(server, browser, world) for world in WORLDS}
    return Universe(server, unowned, reporters, sessions)


def _sign_in(server: LiveServer, browser: Browser, world: str) -> Any:  # noqa: ANN401  its type
    """Return the cookies of the owner of a world."""
    context = browser.new_context()
    body = {"email": email_of(world), "password": PASSWORD}
    answer = context.request.post(f"{server.url}/api/v1/auth/login", data=body)
    assert answer.ok, answer.text()
    kept = context.storage_state()
    context.close()
    return kept
