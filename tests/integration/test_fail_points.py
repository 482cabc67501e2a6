"""No moment lies between "seen" and "stored": whatever fails, a retry ends in counted once."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, PoolProxiedConnection, event
from werkzeug.test import TestResponse

from dumont_economy.api import usage
from dumont_economy.api.idempotency import once_response
from dumont_economy.metering.event_input import read_event
from dumont_economy.metering.usage_event import UsageEvent
from dumont_economy.storage import idempotency_keys, usage_events
from dumont_economy.storage.event_chain import LedgerHead
from tests.api.harness import (
    Application,
    Caller,
    Json,
    hours_ago,
    start,
    start_application_on,
    stop,
)
from tests.postgresql import PostgreSql

# The last of them cannot be taken, so that what is refused is stored, too.
BATCH = [
    start("i-1", hours_ago(3), rate="1.00"),
    stop("i-1", hours_ago(1)),
    {**stop("i-1", hours_ago(1)), "id": "wrong", "rate": "1.00"},
]
COST = 2.0
COUNTED_ONCE = {("start", hours_ago(3)): 1, ("stop", hours_ago(1)): 1}


class FailureError(Exception):
    """What a fail-point raises."""


class FailPoint:
    """Raises the first time that it is passed once it is armed, and never again."""

    def __init__(self) -> None:
        self.is_armed = False
        self.was_passed = False

    def pass_through(self) -> None:
        """Fail, if this is the first time."""
        if self.is_armed:
            self.is_armed, self.was_passed = False, True
            raise FailureError

    def before(self, step: Callable[..., Any]) -> Callable[..., Any]:
        """Return a step that may fail before it has done anything."""

        def failing(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401  whatever the step takes
            self.pass_through()
            return step(*arguments, **named)

        return failing

    def after(self, step: Callable[..., Any]) -> Callable[..., Any]:
        """Return a step that may fail when all is done."""

        def failing(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401  whatever the step takes
            done = step(*arguments, **named)
            self.pass_through()
            return done

        return failing


@pytest.fixture(params=["sqlite", "postgresql"])
def application(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Application]:
    """Start an application over a database of either kind."""
    url = f"sqlite:///{tmp_path / 'economy.db'}"
    if request.param == "postgresql":
        cluster: PostgreSql = request.getfixturevalue("postgresql")
        url = cluster.new_database()
    started = start_application_on(url)
    yield started
    started.close()


# Every step of the way in, in its order: whose it is, and what it is called there.
STEPS: list[tuple[Any, str]] = [
    (usage, "read_batch"),
    (usage, "store_batch"),
    (usage_events, "lock_ledger"),
    (usage_events, "events_by_key"),
    (usage_events, "append_events"),
    (usage_events, "append_refused"),
    (usage_events, "prune_refused"),
]
STEPS_OF_A_KEY: list[tuple[Any, str]] = [
    (idempotency_keys, "begin_key"),
    (idempotency_keys, "keep_answer"),
    (idempotency_keys, "prune_keys"),
]


@contextmanager
def _at_a_writers_commit(
    engine: Engine, point: FailPoint, side: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Put a fail-point beside the commit of what writes; what reads only passes none."""
    writes: list[bool] = []
    commit = engine.dialect.do_commit

    def note(connection: Connection) -> None:
        writes[:] = [connection.get_execution_options().get("writes", False)]

    def failing(dbapi_connection: PoolProxiedConnection) -> None:
        step = getattr(point, side)(commit) if any(writes) else commit
        step(dbapi_connection)

    event.listen(engine, "commit", note)
    with monkeypatch.context() as patched:
        patched.setattr(engine.dialect, "do_commit", failing)
        yield
    event.remove(engine, "commit", note)


def fail_points(
    application: Application,
    monkeypatch: pytest.MonkeyPatch,
    steps: Sequence[tuple[Any, str]] = STEPS,
) -> Iterator[tuple[str, FailPoint]]:
    """Yield each fail-point while it is in place, with its name."""
    engine = application.database.engine
    for owner, name in steps:
        for side in ("before", "after"):
            point = FailPoint()
            with monkeypatch.context() as patched:
                patched.setattr(owner, name, getattr(point, side)(getattr(owner, name)))
                yield f"{side} {name}", point
    for side in ("before", "after"):
        point = FailPoint()
        with _at_a_writers_commit(engine, point, side, monkeypatch):
            yield f"{side} the commit", point
    for table in ("INSERT INTO usage_event", "UPDATE account", "INSERT INTO refused_event"):
        point = FailPoint()

        def fail(
            _connection: object,
            _cursor: object,
            statement: str,
            *_more: object,
            point: FailPoint = point,
            table: str = table,
        ) -> None:
            if statement.startswith(table):
                point.pass_through()

        event.listen(engine, "after_cursor_execute", fail)
        yield f"after {table}", point
        event.remove(engine, "after_cursor_execute", fail)
    point = FailPoint()
    with monkeypatch.context() as patched:
        patched.setattr("dumont_economy.api.usage.once_response", point.before(once_response))
        yield "before the answer", point


