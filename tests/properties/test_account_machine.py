"""Whatever happens to two accounts and the market, all figures are the model's (R-SET)."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from pkgutil import resolve_name
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import Connection, select

from dumont_economy.metering.usage_event import EventType
from dumont_economy.pricing.billing_rule import Rounding
from dumont_economy.pricing.dated_fact import ALWAYS
from dumont_economy.pricing.disk_price import NOT_COMPARED
from dumont_economy.storage.database import Database
from dumont_economy.storage.event_chain import read_head
from dumont_economy.storage.tables import account
from tests.builders import equivalent
from tests.postgresql import PostgreSql
from tests.properties.account_machine import AccountMachine

EmptyDatabase = Callable[[], Database]
_PROFILE = settings.get_current_profile_name()
# In parts, so that several processes share them.
PARTS = range(1 if _PROFILE == "mutants" else 6)
RUNS = settings(max_examples={"torture": 334, "mutants": 10}.get(_PROFILE, 50))
RUNS_FOR_A_MISTAKE = settings(max_examples=300)
RUNS_ON_A_SERVER = settings(max_examples={"torture": 100}.get(_PROFILE, 6))
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  where it costs little that a commit is on disk


def check(empty_database: EmptyDatabase, size: settings, part: int | None = None) -> None:
    """Let anything happen as often as a size says, and compare after every step.

    Each part of the suite has other runs, and the same ones every time.
    """

    class Machine(AccountMachine):
        def __init__(self) -> None:
            super().__init__(empty_database)

    if part is not None and _PROFILE != "torture":
        seed(part)(Machine)
    run_state_machine_as_test(Machine, settings=size)


@pytest.fixture
def empty_database() -> Iterator[EmptyDatabase]:
    """Return what empties a migrated database: a template is copied over its file.

    It stays one object, so that its statements need not be compiled anew in each run.
    """
    shared = _SHARED_MEMORY if _SHARED_MEMORY.is_dir() else None
    with TemporaryDirectory(dir=shared) as folder:
        template, path = Path(folder) / "template.db", Path(folder) / "economy.db"
        migrated(f"sqlite:///{template}").close()
        database = Database(f"sqlite:///{path}")

        def empty() -> Database:
            database.close()
            # What the log still holds would be lost.
            assert not list(path.parent.glob("*-wal"))
            shutil.copyfile(template, path)
            return database

        yield empty
        database.close()


def migrated(url: str) -> Database:
    """Return a database with the newest schema and nothing in it."""
    database = Database(url)
    database.migrate()
    return database


@pytest.mark.timeout(7_200 if _PROFILE == "torture" else 900)
@pytest.mark.parametrize("part", PARTS)
def test_every_figure_is_the_models_after_every_step(
    empty_database: EmptyDatabase, part: int
) -> None:
    """Push, withhold, shuffle, split, repeat, void, correct, close, ask again, move, start again.

    300 runs of 40 steps in all, 2,004 of 60 under `make torture`.
    """
    check(empty_database, RUNS, part)


def test_on_postgresql_too(postgresql: PostgreSql) -> None:
    """The same, in fewer runs, of which each has a database of its own."""
    check(lambda: migrated(postgresql.new_database()), RUNS_ON_A_SERVER)


def _of_every_account(right: Callable[..., dict[Any, Any]]) -> Callable[..., dict[Any, Any]]:
    """Return a deduplication that forgets whose an event is."""

    def wrong(connection: Connection, _account_id: str, keys: object) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for account_id in connection.execute(select(account.c.id)).scalars():
            found |= right(connection, account_id, keys)
        return found

    return wrong


# Any runs find all of them; these found most of them soonest, of eight that were tried.
RUNS_THAT_FIND = 3

# Mistakes that a meter could make: what each replaces, and what it puts in its place.
MISTAKES: dict[str, tuple[str, Callable[[Any], object]]] = {
    "padding is dropped": (
        "dumont_economy.ledger.rating._billed_end",
        lambda right: lambda *arguments: (right(*arguments)[0], 0),
    ),
    "rounding down rounds up": (
        "dumont_economy.pricing.billing_rule.BillingRule.billed_microseconds",
        lambda right: lambda rule, used: right(replace(rule, rounding=Rounding.CEIL), used),
    ),
    "ties are decided the other way round": (
        "dumont_economy.metering.gpu_session._TIE_ORDER",
        lambda right: {kind: -place for kind, place in right.items()},
    ),
    "a report that changes nothing begins a run": (
        "dumont_economy.metering.gpu_session._Replay._is_legal",
        lambda _right: lambda _replay, _event: True,
    ),
    "voids are ignored": (
        "dumont_economy.services.follow_usage.without_voided",
        lambda _right: lambda events: [one for one in events if one.type is not EventType.VOID],
    ),
    "a void of what was read before is not noticed": (
        "dumont_economy.services.follow_usage._Changes._instances_voided_in",
        lambda _right: lambda _changes, _voids: (),
    ),
    "what lies ahead never comes": (
        "dumont_economy.storage.usage_cache.next_event_at",
        lambda _right: lambda _connection, _account_id: None,
    ),
    "a late report is taken for the newest": (
        "dumont_economy.services.follow_usage._is_late",
        lambda _right: lambda _state, _events: False,
    ),
    "what history no longer holds stays in the sums": (
        "dumont_economy.services.follow_usage._Written.subtract_session",
        lambda _right: lambda _written, _session: None,
    ),
    "a minimum is no part of the sums": (
        "dumont_economy.services.follow_usage.add_steps",
        lambda right: (
            lambda sums, key, steps, **more: right(
                sums, key, [(at, members, slope, 0) for at, members, slope, _ in steps], **more
            )
        ),
    ),
    "a correction of a price is not believed": (
        "dumont_economy.pricing.rate.Rate.wins_over",
        lambda _right: lambda rate, other: rate.effective_from > other.effective_from,
    ),
    "a corrected price waits for a restart": (
        "dumont_economy.storage.prices.price_facts_version",
        lambda _right: lambda _connection: 1,
    ),
    "of two sources the wrong one is believed": (
        "dumont_economy.pricing.rate.SourceKind.rank",
        lambda right: property(lambda kind: -right.fget(kind)),
    ),
    "use without a price costs 3.00": (
        "dumont_economy.pricing.match_timeline.find_equivalent",
        lambda right: lambda *arguments, **more: right(*arguments, **more) or equivalent("3.00"),
    ),
    "all days are those of UTC": (
        "dumont_economy.services.read_history.day_start",
        lambda right: lambda day, _zone: right(day, ZoneInfo("UTC")),
    ),
    "what is received later was known before": (
        "dumont_economy.storage.usage_events.head_known_at",
        lambda _right: lambda connection, account_id, _known_at: read_head(connection, account_id),
    ),
    "what is learned later was known before": (
        "dumont_economy.services.market.market_known_at",
        lambda right: lambda connection, _as_of, version: right(connection, None, version),
    ),
    "a period is closed as of its end": (
        "dumont_economy.services.close_period.ClosedPeriod",
        lambda right: lambda **said: right(**{**said, "as_of": said["ends_at"]}),
    ),
    "a disk costs the same on and off": (
        "dumont_economy.metering.gpu_session.DiskSpan.per_gb_month",
        lambda right: property(lambda span: right.fget(replace(span, is_running=True))),
    ),
    "disks are compared with nothing": (
        "dumont_economy.services.market.Market._disk_prices",
        lambda _right: lambda _market, _question: NOT_COMPARED,
    ),
    "an exchange rate held before it did": (
        "dumont_economy.pricing.exchange_rate.ExchangeRates.timeline",
        lambda right: lambda *asked: (replace(right(*asked)[-1], since=ALWAYS),),
    ),
    "a euro is a dollar": (
        "dumont_economy.ledger.rating._converted",
        lambda _right: lambda rate, _exchange: rate,
    ),
    "a neighbour's event makes a duplicate": (
        "dumont_economy.storage.usage_events.events_by_key",
        _of_every_account,
    ),
}


# All of them under `make torture`.
@pytest.mark.parametrize("mistake", list(MISTAKES)[:: 1 if _PROFILE == "torture" else 3])
def test_a_mistake_is_found(
    empty_database: EmptyDatabase, monkeypatch: pytest.MonkeyPatch, mistake: str
) -> None:
    """Most of them within a few runs; none needs more than 300."""
    target, wrong = MISTAKES[mistake]
    monkeypatch.setattr(target, wrong(resolve_name(target)))
    until_one_is_found = settings(
        RUNS_FOR_A_MISTAKE, phases=[Phase.generate], report_multiple_bugs=False
    )

    with pytest.raises(AssertionError):
        check(empty_database, until_one_is_found, RUNS_THAT_FIND)
