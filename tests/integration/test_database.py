"""The database: durable on every connection, migrated before use, exact in every column."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from threading import Thread

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Column, Connection, MetaData, Table, insert, select, text
from sqlalchemy.exc import InternalError, OperationalError, StatementError

from dumont_economy.clock import SystemClock
from dumont_economy.errors import (
    DatabaseTooNewError,
    DatabaseUnavailableError,
    InvalidSettingError,
)
from dumont_economy.fact_digest import CHAIN_START, digest, encoded
from dumont_economy.instant import from_microseconds
from dumont_economy.services import people
from dumont_economy.services.policies import read_in_its_zone, read_policy
from dumont_economy.services.prepare_database import prepare_database
from dumont_economy.storage.accounts import Account
from dumont_economy.storage.column_types import ExactAmount
from dumont_economy.storage.database import Database, newest_revision, schema_revision
from dumont_economy.storage.schema import upgrade_schema
from dumont_economy.storage.tables import metadata
from tests.api.harness import (
    Application,
    hours_ago,
    start,
    start_application,
    start_application_on,
)
from tests.postgresql import PostgreSql


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where a database of this test may lie."""
    return tmp_path / "economy.db"


def database_at(path: Path) -> Database:
    """Return a database that has not been touched yet."""
    return Database(f"sqlite:///{path}")


class TestConnections:
    """A 2xx means on disk: every connection is set to that, whoever opens it."""

    def test_every_pooled_connection_is_durable(self, path: Path) -> None:
        """Write-ahead log, synced at each commit, foreign keys on, patient with other writers."""
        database = database_at(path)
        database.migrate()

        with ExitStack() as stack:
            connections = [stack.enter_context(database.read()) for _ in range(10)]
            settings = {
                tuple(
                    one.execute(text(f"PRAGMA {name}")).scalar()
                    for name in ("journal_mode", "synchronous", "foreign_keys")
                )
                for one in connections
            }
            patience = [one.execute(text("PRAGMA busy_timeout")).scalar() for one in connections]

        assert settings == {("wal", 2, 1)}
        assert all(waits is not None and waits >= 5000 for waits in patience)
        database.close()

    def test_a_transaction_that_fails_leaves_nothing(self, path: Path) -> None:
        """All of it or none."""
        database = database_at(path)
        database.migrate()

        def fail_after_writing() -> None:
            with database.write() as connection:
                connection.execute(text("INSERT INTO installation VALUES ('a', 'b')"))
                raise RuntimeError

        with pytest.raises(RuntimeError):
            fail_after_writing()

        with database.read() as connection:
            count = connection.execute(text("SELECT count(*) FROM installation")).scalar()
        assert count == 0
        database.close()

    def test_a_row_of_an_unknown_account_is_refused(self, path: Path) -> None:
        """Foreign keys hold."""
        database = database_at(path)
        database.migrate()
        statement = text(
            "INSERT INTO refused_event VALUES ('nobody', 1, 0, 'rejected', 'x', 'x', 'x')"
        )

        with pytest.raises(Exception, match="FOREIGN KEY"), database.write() as connection:
            connection.execute(statement)
        database.close()