def counted(caller: Caller) -> dict[tuple[str, str], int]:
    """Return how often each report counts, by what it says."""
    shown = caller.read("/usage/events")["events"]
    return Counter((one["type"], one["time"]) for one in shown if one["status"] == "accepted")


def after_failure_and_retry(caller: Caller, point: FailPoint) -> dict[tuple[str, str], int]:
    """Send a batch that fails, once, and again; return how often each of its reports counts."""
    point.is_armed = True
    assert caller.send(BATCH).status_code == 500
    assert point.was_passed
    again = caller.send(BATCH)
    assert again.status_code == 200
    became: list[Json] = again.get_json()["results"]
    assert {one["status"] for one in became[:2]} <= {"accepted", "duplicate"}
    return counted(caller)


def test_each_report_counts_once_whatever_fails(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never not at all and never twice, before and after every step, on both databases."""
    tried = set()
    for name, point in fail_points(application, monkeypatch):
        caller = application.machine(application.account(name))

        found = after_failure_and_retry(caller, point)

        assert found == COUNTED_ONCE, name
        assert caller.read("/economy/savings")["lifetime_cost"] == COST, name
        tried.add(name)
    assert len(tried) == 2 * len(STEPS) + 2 + 3 + 1


def test_with_a_key_too_each_report_counts_once_whatever_fails(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key adds a commit before the work and a row in it: neither may stand in a retry's way."""
    steps = [*STEPS, *STEPS_OF_A_KEY]
    for name, point in fail_points(application, monkeypatch, steps):
        caller = application.machine(application.account(name))
        point.is_armed = True
        assert send_with_key(caller).status_code == 500, name
        assert point.was_passed

        again = send_with_key(caller)
        if again.status_code == 409:  # It failed between the claim and the work, as a kill does.
            application.clock.advance(seconds=30)
            again = send_with_key(caller)

        assert again.status_code == 200, name
        assert counted(caller) == COUNTED_ONCE, name


def send_with_key(caller: Caller) -> TestResponse:
    """Send the batch under a key."""
    headers = {**caller.headers, "Idempotency-Key": "k"}
    return caller.client.post("/api/v1/usage/events", json={"events": BATCH}, headers=headers)


def test_a_key_that_is_noted_before_its_event_is_stored_would_lose_it(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check is able to find a report that does not count at all."""
    noted: dict[tuple[str, tuple[str, str]], UsageEvent] = {}
    right = usage_events.append_events

    def from_memory(
        _connection: object, account_id: str, keys: list[tuple[str, str]]
    ) -> dict[tuple[str, str], UsageEvent]:
        return {key: noted[account_id, key] for key in keys if (account_id, key) in noted}

    def note_and_store(
        connection: Connection,
        account_id: str,
        head: LedgerHead,
        events: list[UsageEvent],
        **more: Any,  # noqa: ANN401  whatever else is stored
    ) -> tuple[LedgerHead, list[str]]:
        noted.update(((account_id, (one.source, one.id)), one) for one in events)
        return right(connection, account_id, head, events, **more)

    monkeypatch.setattr(usage_events, "events_by_key", from_memory)
    monkeypatch.setattr(usage_events, "append_events", note_and_store)

    assert counted_after(application, monkeypatch, "before the commit") == {}


def test_a_key_of_the_servers_own_would_count_twice(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check is able to find a report that counts more than once."""
    numbers = count()

    def renamed(raw: object, *, default_currency: str) -> UsageEvent:
        read = read_event(raw, default_currency=default_currency)
        return read._replace(id=f"{read.id} {next(numbers)}")

    monkeypatch.setattr("dumont_economy.services.record_usage.read_event", renamed)

    found = counted_after(application, monkeypatch, "after the commit")

    assert set(found.values()) == {2}


def counted_after(
    application: Application, monkeypatch: pytest.MonkeyPatch, wanted: str
) -> dict[tuple[str, str], int]:
    """Return how often each report counts after a failure at one of the fail-points."""
    found = {}
    for name, point in fail_points(application, monkeypatch):
        if name == wanted:
            caller = application.machine(application.account(name))
            found = after_failure_and_retry(caller, point)
    return found
