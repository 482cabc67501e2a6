"""A 2xx means on disk: on every connection that is ever opened, whoever opens it."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import Connection, Engine, Pool, event, make_url

from dumont_economy.cli.main import main
from dumont_economy.storage import database as database_module
from dumont_economy.storage.database import Database
from tests.api.harness import hours_ago, start, start_application_on
from tests.integration.prices.harness import fake_feeds
from tests.postgresql import PostgreSql

PRAGMAS = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
DURABLE = ("wal", 2, 1, 5000)
"""Write-ahead log, synced at each commit, foreign keys on, 5 s of patience with other writers."""


def use_the_web(url: str) -> None:
    """Serve a report of usage and a question about it."""
    application = start_application_on(url)
    machine = application.machine(application.account("ours"))
    machine.push(start("i-1", hours_ago(1)))
    machine.read("/economy/savings")
    application.close()


def use_the_worker(url: str) -> None:
    """Let the worker read a feed."""
    with fake_feeds() as feeds:
        variables = {"DUMONT_ECONOMY_AZURE_PRICES_URL": feeds.azure.url}
        run(url, "worker", "--once", "--feed", "azure", **variables)


def use_the_command_line(url: str) -> None:
    """Add a person, and a token."""
    run(url, "user", "add", "a@example.org", "--account", "ours", given="correct horse battery\n")
    run(url, "token", "create", "--account", "ours", "--scope", "read")


def migrate(url: str) -> None:
    """Make the tables, and find them made."""
    for _ in range(2):
        database = Database(url)
        database.migrate()
        database.close()


def run(url: str, *arguments: str, given: str = "", **variables: str) -> None:
    """Run a command that has to go well."""
    environment = {"DUMONT_ECONOMY_DATABASE_URL": url, **variables}
    result = CliRunner().invoke(main, arguments, env=environment, input=given)
    assert result.exit_code == 0, result.output


PATHS = pytest.mark.parametrize(
    "use",
    [use_the_web, use_the_worker, use_the_command_line, migrate],
    ids=lambda one: one.__name__,
)
Use = Callable[[str], None]


@contextmanager
def on_every_connection() -> Iterator[list[tuple[object, ...]]]:
    """Yield the settings of each connection to SQLite that is taken from any pool meanwhile."""
    found: list[tuple[object, ...]] = []

    def look(connection: Any, *_: object) -> None:  # noqa: ANN401  the driver's
        assert isinstance(connection, sqlite3.Connection)
        found.append(tuple(connection.execute(f"PRAGMA {name}").fetchone()[0] for name in PRAGMAS))

    event.listen(Pool, "checkout", look)
    try:
        yield found
    finally:
        event.remove(Pool, "checkout", look)


@contextmanager
def at_every_commit() -> Iterator[list[str]]:
    """Yield whether each transaction that writes to PostgreSQL waits for the disk."""
    found: list[str] = []

    def look(connection: Connection) -> None:
        if connection.get_execution_options().get("writes"):
            setting = connection.exec_driver_sql("SHOW synchronous_commit").scalar_one()
            found.append(setting)

    event.listen(Engine, "commit", look)
    try:
        yield found
    finally:
        event.remove(Engine, "commit", look)


@pytest.fixture
def forgetful_url(postgresql: PostgreSql) -> str:
    """Return a database on a server, set to answer before a commit is on disk."""
    url = postgresql.new_database()
    name = make_url(url).database
    postgresql.administer(f"ALTER DATABASE {name} SET synchronous_commit TO off")
    return url


class TestSqlite:
    """Each connection is set, for SQLite keeps all but the log's mode per connection."""

    @PATHS
    def test_every_connection_is_durable(self, tmp_path: Path, use: Use) -> None:
        """Web, worker, command line and migration."""
        with on_every_connection() as found:
            use(f"sqlite:///{tmp_path / 'economy.db'}")

        assert found
        assert set(found) == {DURABLE}

    @PATHS
    def test_unset_it_is_noticed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, use: Use
    ) -> None:
        """The control: by themselves, connections are not what we promise."""
        monkeypatch.setattr(database_module, "_make_sqlite_durable", lambda *_: None)

        with on_every_connection() as found:
            use(f"sqlite:///{tmp_path / 'economy.db'}")

        assert DURABLE not in found


class TestPostgreSql:
    """Each commit waits for the disk, whatever the server is set to."""

    @PATHS
    def test_every_commit_is_on_disk(self, forgetful_url: str, use: Use) -> None:
        """Web, worker, command line and migration."""
        with at_every_commit() as found:
            use(forgetful_url)

        assert found
        assert set(found) == {"on"}

    def test_unset_it_is_noticed(self, forgetful_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """The control: such a server answers before."""
        begin = database_module._BEGIN_WRITING  # noqa: SLF001  the protection, to be removed
        without = begin.replace("SET LOCAL synchronous_commit TO on; ", "")
        assert without != begin
        monkeypatch.setattr(database_module, "_BEGIN_WRITING", without)

        with at_every_commit() as found:
            migrate(forgetful_url)

        assert set(found) == {"off"}
