"""Clocks that jump, lie far ahead, or disagree: nothing negative, lost or doubled (D6)."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.faults.altered import CLOCK_FILE
from tests.faults.harness import (
    NO_LOSS,
    Batch,
    Client,
    FaultyServer,
    Json,
    event,
    expected_totals,
    loss,
    say,
)

_SHAPE = {"provider": "vast", "gpu": "RTX 4090", "gpu_count": 2, "rate": "0.74"}
_BOUNDARIES = (
    "2026-12-31T23:59:50+00:00",  # ten seconds before the year ends
    "2038-01-19T03:14:00+00:00",  # eight seconds before 32 bits of seconds end
    "2100-02-28T23:59:50+00:00",  # no leap year, though divisible by four
)
_QUESTIONS = (
    "/instances?rate_card=reference",
    "/economy/savings?rate_card=reference",
    "/economy/savings/realtime?rate_card=reference",
    "/economy/savings/history?days=30&rate_card=reference",
    "/economy/active-session?rate_card=reference",
)
_NEVER_NEGATIVE = ("hours", "cost", "seconds", "rate", "price", "equivalent")


@dataclass
class _Site:
    """A server on a clock that a test sets, and a reporter."""

    server: FaultyServer
    client: Client
    told: Path

    def set_clock(self, ahead: timedelta) -> None:
        """Put the server's clock so far ahead of the machine's."""
        self.told.write_text(str(ahead // timedelta(seconds=1)))

    def now(self) -> datetime:
        """Return what the server's clock says, to the second."""
        ahead = timedelta(seconds=int(self.told.read_text()))
        return datetime.now(UTC).replace(microsecond=0) + ahead

    def push(self, sent: Json) -> str:
        """Report an event; return what became of it, or why it was refused."""
        answer = self.client.ask("POST", "/api/v1/usage/events", {"events": [sent]})
        if answer.status == 200:
            became: str = answer.body["results"][0]["status"]
            return became
        assert answer.status == 422, answer
        code: str = answer.body["code"]
        return code

    def answers(self) -> list[Any]:
        """Return what every question about the account is answered."""
        return [self.client.read(f"/api/v1{question}") for question in _QUESTIONS]

    def received(self) -> list[Json]:
        """Return the events that the server lists, first received first."""
        listed: list[Json] = self.client.read("/api/v1/usage/events?limit=100")["events"]
        return [one for one in reversed(listed) if one["status"] == "accepted"]


@pytest.fixture
def alterations() -> str:
    """Return what the server does otherwise, beside its clock."""
    return ""


@pytest.fixture
def site(tmp_path: Path, alterations: str) -> Iterator[_Site]:
    """Start a server whose clock is the machine's, until a test sets it."""
    told = tmp_path / "clock"
    names = ",".join(filter(None, ("clock", alterations)))
    server = FaultyServer(tmp_path / "economy.db", alterations=names, told={CLOCK_FILE: str(told)})
    client = Client(server.port, server.new_token())
    running = _Site(server, client, told)
    running.set_clock(timedelta(0))
    with server.running():
        yield running


def _negatives(answer: object, name: str = "") -> Iterator[str]:
    """Yield the durations and costs of an answer that are below zero; a saving may be."""
    if isinstance(answer, dict):
        for key, value in answer.items():
            yield from _negatives(value, key)
    elif isinstance(answer, list):
        for value in answer:
            yield from _negatives(value, name)
    elif "saving" not in name and any(part in name for part in _NEVER_NEGATIVE):
        yield from [f"{name}: {answer}"] if str(answer).startswith("-") else []


def _named_skews(answers: Iterable[Any]) -> set[str]:
    """Return the sources of which answers say that their clocks run minutes ahead."""
    messages = [
        one["message"]
        for answer in answers
        for one in answer["notices"]
        if one["code"] == "clock_skew"
    ]
    return {name for one in messages for name in re.findall(r": (\w+) by 2[678]\d s\.", one)}


