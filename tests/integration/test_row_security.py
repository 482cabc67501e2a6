"""PostgreSQL keeps the rows of accounts apart, should a query of ours ever forget to."""

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import Connection, func, insert, make_url, select, text
from sqlalchemy.exc import ProgrammingError

from dumont_economy.cli import serve as serve_module
from dumont_economy.cli.main import main
from dumont_economy.services.close_period import close_period
from dumont_economy.storage import database as database_module
from dumont_economy.storage import usage_events
from dumont_economy.storage.database import Database
from dumont_economy.storage.event_chain import StoredEvent
from dumont_economy.storage.row_security import RowScope, each_account, restrict_rows
from dumont_economy.storage.tables import (
    account,
    api_token,
    login_session,
    membership,
    metadata,
    refused_event,
)
from tests.api.harness import CSRF, Application, hours_ago, start, start_application_on, stop
from tests.postgresql import PostgreSql

OF_ACCOUNTS = [table for table in metadata.sorted_tables if "account_id" in table.c]
"""Every table with rows of accounts, whoever adds one."""
SEED = 20261128


@pytest.fixture(scope="module")
def server(postgresql: PostgreSql) -> Iterator[Application]:
    """Return an application over a PostgreSQL server, on which two accounts have used all there is.

    Each has a person who is signed in and has changed the policy, a machine, usage, a refusal, an
    answer that is kept by its key, and a closed period.
    """
    application = start_application_on(postgresql.new_database())
    for name in ("ours", "theirs"):
        person = application.person(name)
        changed = person.client.put(
            "/api/v1/policy",
            json={
                "pricing_model": "spot",
                "basis": "per_gpu",
                "substitutes": "count",
            },
            headers={CSRF: person.csrf_token},
        )
        assert changed.status_code == 200, changed.get_data(as_text=True)
        machine = application.machine(application.account(name))
        machine.push(
            start(f"{name}-1", hours_ago(1)),
            start(f"{name}-2", hours_ago(3)),
            stop(f"{name}-2", hours_ago(2)),
        )
        keyed = {**machine.headers, "Idempotency-Key": "k"}
        again = {"events": [start(f"{name}-1", hours_ago(1))]}
        sent = machine.client.post("/api/v1/usage/events", headers=keyed, json=again)
        assert sent.status_code == 200, sent.get_data(as_text=True)
        close_period(
            application.database,
            application.clock,
            application.account(name),
            "2026-07",
            closed_by="test",
        )
        assert machine.send([{"id": "no event"}]).status_code == 422
    yield application
    application.close()


@pytest.fixture
def ours(server: Application) -> str:
    """Return the first account's id."""
    return server.account("ours").id


def counts(connection: Connection) -> dict[str, int]:
    """Return how many rows of each table there are for a transaction, without naming an account."""
    return {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in OF_ACCOUNTS
    }


def owners(connection: Connection) -> set[str]:
    """Return of which accounts there are rows for a transaction."""
    return {
        found
        for table in OF_ACCOUNTS
        for found in connection.execute(select(table.c.account_id)).scalars()
    }


