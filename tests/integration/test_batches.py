"""Batches of events as the database takes them: any text, any mixture, and no scan of a ledger."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from dumont_economy.services.people import make_account
from dumont_economy.services.record_usage import EventStatus, record_usage
from dumont_economy.storage import database as database_module
from dumont_economy.storage.accounts import Account
from dumont_economy.storage.database import Database
from dumont_economy.storage.event_chain import EMPTY_LEDGER, read_chain, read_head
from dumont_economy.storage.stored_facts import encoded
from dumont_economy.storage.tables import usage_event
from tests.builders import SetClock
from tests.postgresql import PostgreSql

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
CLOCK = SetClock(NOW)
# Each means something else where values are written into one text: arrays, JSON, or statements.
TEXTS = ("NULL", "null", "{a,b}", "a,b", 'a"b', "a\\b", "'", "%s", ":id", " ", "é", "e\u0301", "😀")
# More than a driver sends before it prepares a statement, and a server before it plans for any.
BATCHES = 20


def started(text: str, **more: object) -> dict[str, object]:
    """Return the start of an instance, in which a text stands wherever one may."""
    said = {"id": text, "source": text, "type": "start", "instance": text}
    machine = {"provider": text, "gpu": "T4", "gpu_count": 1, "rate": "0.740000000001"}
    return {**said, **machine, "time": NOW.isoformat(), **more}


def recorded(database: Database, account: Account, events: list[dict[str, object]]) -> set[str]:
    """Record a batch and return what became of its events."""
    results = record_usage(database, CLOCK, account, events, reporter="test", may_backfill=False)
    return {result.status for result in results}


def test_any_text_is_stored_and_found_again(database: Database) -> None:
    """Ids and sources that other ways of writing would mistake; of a column, some or none."""
    account = make_account(database, CLOCK, "ours")
    batch = [started(text) for text in TEXTS]
    batch.append(started("named", name="NULL", disk_gb="1.5", arch="arm64"))
    batch.append(
        {"id": "gone", "source": "named", "type": "void", "void_of": "?", "time": NOW.isoformat()}
    )

    assert recorded(database, account, batch) == {EventStatus.ACCEPTED}
    assert recorded(database, account, batch) == {EventStatus.DUPLICATE}

    with database.read(account_id=account.id) as connection:
        head = read_head(connection, account.id)
        stored = list(read_chain(connection, account.id, EMPTY_LEDGER, head))
    events = [one.event for one in stored]
    assert [event.id for event in events] == [event["id"] for event in batch]
    assert [event.source for event in events[:-2]] == list(TEXTS)
    assert {event.rate for event in events[:-1]} == {Decimal("0.740000000001")}
    assert (events[-2].name, events[-2].disk_gb, events[-2].arch) == (
        "NULL",
        Decimal("1.5"),
        "arm64",
    )
    assert (events[-1].instance, events[-1].void_of, events[-1].rate) == (None, "?", None)
    assert {event.name for event in events[:-2]} == {None}


def test_rows_are_encoded_as_they_are_read(database: Database) -> None:
    """What the digests of a batch are made of is what a row is made of when it is read."""
    account = make_account(database, CLOCK, "ours")
    recorded(database, account, [started("a"), started("b", name="n", disk_gb="90")])

    with database.read(account_id=account.id) as connection:
        head = read_head(connection, account.id)
        stored = list(read_chain(connection, account.id, EMPTY_LEDGER, head))
        rows = [dict(row) for row in connection.execute(usage_event.select()).mappings()]

    assert [one.encoding for one in stored] == [encoded(usage_event, row) for row in rows]


def generic_plans(database: Database, account: Account) -> int:
    """Report to a young ledger; return how often keys were looked up by a plan for any."""
    for turn in range(BATCHES):
        at = (NOW + timedelta(seconds=turn)).isoformat()
        batch = [started(f"{turn}-{number}", source="s", time=at) for number in range(3)]
        assert recorded(database, account, batch) == {EventStatus.ACCEPTED}
    with database.write(account_id=account.id) as connection:
        found = connection.exec_driver_sql(
            "SELECT sum(generic_plans) FROM pg_prepared_statements WHERE statement LIKE '%%ANY%%'"
        )
        return int(found.scalar_one())


def test_keys_are_looked_up_by_a_plan_for_their_values(postgresql: PostgreSql) -> None:
    """A plan for any values that a young table gets reads the whole ledger, and stays for long."""
    database = database_of(postgresql)

    assert generic_plans(database, make_account(database, CLOCK, "ours")) == 0

    database.close()


def test_without_being_told_the_server_plans_for_any(
    postgresql: PostgreSql, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: it does so after a few batches."""
    begin = database_module._BEGIN_WRITING  # noqa: SLF001  the protection, to be removed
    without = begin.replace("SET LOCAL plan_cache_mode TO force_custom_plan; ", "")
    assert without != begin
    monkeypatch.setattr(database_module, "_BEGIN_WRITING", without)
    database = database_of(postgresql)

    assert generic_plans(database, make_account(database, CLOCK, "ours")) > 0

    database.close()


def database_of(postgresql: PostgreSql) -> Database:
    """Return a new, migrated database on a server."""
    database = Database(postgresql.new_database())
    database.migrate()
    return database