class TestPostgreSql:
    """The same promises on a server."""

    @pytest.fixture
    def server(self, postgresql: PostgreSql) -> Iterator[Database]:
        """Return an empty, migrated database on a server."""
        database = Database(postgresql.new_database())
        database.migrate()
        yield database
        database.close()

    def test_a_commit_is_on_disk(self, server: Database) -> None:
        """Whatever the server's own setting is."""
        with server.write() as connection:
            assert connection.execute(text("SHOW synchronous_commit")).scalar() == "on"
            assert connection.execute(text("SHOW fsync")).scalar() == "on"

    def test_a_reader_sees_one_state_and_cannot_write(self, server: Database) -> None:
        """As long as it reads, whatever others commit meanwhile."""
        statement = text("SELECT count(*) FROM installation")
        addition = text("INSERT INTO installation VALUES ('a', 'b')")

        with server.read() as reader:
            before = reader.execute(statement).scalar()
            with server.write() as writer:
                writer.execute(addition)
            after = reader.execute(statement).scalar()
            with pytest.raises(InternalError, match="read-only"):
                reader.execute(addition)

        assert (before, after) == (0, 0)
        with server.read() as reader:
            assert reader.execute(statement).scalar() == 1

    def test_writers_wait_for_each_other(self, server: Database) -> None:
        """A second writer sees what the first one committed: none is told to try again."""
        seen: list[int] = []

        def add(name: str) -> None:
            with server.write() as connection:
                held = connection.execute(text("SELECT count(*) FROM installation")).scalar_one()
                connection.execute(
                    text("INSERT INTO installation VALUES (:name, '')"), {"name": name}
                )
                seen.append(held)

        threads = [Thread(target=add, args=(str(number),)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(seen) == list(range(8))

    def test_amounts_come_back_as_they_went_in(self, server: Database) -> None:
        """To the last of twelve decimals."""
        table = Table("amounts", MetaData(), Column("amount", ExactAmount))
        amounts = [Decimal(amount) for amount in TestExactAmounts.AMOUNTS]
        with server.write() as connection:
            table.create(connection)
            connection.execute(insert(table), [{"amount": amount} for amount in amounts])

        with server.read() as connection:
            assert connection.execute(select(table.c.amount)).scalars().all() == amounts

    def test_a_server_that_is_not_there_is_said_in_one_line(self, tmp_path: Path) -> None:
        """With what to look at, and without a trace."""
        database = Database(f"postgresql:///economy?host={tmp_path}")

        with pytest.raises(DatabaseUnavailableError, match="cannot be used now"):
            database.migrate()

    def test_the_same_usage_has_the_same_answers_on_both(
        self, tmp_path: Path, postgresql: PostgreSql
    ) -> None:
        """Five endpoints, instances and events, byte for byte."""
        answers = []
        for application in (
            start_application(tmp_path),
            start_application_on(postgresql.new_database()),
        ):
            caller = application.machine(application.account("ours"))
            caller.push(
                start("i-1", hours_ago(5)),
                start("i-2", hours_ago(3), gpu="A100", gpu_count=8, rate="20.123456789012"),
                start("i-3", hours_ago(2), gpu="No such GPU"),
            )
            answers.append(
                [
                    caller.get(path).get_data(as_text=True)
                    for path in (
                        "/economy/savings",
                        "/economy/savings/history",
                        "/economy/savings/realtime",
                        "/economy/active-session",
                        "/economy/pricing",
                        "/instances",
                        "/usage/events",
                    )
                ]
            )
            application.close()

        on_sqlite, on_postgresql = answers
        assert on_postgresql == on_sqlite
        assert '"lifetime_savings":0' not in on_sqlite[0]


class TestMigrations:
    """From empty to latest, and no further."""

    @pytest.fixture(params=["sqlite", "postgresql"])
    def unmigrated(self, request: pytest.FixtureRequest, path: Path) -> Iterator[Database]:
        """Return a database of either kind without a table in it."""
        if request.param == "sqlite":
            made = database_at(path)
        else:
            made = Database(request.getfixturevalue("postgresql").new_database())
        yield made
        made.close()

    def test_from_empty_they_build_what_the_tables_describe(self, database: Database) -> None:
        """Nothing is missing, and nothing is left over, on either database."""
        with database.read() as connection:
            context = MigrationContext.configure(connection)
            assert compare_metadata(context, metadata) == []

    def test_policies_of_before_time_zones_keep_their_digest_and_the_accounts_zone(
        self, unmigrated: Database
    ) -> None:
        """A version that was made then is in the zone that the account began with."""
        written = {
            "account_id": "ours",
            "version": 2,
            "created_at": 1,
            "author": "me",
            "pricing_model": "spot",
            "basis": "per_gpu",
            "substitutes": "count",
            "region_aws": "us-east-1",
            "region_gcp": "us-central1",
            "region_azure": "eastus",
            "discount_aws": 0,
            "discount_gcp": 0,
            "discount_azure": 0,
        }
        kept = {**written, "created_at": from_microseconds(1)}
        amounts = {name: Decimal(0) for name in written if name.startswith("discount")}
        row_hash = digest(encoded("policy", sorted(written), {**kept, **amounts}))
        names = ", ".join((*written, "row_hash"))
        places = ", ".join(f":{name}" for name in (*written, "row_hash"))
        with unmigrated.write(account_id="ours") as connection:
            upgrade_schema(connection, "0013")
            connection.execute(
                text(
                    "INSERT INTO account (id, name, currency, timezone, is_sample, last_seq, "
                    "created_at, last_hash) "
                    "VALUES ('ours', 'ours', 'USD', 'Asia/Gaza', false, 0, 0, :last_hash)"
                ),
                {"last_hash": CHAIN_START},
            )
            connection.execute(
                text(f"INSERT INTO policy ({names}) VALUES ({places})"),  # noqa: S608  our names
                {**written, "row_hash": row_hash},
            )

        unmigrated.migrate()

        account = Account("ours", "ours", "USD", "Asia/Gaza", is_sample=False)
        stored, versions = read_policy(unmigrated, account, None)
        assert (stored.policy.pricing_model, stored.policy.timezone, versions) == ("spot", None, 2)
        assert read_in_its_zone(unmigrated, account) == account

    def test_rows_of_before_row_level_security_are_kept(self, unmigrated: Database) -> None:
        """And are those of their account from then on."""
        with unmigrated.write() as connection:
            upgrade_schema(connection, "0006")
            connection.execute(
                text("INSERT INTO account VALUES ('ours', 'ours', 'USD', 'UTC', false, 0, 0)")
            )
            connection.execute(
                text("INSERT INTO refused_event VALUES ('ours', 1, 0, 'rejected', 'x', 'x', 'x')")
            )

        unmigrated.migrate()

        with unmigrated.read(account_id="ours") as connection:
            kept = connection.execute(text("SELECT account_id, number FROM refused_event")).all()
        assert [tuple(row) for row in kept] == [("ours", 1)]

    def test_the_newest_file_makes_the_newest_revision(self, path: Path) -> None:
        """A start that finds it in the database does not ask Alembic, so the two must agree."""
        database = database_at(path)
        database.migrate()

        with database.read() as connection:
            revision = MigrationContext.configure(connection).get_current_revision()
            assert revision == newest_revision() == schema_revision(connection)
        database.close()

    def test_again_they_change_nothing(self, path: Path) -> None:
        """Every start migrates first."""
        database = database_at(path)
        database.migrate()
        with database.write() as connection:
            connection.execute(text("INSERT INTO installation VALUES ('kept', 'yes')"))

        database.migrate()

        with database.read() as connection:
            kept = connection.execute(text("SELECT value FROM installation")).scalar()
        assert kept == "yes"
        database.close()

    def test_a_database_of_a_newer_version_is_refused_in_one_line(self, path: Path) -> None:
        """It says why and what to do, and changes nothing."""
        database = database_at(path)
        database.migrate()
        with database.write() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

        with pytest.raises(DatabaseTooNewError) as refused:
            database.migrate()

        assert "newer Dumont Economy" in str(refused.value)
        assert "\n" not in str(refused.value)
        with database.read() as connection:
            revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        assert revision == "9999"
        database.close()

    def test_a_folder_that_is_missing_is_made(self, tmp_path: Path) -> None:
        """The user's data directory need not exist."""
        database = database_at(tmp_path / "some" / "where" / "economy.db")

        database.migrate()

        assert (tmp_path / "some" / "where" / "economy.db").is_file()
        database.close()


class TestDatabasesThatCannotBeUsed:
    """One clear line each."""

    def test_a_path_below_a_file(self, tmp_path: Path) -> None:
        """There is no such folder, and none can be made."""
        (tmp_path / "file").write_text("")

        with pytest.raises(DatabaseUnavailableError, match="cannot be made"):
            database_at(tmp_path / "file" / "economy.db").migrate()

    def test_a_path_that_is_a_folder(self, tmp_path: Path) -> None:
        """SQLite cannot open it."""
        database = database_at(tmp_path)

        with pytest.raises(DatabaseUnavailableError, match="cannot be used now"):
            database.migrate()
        database.close()

    def test_a_file_that_is_no_database(self, path: Path) -> None:
        """It is left as it is."""
        path.write_text("Dear diary, " * 100)
        database = database_at(path)

        with pytest.raises(DatabaseUnavailableError, match="not a database"):
            database.migrate()

        assert path.read_text().startswith("Dear diary")
        database.close()

    @pytest.mark.parametrize("url", ["", "economy.db", "mysql://localhost/x", "sqlite"])
    def test_an_address_of_no_database_that_we_keep(self, url: str) -> None:
        """The setting is named."""
        with pytest.raises(InvalidSettingError, match="DUMONT_ECONOMY_DATABASE_URL"):
            Database(url)

    def test_a_database_that_is_gone_while_serving_is_503(
        self, new_application: Application, path: Path
    ) -> None:
        """With Retry-After, and without a path or a trace; when it is back, all is well."""
        caller = new_application.machine(new_application.account("ours"))
        caller.push(start("i-1", hours_ago(1)))
        new_application.database.engine.dispose()
        moved = path.with_suffix(".away")
        path.rename(moved)
        path.mkdir()

        away = caller.get("/economy/savings")
        path.rmdir()
        moved.rename(path)

        assert away.status_code == 503
        assert int(away.headers["Retry-After"]) > 0
        assert away.get_json()["code"] == "database_unavailable"
        assert str(path) not in away.get_data(as_text=True)
        assert caller.read("/economy/savings")["lifetime_cost"] == 0.74


class TestExactAmounts:
    """SQLite keeps NUMERIC as a float: amounts are whole numbers there."""

    AMOUNTS = (
        "0",
        "0.000000000001",
        "0.1",
        "0.74",
        "0.123456789012",
        "99999.999999999999",
        "100000",
        "1000000",
    )

    def test_come_back_as_they_went_in(self, path: Path) -> None:
        """To the last of twelve decimals."""
        database = database_at(path)
        table = Table("amounts", MetaData(), Column("amount", ExactAmount))
        amounts = [Decimal(amount) for amount in self.AMOUNTS]
        with database.write() as connection:
            table.create(connection)
            connection.execute(insert(table), [{"amount": amount} for amount in amounts])

        with database.read() as connection:
            found = connection.execute(select(table.c.amount)).scalars().all()
            kinds = connection.execute(text("SELECT DISTINCT typeof(amount) FROM amounts"))
            assert kinds.scalars().all() == ["integer"]

        assert found == amounts
        database.close()

    def test_a_thirteenth_decimal_is_refused_and_not_cut(self, path: Path) -> None:
        """Nothing is rounded on the way in."""
        database = database_at(path)
        table = Table("amounts", MetaData(), Column("amount", ExactAmount))
        too_precise = insert(table).values(amount=Decimal("0.1234567890123"))

        with database.write() as connection:
            table.create(connection)
            with pytest.raises(StatementError, match="more than 12 decimals"):
                connection.execute(too_precise)
        database.close()

    def test_no_column_of_any_table_is_a_float(self, path: Path) -> None:
        """Whatever holds money, counts or time is a whole number or text."""
        database_at(path).migrate()

        with sqlite3.connect(path) as connection:
            kinds = {
                column[2].split("(")[0].upper()
                for (name,) in connection.execute(
                    "SELECT name FROM sqlite_master WHERE type='table'"
                )
                for column in connection.execute(f"PRAGMA table_info('{name}')")
            }
        connection.close()

        assert kinds <= {"BIGINT", "INTEGER", "VARCHAR", "TEXT", "BOOLEAN", "BLOB"}


class TestShippedFacts:
    """The first start loads the price book; loading twice changes nothing."""

    def test_the_price_book_is_loaded_once(self, path: Path) -> None:
        """3,328 rates at the first start, none at the second."""
        counts = []
        for _ in range(2):
            database = prepare_database(f"sqlite:///{path}", SystemClock())
            with database.read() as connection:
                counts.append(
                    tuple(
                        connection.execute(text(f"SELECT count(*) FROM {table}")).scalar()  # noqa: S608  our own table names
                        for table in ("provider_pricing", "billing_rule")
                    )
                )
            database.close()

        assert counts == [(3_328, 6), (3_328, 6)]

    def test_every_rate_has_its_source_and_both_dates(self, path: Path) -> None:
        """Since when it held, and since when this installation knows."""
        database = prepare_database(f"sqlite:///{path}", SystemClock())

        with database.read() as connection:
            lacking = connection.execute(
                text(
                    "SELECT count(*) FROM provider_pricing WHERE source = '' OR retrieved_at = ''"
                    " OR length(payload_sha256) <> 64 OR published_at < effective_from"
                )
            ).scalar()

        assert lacking == 0
        database.close()


class TestARestart:
    """Between two processes nothing is kept but the database."""

    def test_changes_no_figure_and_no_login(self, tmp_path: Path) -> None:
        """Lifetime, live values and the session's cookie are as before."""
        first = start_application(tmp_path)
        person = first.person("owner")
        caller = first.machine(first.account("owner"))
        caller.push(start("i-1", hours_ago(3)), start("i-2", hours_ago(2), gpu="A100"))
        before = caller.read("/economy/savings")
        first.close()

        second = start_application(tmp_path)
        client = second.flask.test_client()
        after = client.get("/api/v1/economy/savings", headers=caller.headers).get_json()
        cookie = person.client.get_cookie("economy_session")
        assert cookie is not None
        client.set_cookie("economy_session", cookie.value)

        assert after == before
        assert client.get("/api/v1/economy/savings").get_json() == before
        second.close()

    def test_keeps_no_secret_in_plain_text(self, tmp_path: Path) -> None:
        """Passwords are argon2id with 46 MiB or more, tokens are hashes."""
        application = start_application(tmp_path)
        person = application.person("owner")
        caller = application.machine(application.account("owner"))
        application.close()

        stored = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        assert person.token.encode() not in stored
        assert caller.token.encode() not in stored
        assert b"correct horse battery staple" not in stored
        memory = int(stored.partition(b"$argon2id$v=19$m=")[2].partition(b",")[0])
        assert memory >= 46 * 1024


def test_one_account_of_a_name(application: Application) -> None:
    """Making it again returns it."""
    one = application.account("the same")

    assert people.make_account(application.database, application.clock, "the same") == one


class TestConnectionsThatTheServerClosed:
    """A server that was restarted, or closes idle connections, is noticed before anything is done.

    Transactions begin anew on another connection; there is no message only to find that out.
    """

    @pytest.fixture
    def closed(self, postgresql: PostgreSql) -> Iterator[Database]:
        """Return a database of whose pool the server has closed every connection."""
        database = Database(postgresql.new_database())
        with ExitStack() as stack:
            for _ in range(3):
                stack.enter_context(database.read())
        name = database.url.database
        which = f"FROM pg_stat_activity WHERE datname = '{name}'"
        ended = f"SELECT pg_terminate_backend(pid) {which}"
        postgresql.administer(ended)
        yield database
        database.close()

    def test_a_reader_does_not_see_it(self, closed: Database) -> None:
        """Nor the next ones, of which each would have had one of them."""
        for _ in range(4):
            with closed.read() as connection:
                assert connection.execute(text("SELECT 1")).scalar_one() == 1

    def test_a_writer_does_not_see_it(self, closed: Database) -> None:
        """What it writes is written once."""
        closed.transact(lambda connection: connection.execute(text("CREATE TABLE once (n int)")))

        with closed.read() as connection:
            assert connection.execute(text("SELECT count(*) FROM once")).scalar_one() == 0

    def test_whoever_does_not_begin_anew_does(self, closed: Database) -> None:
        """The control: by itself a pool gives what it has."""
        with closed.engine.connect() as connection, pytest.raises(OperationalError):
            connection.begin()

    def test_what_breaks_later_is_not_done_twice(
        self, closed: Database, postgresql: PostgreSql
    ) -> None:
        """Only the begin is: what was done since may have had an effect."""
        done = []

        def work(connection: Connection) -> None:
            done.append(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())
            postgresql.administer(f"SELECT pg_terminate_backend({done[-1]})")
            connection.execute(text("SELECT 1"))

        with pytest.raises(DatabaseUnavailableError):
            closed.transact(work)

        assert len(done) == 1


def test_what_a_reader_has_prepared_stays_prepared(postgresql: PostgreSql) -> None:
    """A statement is planned once a connection, not at each poll: a rollback would end that."""
    database = Database(postgresql.new_database())
    prepared = text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%often%'")

    for number in range(10):
        with database.read() as connection:
            connection.execute(text("SELECT 'often', CAST(:number AS int)"), {"number": number})
    with database.read() as connection:
        kept = connection.execute(prepared).scalar_one()
        connection.rollback()
    with database.read() as connection:
        after_a_rollback = connection.execute(prepared).scalar_one()
    database.close()

    assert (kept, after_a_rollback) == (1, 0)
