"""Who asks is found out in one message on PostgreSQL, and is who any other way would find."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest
from sqlalchemy import PoolProxiedConnection

from dumont_economy.errors import DatabaseUnavailableError
from dumont_economy.services import people
from dumont_economy.storage import accounts
from dumont_economy.storage.database import Database
from dumont_economy.storage.prepared_question import PreparedQuestion
from tests.api.harness import SettableClock
from tests.postgresql import PostgreSql, running_postgresql

ODD = """O'Brien's 50% \\ "pool"; $1 -- é"""


@pytest.fixture
def on_server(postgresql: PostgreSql) -> Iterator[Database]:
    """Return a migrated database of PostgreSQL."""
    database = Database(postgresql.new_database())
    database.migrate()
    yield database
    database.close()


def messages(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Return the list of what psycopg is told to send from now on."""
    sent: list[object] = []
    execute = psycopg.Connection.execute

    def note(driver: psycopg.Connection, query: Any, *more: Any, **named: Any) -> object:  # noqa: ANN401
        sent.append(query)
        return execute(driver, query, *more, **named)

    monkeypatch.setattr(psycopg.Connection, "execute", note)
    return sent


def refuse(
    _question: PreparedQuestion, pooled: PoolProxiedConnection, *_more: object
) -> tuple[object, ...]:
    """Fail as a server does to which a question is new."""
    driver = pooled.driver_connection
    assert driver is not None
    driver.execute("EXECUTE nobody_prepared_this")
    raise AssertionError


def test_one_message_answers_what_several_do(
    on_server: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every column of a machine's token, its account's odd name and the versions included."""
    clock = SettableClock()
    account = people.make_account(on_server, clock, ODD)
    _, token = people.create_token(
        on_server, clock, account, name=ODD, scopes=(people.Scope.READ, people.Scope.INGEST)
    )
    first = people.authenticate(on_server, clock, token, account_id=account.id)
    sent = messages(monkeypatch)

    again = people.authenticate(on_server, clock, token, account_id=account.id)

    assert len(sent) == 1
    monkeypatch.setattr(PreparedQuestion, "ask_postgresql", refuse)
    usually = people.authenticate(on_server, clock, token, account_id=account.id)
    assert first == again == usually
    assert usually is not None
    assert usually.account.name == ODD
    assert usually.versions is not None


@pytest.mark.parametrize("hash_", ["", "'", "'; DROP TABLE account; --", "\\", "%s", "$1"])
def test_no_text_is_more_than_a_value(on_server: Database, hash_: str) -> None:
    """Nothing that is asked for can end the question, or begin another."""
    assert accounts.api_token_by_hash(on_server, hash_) is None
    assert accounts.login_session_by_hash(on_server, hash_, hash_) is None
    assert accounts.api_token_by_hash(on_server, hash_) is None


def test_a_connection_that_was_cut_is_not_noticed(
    on_server: Database, postgresql: PostgreSql
) -> None:
    """As the server does when it restarts: the question goes another way."""
    clock = SettableClock()
    account = people.make_account(on_server, clock, "ours")
    _, token = people.create_token(on_server, clock, account, name="t", scopes=(people.Scope.READ,))
    before = people.authenticate(on_server, clock, token)

    name = on_server.url.database
    postgresql.administer(
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608
    )

    assert before is not None
    assert people.authenticate(on_server, clock, token) == before
    assert people.authenticate(on_server, clock, token) == before


def test_a_server_that_is_away_is_said_to_be() -> None:
    """Neither way answers then, and nobody is taken for unknown."""
    # One of its own: that of all tests has much to recover when it starts again.
    with running_postgresql() as young, closing(Database(young.new_database())) as database:
        database.migrate()
        assert accounts.api_token_by_hash(database, "nobody") is None

        with young.stopped(), pytest.raises(DatabaseUnavailableError):
            accounts.api_token_by_hash(database, "nobody")

        assert accounts.api_token_by_hash(database, "nobody") is None


def test_no_rows_stay_open_on_the_connection(on_server: Database) -> None:
    """Whose rows a question may see is forgotten with its transaction."""
    clock = SettableClock()
    account = people.make_account(on_server, clock, "ours")
    _, token = people.create_token(on_server, clock, account, name="t", scopes=(people.Scope.READ,))
    assert people.authenticate(on_server, clock, token, account_id=account.id) is not None

    # By the driver: any other way would say anew whose rows are open.
    with closing(on_server.engine.raw_connection()) as pooled:
        driver: Any = pooled.driver_connection
        assert "token_and_versions" in pooled.info, "another connection than the one that asked"
        for setting in ("account_id", "token_hash"):
            told = f"SELECT current_setting('economy.{setting}', true)"
            assert not driver.execute(told).fetchone()[0]
            # The control: what is said for longer than a transaction is seen.
            driver.execute(f"SELECT set_config('economy.{setting}', 'left', false)")
            assert driver.execute(told).fetchone()[0] == "left"
