"""Who meets another on the database waits or tries again; a client sees 503 at worst, never 500."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from werkzeug.test import TestResponse

from dumont_economy.errors import DatabaseConflictError, DatabaseUnavailableError
from dumont_economy.storage import database as database_module
from dumont_economy.storage.database import Database
from tests.api.harness import Application, Caller, hours_ago, start, start_application_on
from tests.postgresql import PostgreSql

WRITERS_TURN = text(f"SELECT pg_advisory_xact_lock({0x0EC0_0001})")
WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND database = :database")
THIS = text("SELECT oid FROM pg_database WHERE datname = current_database()")


@pytest.fixture
def url(postgresql: PostgreSql) -> str:
    """Return the address of an empty database, in which a deadlock is noticed soon."""
    url = postgresql.new_database()
    postgresql.administer(f"ALTER DATABASE {make_url(url).database} SET deadlock_timeout TO '10ms'")
    return url


@pytest.fixture
def server(url: str) -> Iterator[Application]:
    """Return an application over that database."""
    application = start_application_on(url)
    yield application
    application.close()


@pytest.fixture
def machine(server: Application) -> Caller:
    """Return a machine that has reported one instance."""
    machine = server.machine(server.account("ours"))
    machine.push(start("i-1", hours_ago(2)))
    return machine


@pytest.fixture
def rival(postgresql: PostgreSql, url: str) -> Iterator[Engine]:
    """Return another program's connections to the database, of a role that may do anything."""
    engine = create_engine(postgresql.superuser_url(url))
    yield engine
    engine.dispose()


