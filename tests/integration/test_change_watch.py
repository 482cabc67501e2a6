"""One watch tells all listeners of a process what any process has changed."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from uuid import uuid4

import pytest
from sqlalchemy import Connection, event

from dumont_economy.errors import DatabaseUnavailableError, ServerStoppingError
from dumont_economy.services import change_watch, people
from dumont_economy.services.change_watch import ChangeWatch, WatchLimits
from dumont_economy.services.listener import Change, End, Listener
from dumont_economy.services.people import Principal
from tests.account_filter import watched_statements
from tests.api.harness import Application, Caller, hours_ago, start, start_application_on
from tests.postgresql import PostgreSql

SOON = 5
OF_LEDGER = frozenset({Change.LEDGER})
FAST = WatchLimits(look_seconds=0.02, check_seconds=0.05, blind_seconds=0.2)
HURRIED = replace(FAST, behind_seconds=1)


class Telephone:
    """A line that a test hangs up."""

    def __init__(self) -> None:
        self.is_held = True
        self.was_cut = False

    def is_open(self) -> bool:
        """Say whether the test has not hung up."""
        return self.is_held

    def cut(self) -> None:
        """Note that the line was cut."""
        self.was_cut = True


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def application(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    """Start an application over a database of either kind; each test has accounts of its own."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('watched') / 'economy.db'}"
    else:
        cluster: PostgreSql = request.getfixturevalue("postgresql")
        url = cluster.new_database()
    application = start_application_on(url)
    yield application
    application.close()


def watch_of(application: Application, limits: WatchLimits = FAST) -> ChangeWatch:
    """Return a watch over an application's database, as a process of its own has it."""
    return ChangeWatch(application.database, application.clock, limits)


def who(application: Application, caller: Caller) -> Principal:
    """Return whom a machine's token stands for."""
    found = people.authenticate(application.database, application.clock, caller.token)
    assert found is not None
    return found


@contextmanager
def listening(
    application: Application, caller: Caller, watch: ChangeWatch, line: Telephone | None = None
) -> Iterator[Listener]:
    """Listen during the block."""
    listener = watch.admit(who(application, caller), line or Telephone())
    try:
        yield listener
    finally:
        watch.dismiss(listener)


def watching() -> set[threading.Thread]:
    """Return the threads that watch."""
    return {one for one in threading.enumerate() if one.name == "change-watch"}


def wait_until(is_so: Callable[[], bool]) -> bool:
    """Say whether something comes true soon."""
    deadline = time.monotonic() + SOON
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.01)
    return is_so()


class TestManyProcesses:
    """Changes come from the database: it does not matter who made one."""

    def test_each_process_tells_its_own_listeners(
        self, application: Application, caller: Caller
    ) -> None:
        """What one process takes in, the watches of all of them see."""
        first, second = watch_of(application), watch_of(application)
        with (
            listening(application, caller, first) as here,
            listening(application, caller, second) as there,
        ):
            caller.push(start("i-1", hours_ago(1)))

            assert here.next(SOON) == there.next(SOON) == OF_LEDGER
            assert here.state_id == there.state_id

    def test_the_thread_is_there_while_somebody_listens(
        self, application: Application, caller: Caller
    ) -> None:
        """One, however many listen; none when all have gone, and one again for the next."""
        before = watching()
        watch = watch_of(application)
        for _ in range(2):
            with (
                listening(application, caller, watch),
                listening(application, caller, watch),
            ):
                assert len(watching() - before) == 1
            assert wait_until(lambda: watching() <= before)