class TestRows:
    """Which rows there are, is a matter of the account that a transaction is for."""

    def test_every_table_of_accounts_is_guarded(self, server: Application) -> None:
        """Also against its owner; a new table cannot be forgotten."""
        guarded = text(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relrowsecurity "
            "AND relforcerowsecurity AND relnamespace = 'public'::regnamespace"
        )

        with server.database.read() as connection:
            names = set(connection.execute(guarded).scalars())

        assert names == {table.name for table in OF_ACCOUNTS}

    def test_without_an_account_there_are_none(self, server: Application) -> None:
        """In no table, although both accounts have some in each."""
        with server.database.read() as connection:
            assert set(counts(connection).values()) == {0}

    def test_with_an_account_there_are_its_own(self, server: Application, ours: str) -> None:
        """In every table."""
        with server.database.read(account_id=ours) as connection:
            assert min(counts(connection).values()) > 0
            assert owners(connection) == {ours}

    def test_a_row_of_another_account_cannot_be_added(self, server: Application, ours: str) -> None:
        """A writer is held to its account too."""
        theirs = server.account("theirs").id
        row = {"number": 9, "received_at": server.clock.now(), "status": "rejected"}
        addition = insert(refused_event).values(
            account_id=theirs, code="", detail="", content="", **row
        )

        with (
            pytest.raises(ProgrammingError, match="row-level security"),
            server.database.write(account_id=ours) as connection,
        ):
            connection.execute(addition)

    def test_a_credential_opens_its_own_row_and_no_usage(self, server: Application) -> None:
        """The account is learned from it; nothing else is to be had for it."""
        for table in (api_token, login_session):
            with server.database.read(account_id=server.account("ours").id) as connection:
                token_hash = connection.execute(select(table.c.token_hash).limit(1)).scalar_one()

            with server.database.read(token_hash=token_hash) as connection:
                found = {name: count for name, count in counts(connection).items() if count}

            assert found == {table.name: 1}

    def test_a_person_opens_their_memberships_and_sessions(
        self, server: Application, ours: str
    ) -> None:
        """To find the account that they sign in to, and to end the sessions."""
        with server.database.read(account_id=ours) as connection:
            user_id = connection.execute(select(membership.c.user_id)).scalar_one()

        with server.database.read() as connection:
            restrict_rows(connection, RowScope(user_id=user_id))
            found = {name for name, count in counts(connection).items() if count}
            assert owners(connection) == {ours}

        assert found == {"membership", "login_session"}

    def test_all_accounts_are_gone_through_one_by_one(self, server: Application) -> None:
        """What is counted over all of them is complete, and afterwards none is open."""
        seen = []
        with server.database.read() as connection:
            for account_id in each_account(connection):
                assert owners(connection) == {account_id}
                seen.append(account_id)
            assert owners(connection) == set()
            everyone = connection.execute(select(account.c.id)).scalars().all()

        assert sorted(seen) == sorted(everyone)
        assert len(seen) == 2

    def test_without_the_rules_everything_is_there(
        self, server: Application, postgresql: PostgreSql
    ) -> None:
        """The control: to a superuser no rule applies, and it sees the rows of both."""
        database = Database(postgresql.superuser_url(str(server.database.url)))

        with database.read() as connection:
            assert len(owners(connection)) == 2
        database.close()


