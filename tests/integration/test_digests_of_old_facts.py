"""A database of the version before digests is upgraded: its facts get those of this version."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import insert, inspect, select, text
from sqlalchemy.exc import DBAPIError

import dumont_economy.storage
from dumont_economy.errors import DamagedFactError
from dumont_economy.services.verify_facts import verify_facts
from dumont_economy.storage.database import Database, schema_revision
from dumont_economy.storage.row_security import each_account
from dumont_economy.storage.tables import metadata
from tests.damage import damage
from tests.integration.test_damage import fill
from tests.postgresql import PostgreSql

BEFORE = "0009"
EVENTS = 2_001
"""Of an account: more than are read at a time."""
NEW = {"account": "last_hash", "usage_event": "chain_hash"} | dict.fromkeys(
    ("policy", "provider_pricing", "billing_rule", "exchange_rate", "disk_price"), "row_hash"
)


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Return an empty database as the version before left it."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'old.db'}"
    else:
        cluster: PostgreSql = request.getfixturevalue("postgresql")
        url = cluster.new_database()
    database = Database(url)
    config = Config()
    migrations = Path(dumont_economy.storage.__file__).parent / "migrations"
    config.set_main_option("script_location", str(migrations))
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, BEFORE)
    yield database
    database.close()


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Database]:
    """Return a database of this version that holds facts."""
    database = Database(f"sqlite:///{tmp_path / 'ours.db'}")
    database.migrate()
    fill(database, events=EVENTS)
    yield database
    database.close()


def copy_facts(source: Database, target: Database) -> None:
    """Copy the facts of a database to one that has no digests."""
    with source.read() as reader, target.write() as writer:
        for name, digest in NEW.items():
            table = metadata.tables[name]
            # What later versions added is without a value, so its digest is the same.
            had = {column["name"] for column in inspect(writer).get_columns(name)} - {digest}
            kept = [column for column in table.c if column.name in had]
            rows = [dict(row) for row in reader.execute(select(*kept)).mappings()]
            writer.execute(insert(table), rows)


def digests(database: Database) -> dict[str, list[str]]:
    """Return every digest, in an order that both databases have."""
    found: dict[str, list[str]] = {name: [] for name in NEW}
    with database.read() as connection:
        for name, digest in NEW.items():
            table = metadata.tables[name]
            if "account_id" not in table.c:
                found[name] += connection.execute(select(table.c[digest])).scalars()
                continue
            for account_id in each_account(connection):
                of_account = select(table.c[digest]).where(table.c.account_id == account_id)
                found[name] += connection.execute(of_account).scalars()
    return {name: sorted(hashes) for name, hashes in found.items()}


def test_the_facts_get_the_digests_that_this_version_would_have_made(
    old: Database, ours: Database
) -> None:
    """On either database; every fact is as it was, and stays so."""
    copy_facts(ours, old)

    old.migrate()

    with old.read() as connection:
        assert schema_revision(connection) != BEFORE
    assert digests(old) == digests(ours)
    checked = list(verify_facts(old))
    assert [one.intact for one in checked] == [EVENTS, 3, EVENTS, 3, 20, 3, 2, 2]
    assert [one for one in checked if one.damage is not None] == []


def test_the_facts_are_guarded_as_before(old: Database, ours: Database) -> None:
    """The guards that the upgrade lifts are put back; what passes them is found."""
    copy_facts(ours, old)
    old.migrate()

    for table, digest in NEW.items():
        if table == "account":
            continue
        change = text(f"UPDATE {table} SET {digest} = ''")  # noqa: S608  our own table names
        with pytest.raises(DBAPIError, match="facts are only added to"), old.write() as connection:
            connection.execute(change)

    damage(old, "UPDATE usage_event SET rate = 1 WHERE seq = 1999 AND account_id = :ours")
    [found] = [one for one in verify_facts(old) if one.damage is not None]
    assert isinstance(found.damage, DamagedFactError)
    assert found.damage.where["seq"] == 1999


def test_an_empty_database_is_upgraded(old: Database) -> None:
    """There is nothing to make a digest of."""
    old.migrate()

    assert [one.intact for one in verify_facts(old)] == [0, 0, 0, 0]