class TestWhatItCosts:
    """A look costs the same however many listen to an account."""

    @pytest.mark.parametrize("listeners", [1, 4])
    def test_one_statement_for_all(
        self,
        application: Application,
        monkeypatch: pytest.MonkeyPatch,
        listeners: int,
    ) -> None:
        """Where nobody's credentials are due; of three accounts here."""
        monkeypatch.setattr(ChangeWatch, "_begin_to_look", lambda _watch: None)
        watch = watch_of(application, WatchLimits(check_seconds=3600))
        for _ in range(3):
            machine = application.machine(application.account(uuid4().hex))
            for _ in range(listeners):
                watch.admit(who(application, machine), Telephone())
        asked: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            if statement.startswith("SELECT"):
                asked.append(statement)

        event.listen(application.database.engine, "before_cursor_execute", note)
        watch.look()
        event.remove(application.database.engine, "before_cursor_execute", note)

        assert len(asked) == 1

    def test_no_connection_is_held_between_looks(
        self, application: Application, caller: Caller
    ) -> None:
        """However many streams are open."""
        pool = application.database.engine.pool
        with listening(application, caller, watch_of(application)):
            counts = set()
            for _ in range(20):
                counts.add(pool.checkedout())  # type: ignore[attr-defined]
                time.sleep(0.005)

        assert 0 in counts
        assert max(counts) <= 1

    def test_every_statement_names_its_account(
        self, application: Application, caller: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Of credentials and policies, one account at a time."""
        monkeypatch.setattr(ChangeWatch, "_begin_to_look", lambda _watch: None)
        watch = watch_of(application, WatchLimits(check_seconds=0))
        person = application.person(uuid4().hex)
        session = people.authenticate(application.database, application.clock, person.token)
        assert session is not None
        watch.admit(who(application, caller), Telephone())
        watch.admit(session, Telephone())

        with watched_statements() as seen:
            watch.look()

        assert seen.tables == {"policy", "api_token", "login_session"}
        assert seen.unfiltered == []


class TestWhoDoesNotListen:
    """Places are given back, and nothing is kept for whoever does not take it."""

    def test_who_has_hung_up_is_let_go(self, application: Application, caller: Caller) -> None:
        """At the next look, so that a page that is loaded again finds its place free."""
        line, watch = Telephone(), watch_of(application)
        with listening(application, caller, watch, line) as listener:
            line.is_held = False

            assert listener.next(SOON) is End.HUNG_UP

    def test_a_place_is_found_at_once_where_somebody_has_hung_up(
        self, application: Application, caller: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Before anybody is refused, it is looked."""
        monkeypatch.setattr(ChangeWatch, "_begin_to_look", lambda _watch: None)
        watch = watch_of(application, WatchLimits(of_one=1, of_all=1))
        line, me = Telephone(), who(application, caller)
        watch.admit(me, line)
        line.is_held = False

        watch.admit(me, Telephone())

    def test_who_does_not_read_is_cut_off(self, application: Application, caller: Caller) -> None:
        """Half a minute after something was given to them that they have not taken."""
        line = Telephone()
        with listening(application, caller, watch_of(application, HURRIED), line):
            assert wait_until(lambda: line.was_cut)

    def test_who_waits_for_news_is_not_behind(
        self, application: Application, caller: Caller
    ) -> None:
        """The control: waiting is what a listener does."""
        line = Telephone()
        with listening(application, caller, watch_of(application, HURRIED), line) as listener:
            assert listener.next(2 * HURRIED.behind_seconds) is None
            assert not line.was_cut


class TestTheEnd:
    """Nobody is left to believe that nothing changes."""

    def test_a_server_that_stops_lets_all_go_and_takes_no_more(
        self, application: Application, caller: Caller
    ) -> None:
        """At the next look."""
        watch = watch_of(application)
        with listening(application, caller, watch) as listener:
            watch.stop()

            assert listener.next(SOON) is End.STOPPING
            with pytest.raises(ServerStoppingError):
                watch.admit(who(application, caller), Telephone())

    def test_a_watch_that_sees_nothing_lets_all_go(
        self, application: Application, caller: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The database is away for longer than changes and revoked credentials may go unseen."""
        watch = watch_of(application)
        with listening(application, caller, watch) as listener:
            monkeypatch.setattr(change_watch, "read_again", _is_away)

            assert listener.next(SOON) is End.BLIND

    def test_a_short_absence_of_the_database_ends_nothing(
        self, application: Application, caller: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """And what happened meanwhile is told."""
        watch = watch_of(application, WatchLimits(look_seconds=0.02))
        with listening(application, caller, watch) as listener:
            with monkeypatch.context() as patch:
                patch.setattr(change_watch, "read_again", _is_away)
                caller.push(start("i-1", hours_ago(1)))
                assert listener.next(0.2) is None

            assert listener.next(SOON) == OF_LEDGER

    @pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
    def test_a_mistake_of_ours_lets_all_go(
        self, application: Application, caller: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """And the next listener starts the watch anew."""

        def fail(*_: object) -> None:
            raise ValueError

        watch = watch_of(application)
        with listening(application, caller, watch) as listener, monkeypatch.context() as patch:
            patch.setattr(change_watch, "read_again", fail)
            assert listener.next(SOON) is End.BLIND
        with listening(application, caller, watch) as listener:
            caller.push(start("i-1", hours_ago(1)))
            assert listener.next(SOON) == OF_LEDGER


def _is_away(_connection: Connection, _known: object) -> None:
    message = "The database is away."
    raise DatabaseUnavailableError(message)