class TestConnections:
    """A pooled connection keeps nothing of the account that it was used for."""

    @pytest.mark.parametrize("takes", [300])
    def test_it_is_nobodys_after_each_use(self, server: Application, takes: int) -> None:
        """After a success as after an error, a reader as a writer, in any order."""
        random = Random(SEED)
        accounts = [server.account("ours").id, server.account("theirs").id]
        failing = text("SELECT no_such_column FROM usage_event")

        for _ in range(takes):
            account_id = random.choice(accounts)
            opened = random.choice([server.database.read, server.database.write])
            try:
                with opened(account_id=account_id) as connection:
                    assert owners(connection) == {account_id}
                    if random.random() < 0.5:
                        connection.execute(failing)
            except ProgrammingError:
                pass
            with server.database.read() as connection:
                assert owners(connection) == set(), f"seed {SEED}"

    def test_said_for_the_connection_it_would_stay(
        self, server: Application, ours: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The control: the next user of the connection would have the rows of the last one."""

        def say_once(_connection: Connection, scope: RowScope) -> str:
            stays = f"SELECT set_config('economy.account_id', '{scope.account_id}', false)"
            return stays if scope.account_id else ""

        with monkeypatch.context() as patch:
            patch.setattr(database_module, "row_settings", say_once)
            with server.database.read(account_id=ours) as connection:
                assert owners(connection) == {ours}
                connection.commit()
            with server.database.read() as connection:
                leaked = owners(connection)

        assert leaked == {ours}
        with server.database.read() as connection:
            assert owners(connection) == set()


class TestAForgottenFilter:
    """The query that one day does not keep to its account."""

    @pytest.fixture
    def forgotten(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Make the list of events ask for the events of every account."""
        of_one = usage_events.newest_events

        def of_all(connection: Connection, _: str, **how: Any) -> list[StoredEvent]:  # noqa: ANN401
            everyone = connection.execute(select(account.c.id)).scalars().all()
            return [event for one in everyone for event in of_one(connection, one, **how)]

        monkeypatch.setattr(usage_events, "newest_events", of_all)
        # It would refuse the others' ledgers, whose events are not there.
        monkeypatch.setattr(usage_events, "check_newest", lambda *_: None)

    @pytest.mark.usefixtures("forgotten")
    def test_shows_nobody_elses_usage(self, server: Application) -> None:
        """The database has no other rows to give."""
        assert shown_to(server) == {"ours-1", "ours-2"}

    @pytest.mark.usefixtures("forgotten")
    def test_without_the_rules_would_show_it(
        self, server: Application, postgresql: PostgreSql
    ) -> None:
        """The control: the same mistake, over a role to which no rule applies."""
        careless = start_application_on(postgresql.superuser_url(str(server.database.url)))

        assert shown_to(careless) == {"ours-1", "ours-2", "theirs-1", "theirs-2"}
        careless.close()


def shown_to(application: Application) -> set[str]:
    """Return which instances the list of events shows to a machine of the first account."""
    machine = application.machine(application.account("ours"))
    events = machine.read("/usage/events")["events"]
    return {one["instance"] for one in events if one["status"] == "accepted"}


class TestTheRole:
    """A role that passes by the rules is named when the server starts."""

    @pytest.fixture
    def said_at_start(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
        """Return what says what `economy serve` has to say before it serves."""
        monkeypatch.setattr(serve_module, "run_server", lambda *_, **__: None)
        monkeypatch.setattr(serve_module, "check_port", lambda *_: None)

        def start_serving(url: str) -> str:
            result = CliRunner().invoke(main, ["serve"], env={"DUMONT_ECONOMY_DATABASE_URL": url})
            assert result.exit_code == 0, result.output
            return result.stderr

        return start_serving

    def test_an_ordinary_one_is_nothing_to_speak_of(
        self, server: Application, said_at_start: Callable[[str], str]
    ) -> None:
        """It owns the database, and the rules hold for it."""
        assert said_at_start(str(server.database.url)) == ""

    @pytest.mark.parametrize("power", ["SUPERUSER", "BYPASSRLS"])
    def test_one_above_the_rules_is_named_with_the_remedy(
        self, postgresql: PostgreSql, said_at_start: Callable[[str], str], power: str
    ) -> None:
        """In one line, once."""
        role = f"with_{power.lower()}"
        url = make_url(postgresql.new_database())
        postgresql.administer(f"CREATE ROLE {role} LOGIN {power} IN ROLE {url.query['user']}")
        url = url.update_query_dict({"user": role})

        said = said_at_start(url.render_as_string(hide_password=False))

        assert said.count("row level security") == said.count("\n") == 1
        assert role in said
        assert "BYPASSRLS" in said

    def test_one_that_does_not_own_the_database_is_told_so(self, postgresql: PostgreSql) -> None:
        """In one line, before anything is served."""
        url = postgresql.new_database()
        superuser = make_url(postgresql.superuser_url(url)).query["user"]
        name = make_url(url).database
        postgresql.administer(f"ALTER DATABASE {name} OWNER TO {superuser}")

        result = CliRunner().invoke(
            main,
            ["user", "add", "a@example.org", "--account", "ours"],
            env={"DUMONT_ECONOMY_DATABASE_URL": url},
            input="correct horse battery\n",
        )

        assert result.exit_code == 3
        assert result.stderr.count("\n") == 1
        assert "OWNER TO" in result.stderr

    def test_a_server_that_forgets_is_named(
        self, postgresql: PostgreSql, said_at_start: Callable[[str], str]
    ) -> None:
        """What is acknowledged has to be on disk, and only the operator can see to that."""
        url = postgresql.new_database()
        postgresql.administer("ALTER SYSTEM SET fsync TO off")
        postgresql.administer("SELECT pg_reload_conf()")
        try:
            said = said_at_start(url)
        finally:
            postgresql.administer("ALTER SYSTEM RESET fsync")
            postgresql.administer("SELECT pg_reload_conf()")

        assert said.count("fsync") == 2
        assert "power cut" in said