def _jump_about(site: _Site) -> tuple[Batch, list[str]]:
    """Report machines while the server's clock jumps 10 minutes back, ahead, and back again.

    Returns what was reported, and whatever was wrong in between.
    """
    sent: Batch = []
    wrong: list[str] = []

    def report(kind: str, instance: str, **shape: object) -> None:
        one = event(kind, instance, site.now(), f"{kind}-{instance}", **shape)
        sent.append(one)
        assert site.push(one) == "accepted"
        look()

    def look() -> None:
        wrong.extend(_negatives(site.answers()))
        totals, as_of = site.client.totals_and_instant()
        if totals != expected_totals(sent, as_of):
            wrong.append(f"totals at {as_of}: {totals}")

    ten_minutes = timedelta(minutes=10)
    report("start", "i-1", **_SHAPE)
    site.set_clock(-ten_minutes)
    look()
    report("start", "i-2", **_SHAPE)
    site.set_clock(ten_minutes)
    look()
    report("stop", "i-1")
    report("stop", "i-2")
    site.set_clock(timedelta(0))
    look()
    report("start", "i-3", **_SHAPE)
    site.set_clock(2 * ten_minutes)
    report("stop", "i-3")
    return sent, wrong


def test_a_clock_that_jumps_makes_nothing_negative(site: _Site) -> None:
    """Each session is there once, as long as its reports say; events are in the order received."""
    sent, wrong = _jump_about(site)

    assert wrong == []
    assert site.client.totals() == expected_totals(sent)
    received = site.received()
    assert [one["id"] for one in received] == [one["id"] for one in sent]
    instants = [one["received_at"] for one in received]
    assert instants == sorted(set(instants))
    assert loss([one["id"] for one in sent], site.server.stored_ids()) == NO_LOSS


@pytest.mark.parametrize("alterations", ["orders_by_clock"])
def test_an_order_by_the_clock_would_be_noticed(site: _Site) -> None:
    """Control: where events are received when the clock says, a jump changes their order."""
    sent, _ = _jump_about(site)

    assert [one["id"] for one in site.received()] != [one["id"] for one in sent]


@pytest.mark.parametrize("alterations", ["follows_forward_only"])
def test_a_ledger_from_the_future_would_be_noticed(site: _Site) -> None:
    """Control: where a ledger is not replayed when the clock goes back, figures go wrong."""
    _, wrong = _jump_about(site)

    say(wrong=wrong)
    assert wrong


@pytest.mark.parametrize("boundary", _BOUNDARIES)
def test_a_session_runs_through_a_boundary_of_the_calendar(site: _Site, boundary: str) -> None:
    """An hour before it and an hour after it: both in the total, each on its day."""
    middle = datetime.fromisoformat(boundary)
    hour = timedelta(hours=1)
    site.set_clock(middle - datetime.now(UTC))
    start = event("start", "i-1", middle - hour, "start", **_SHAPE)
    stop = event("stop", "i-1", middle + hour, "stop")

    assert site.push(start) == "accepted"
    running = site.answers()
    site.set_clock(middle + 2 * hour - datetime.now(UTC))
    assert site.push(stop) == "accepted"
    over = site.answers()

    assert not list(_negatives([running, over]))
    assert site.client.totals() == expected_totals([start, stop])
    history = site.client.read("/api/v1/economy/savings/history?days=30&timezone=UTC")
    midnight = (middle + hour).replace(hour=0, minute=0, second=0)
    by_day = {day["date"]: day["hours_used"] for day in history["history"]}
    first = min(max((midnight - (middle - hour)) / hour, 0), 2)
    expected = {(middle - hour).date(): round(first, 4), midnight.date(): round(2 - first, 4)}
    assert by_day == {day.isoformat(): hours for day, hours in expected.items() if hours}


def test_a_reporter_may_be_five_minutes_ahead(site: _Site) -> None:
    """Beyond, its report is refused with the reason, and kept for view; it is no session.

    Every answer names the reporter, until it reports in time.
    """
    ahead = site.now() + timedelta(minutes=4, seconds=40)
    too_far = site.now() + timedelta(minutes=5, seconds=20)

    assert site.push(event("start", "i-1", ahead, "ahead", **_SHAPE)) == "accepted"
    assert site.push(event("start", "i-2", too_far, "too-far", **_SHAPE)) == "time_in_future"

    answers = site.answers()
    assert not list(_negatives(answers))
    assert _named_skews(answers) == {"fleet"}
    assert site.server.stored_ids() == ["ahead"]
    site.set_clock(timedelta(minutes=10))
    assert site.push(event("seen", "i-1", site.now(), "in-time")) == "accepted"
    assert not _named_skews(site.answers())
    (row,) = site.client.read("/api/v1/instances?rate_card=reference")["instances"]
    assert row["instance_id"] == "i-1"
    assert row["session"]["hours"] > 0