@contextmanager
def once_before(engine: Engine, words: str, happens: Callable[[], object]) -> Iterator[list[str]]:
    """Let something happen just before the first statement with these words; yield all of them."""
    seen: list[str] = []

    def look(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if words in statement:
            seen.append(statement)
            if len(seen) == 1:
                happens()

    event.listen(engine, "before_cursor_execute", look)
    yield seen
    event.remove(engine, "before_cursor_execute", look)


def wait_until_somebody_waits(rival: Engine) -> None:
    """Return once a transaction on the database waits for a lock."""
    with rival.connect() as connection:
        database = connection.execute(THIS).scalar_one()
        while not connection.execute(WAITING, {"database": database}).scalar_one():
            connection.commit()
            time.sleep(0.005)


def assert_unavailable(answer: TestResponse) -> None:
    """It is said that the same may be asked again, and nothing about our inside."""
    assert answer.status_code == 503, answer.get_data(as_text=True)
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.get_json()["code"] == "database_unavailable"
    assert not any(word in answer.get_data(as_text=True) for word in ("psycopg", "/tmp", "lock"))  # noqa: S108


class TestADeadlock:
    """Two transactions hold what the other one waits for; PostgreSQL ends ours (40P01)."""

    def report_into_a_deadlock(
        self, server: Application, machine: Caller, rival: Engine
    ) -> tuple[TestResponse, int]:
        """Report usage; return the answer, and how often the ledger was asked for its lock.

        The rival has locked the account and then waits for the writers' turn, which is ours, before
        we wait for the account. It looks for no deadlock for an hour, so we are the ones to fail.
        """

        def take_the_turn() -> None:
            opened.execute(WRITERS_TURN)
            opened.rollback()

        waits: list[Future[None]] = []

        def meet() -> None:
            waits.append(pool.submit(take_the_turn))
            wait_until_somebody_waits(rival)

        with (
            ThreadPoolExecutor(1) as pool,
            rival.connect() as opened,
            once_before(server.database.engine, "FOR UPDATE", meet) as asked,
        ):
            opened.execute(text("SET LOCAL deadlock_timeout TO '1h'"))
            opened.execute(text("SELECT id FROM account FOR UPDATE"))
            answer = machine.send([start("i-2", hours_ago(1))])
            waits[0].result(timeout=60)
        return answer, len(asked)

    def test_is_tried_again_and_no_client_sees_it(
        self, server: Application, machine: Caller, rival: Engine
    ) -> None:
        """The second try stores the event, once."""
        answer, tries = self.report_into_a_deadlock(server, machine, rival)

        assert answer.status_code == 200
        assert [one["status"] for one in answer.get_json()["results"]] == ["accepted"]
        assert tries == 2
        assert machine.read("/economy/savings")["active_instances_count"] == 2

    def test_tried_once_it_would_reach_the_client(
        self,
        server: Application,
        machine: Caller,
        rival: Engine,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """The control: it is real, and without the second try the client has to ask again."""
        monkeypatch.setattr(database_module, "_TRIES", 1)

        answer, tries = self.report_into_a_deadlock(server, machine, rival)

        assert_unavailable(answer)
        assert tries == 1
        assert machine.read("/economy/savings")["active_instances_count"] == 1


class TestASerializationFailure:
    """Two serializable transactions that no order explains; PostgreSQL ends the later (40001).

    Our writers take turns, so it takes a server that is set otherwise to bring it about.
    """

    @pytest.fixture
    def database(self, url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
        """Return a database whose writers take no turns."""
        made = Database(url)
        made.migrate()
        monkeypatch.setattr(database_module, "_BEGIN_WRITING", "BEGIN ISOLATION LEVEL SERIALIZABLE")
        yield made
        made.close()

    def count_and_add(self, connection: Connection, name: str) -> int:
        """Return how many settings there are, and add one."""
        count = connection.execute(text("SELECT count(*) FROM installation")).scalar_one()
        added = text("INSERT INTO installation VALUES (:name, '')")
        connection.execute(added, {"name": name})
        return int(count)

    def meet(self, database: Database) -> list[int]:
        """Let one writer count, another count and add, and the first one add; return its counts."""
        counts: list[int] = []

        def first(connection: Connection) -> None:
            counts.append(
                connection.execute(text("SELECT count(*) FROM installation")).scalar_one()
            )
            if len(counts) == 1:
                database.transact(lambda other: self.count_and_add(other, "second"))
            self.count_and_add(connection, "first")

        database.transact(first)
        return counts

    def test_is_tried_again(self, database: Database) -> None:
        """The second try sees what the other one committed."""
        assert self.meet(database) == [0, 1]

    def test_tried_once_it_is_an_error(
        self, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The control; and what is left undone is undone as a whole."""
        monkeypatch.setattr(database_module, "_TRIES", 1)

        with pytest.raises(DatabaseConflictError):
            self.meet(database)

        with database.read() as connection:
            names = connection.execute(text("SELECT name FROM installation")).scalars().all()
        assert names == ["second"]

    def test_it_is_tried_a_few_times_and_no_more(
        self, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """With a pause between tries, and none that grows without bound; then it is said."""
        pauses: list[float] = []
        monkeypatch.setattr(time, "sleep", pauses.append)
        database = Database(url)
        conflict = text("DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '40001'; END $$")

        with pytest.raises(DatabaseUnavailableError):
            database.transact(lambda connection: connection.execute(conflict))

        assert len(pauses) == 4
        assert all(0 <= pause < 1 for pause in pauses)
        database.close()


class TestALock:
    """Somebody else holds what we need for longer than we wait (55P03)."""

    @pytest.fixture(autouse=True)
    def impatient(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let a test not wait as long as a server does."""
        for name, waits in (("_BEGIN_WRITING", ("'15s'", "'5s'")), ("_BEGIN_READING", ("'5s'",))):
            text_of = getattr(database_module, name)
            for wait in waits:
                assert wait in text_of
                text_of = text_of.replace(wait, "'50ms'")
            monkeypatch.setattr(database_module, name, text_of)

    def test_a_writer_answers_503(self, machine: Caller, rival: Engine) -> None:
        """Nothing is stored, and the same batch goes well afterwards."""
        with rival.connect() as holder:
            holder.execute(WRITERS_TURN)
            answer = machine.send([start("i-2", hours_ago(1))])

        assert_unavailable(answer)
        assert machine.read("/economy/savings")["active_instances_count"] == 1
        machine.push(start("i-2", hours_ago(1)))
        assert machine.read("/economy/savings")["active_instances_count"] == 2

    def test_a_writer_whose_turn_it_is_answers_503_too(
        self, machine: Caller, rival: Engine
    ) -> None:
        """Nor does a table that is being rebuilt keep whoever has the turn waiting."""
        with rival.connect() as holder:
            holder.execute(text("LOCK TABLE usage_event IN ACCESS EXCLUSIVE MODE"))
            answer = machine.send([start("i-2", hours_ago(1))])

        assert_unavailable(answer)
        assert len(machine.read("/usage/events")["events"]) == 1

    def test_a_reader_answers_503(self, machine: Caller, rival: Engine) -> None:
        """A table that is being rebuilt keeps nobody waiting for ever."""
        with rival.connect() as holder:
            holder.execute(text("LOCK TABLE usage_event IN ACCESS EXCLUSIVE MODE"))
            answer = machine.get("/usage/events")

        assert_unavailable(answer)
        assert len(machine.read("/usage/events")["events"]) == 1


class TestTheTurn:
    """Other writers of ours are before us, and take longer than we wait for anything else."""

    def report_beside_a_writer_of_six_seconds(
        self, machine: Caller, rival: Engine
    ) -> tuple[TestResponse, float]:
        """Report usage; return the answer, and after how many seconds it came."""
        with ThreadPoolExecutor(1) as pool, rival.connect() as holder:
            holder.execute(WRITERS_TURN)
            began = time.monotonic()
            answer = pool.submit(machine.send, [start("i-2", hours_ago(1))])
            with suppress(TimeoutError):
                answer.result(timeout=6)
            holder.rollback()
            return answer.result(), time.monotonic() - began

    def test_a_writer_outwaits_a_disk_that_stands_still(
        self, machine: Caller, rival: Engine
    ) -> None:
        """Where one commit takes six seconds, those after it come to their turn."""
        answer, seconds = self.report_beside_a_writer_of_six_seconds(machine, rival)

        assert answer.status_code == 200
        assert seconds > 6

    def test_with_the_patience_for_a_lock_it_would_be_turned_away(
        self, machine: Caller, rival: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The control."""
        impatient = database_module._BEGIN_WRITING.replace("'15s'", "'5s'")  # noqa: SLF001
        monkeypatch.setattr(database_module, "_BEGIN_WRITING", impatient)

        answer, seconds = self.report_beside_a_writer_of_six_seconds(machine, rival)

        assert_unavailable(answer)
        assert seconds < 6.5


class TestALostServer:
    """The server crashes, is away, and comes back; what was acknowledged is there."""

    def crash_while_reporting(
        self, server: Application, machine: Caller, postgresql: PostgreSql
    ) -> TestResponse:
        """Report usage while the server crashes between two statements of the transaction."""

        def crash() -> None:
            with postgresql.stopped():
                pass

        with once_before(server.database.engine, "INSERT INTO usage_event", crash):
            return machine.send([start("i-2", hours_ago(1))])

    def test_a_crash_in_the_middle_is_503_and_the_batch_counts_once(
        self, server: Application, machine: Caller, postgresql: PostgreSql
    ) -> None:
        """The client sends the batch again, and no connection of before is in the way."""
        answer = self.crash_while_reporting(server, machine, postgresql)
        again = machine.push(start("i-2", hours_ago(1)))

        assert_unavailable(answer)
        assert [one["status"] for one in again] == ["accepted"]
        assert machine.read("/economy/savings")["active_instances_count"] == 2

    def test_untranslated_it_would_be_our_mistake(
        self,
        server: Application,
        machine: Caller,
        postgresql: PostgreSql,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """The control: the error is real, and reaches the client as a 500."""
        monkeypatch.setattr(database_module, "_unavailable_as_our_own", nullcontext)

        answer = self.crash_while_reporting(server, machine, postgresql)

        assert answer.status_code == 500

    def test_as_long_as_it_is_away_everything_is_503(
        self, server: Application, machine: Caller, postgresql: PostgreSql
    ) -> None:
        """Reading, writing, signing in and being ready; and no longer than that."""
        client = server.flask.test_client()
        login = {"email": "a@example.org", "password": "whatever it is"}

        with postgresql.stopped():
            answers = [
                machine.get("/economy/savings"),
                machine.send([start("i-2", hours_ago(1))]),
                client.post("/api/v1/auth/login", json=login),
                client.get("/readyz"),
            ]

        for answer in answers:
            assert_unavailable(answer)
        assert client.get("/readyz").status_code == 200
        machine.push(start("i-2", hours_ago(1)))
        assert machine.read("/economy/savings")["active_instances_count"] == 2


def test_when_all_connections_are_in_use_it_is_said(
    new_application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 as well, instead of an error of ours."""
    machine = new_application.machine(new_application.account("ours"))
    database = new_application.database
    monkeypatch.setattr(database.engine.pool, "_timeout", 0.01)
    most: Any = database.engine.pool

    with ExitStack() as stack:
        for _ in range(most.size() + 10):
            stack.enter_context(database.read())
        answer = machine.get("/economy/savings")

    assert_unavailable(answer)
    assert machine.get("/economy/savings").status_code == 200
