"""Turns of writers: nearly in the order of coming, free once their holder is gone."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Lock, Timer

import pytest
from sqlalchemy import text

from dumont_economy.errors import DatabaseUnavailableError
from dumont_economy.storage import database as database_module
from dumont_economy.storage.database import Database
from dumont_economy.storage.writer_turn import writer_turn

_WRITERS = 8
_TURNS = 25
_HELD_SECONDS = 0.004
# Of 200 turns. Those that came last going first lets someone wait for nearly all of them.
_FEW = 100
_LONG_SECONDS = 60
_HOLDER = """
import sys
from pathlib import Path
from dumont_economy.storage.writer_turn import writer_turn
with writer_turn(Path(sys.argv[1]), seconds=5):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Name a database in an empty folder."""
    return tmp_path / "economy.db"


@contextmanager
def _held_by_another_process(path: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        try:
            yield holder
        finally:
            holder.kill()


def _most_overtaken(turn: Callable[[], AbstractContextManager[None]]) -> int:
    """Return for how many turns of others a writer waited at most, where all write all the time."""
    done, waited, counting = 0, [0], Lock()

    def write_again_and_again() -> None:
        nonlocal done
        for _ in range(_TURNS):
            with counting:
                came_at = done
            with turn():
                with counting:
                    waited.append(done - came_at)
                    done += 1
                time.sleep(_HELD_SECONDS)

    with ThreadPoolExecutor(_WRITERS) as pool:
        for one in [pool.submit(write_again_and_again) for _ in range(_WRITERS)]:
            one.result()
    return max(waited)


def test_nobody_waits_for_very_many_others(path: Path) -> None:
    """Eight who write all the time come to their turns nearly in order."""
    assert _most_overtaken(lambda: writer_turn(path, seconds=_LONG_SECONDS)) < _FEW


def test_an_unfair_order_would_be_noticed(path: Path) -> None:
    """Control: SQLite's own way of waiting, with the same writers."""
    database = Database(f"sqlite:///{path}")
    database.migrate()

    @contextmanager
    def begun() -> Iterator[None]:
        # The engine, not the database, which would wait for its turn.
        with database.engine.connect().execution_options(writes=True) as connection:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={_LONG_SECONDS * 1000}")
            connection.commit()
            with connection.begin():
                yield

    assert _most_overtaken(begun) > _FEW
    database.close()


def test_whoever_waits_too_long_is_told(path: Path) -> None:
    """The turn is another process's: the wait ends in time, and says what to do."""
    with (
        _held_by_another_process(path),
        pytest.raises(DatabaseUnavailableError, match=r"Others have written for 0\.2 seconds"),
        writer_turn(path, seconds=0.2),
    ):
        pytest.fail("The turn of another was taken.")


def _write_beside_a_writer_of_six_seconds(path: Path) -> None:
    """Write while another process has the turn for longer than SQLite itself would wait."""
    database = Database(f"sqlite:///{path}")
    database.migrate()
    with _held_by_another_process(path) as holder:
        ends = Timer(6, holder.kill)
        ends.start()
        try:
            with database.write():
                assert not ends.is_alive()
        finally:
            ends.cancel()
            database.close()


def test_a_writer_outwaits_a_disk_that_stands_still(path: Path) -> None:
    """Where one commit takes six seconds, those after it come to their turn."""
    _write_beside_a_writer_of_six_seconds(path)


def test_with_the_patience_of_sqlite_it_would_be_turned_away(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control."""
    monkeypatch.setattr(database_module, "_TURN_SECONDS", database_module._BUSY_TIMEOUT_SECONDS)  # noqa: SLF001
    with pytest.raises(DatabaseUnavailableError, match="Others have written for 5 seconds"):
        _write_beside_a_writer_of_six_seconds(path)


def test_a_turn_ends_with_its_process(path: Path) -> None:
    """A process that is killed while it writes holds nobody up."""
    with _held_by_another_process(path) as holder:
        holder.kill()
        holder.wait()
        with writer_turn(path, seconds=0):
            pass


def test_a_reader_waits_for_nobody(path: Path) -> None:
    """Only who writes takes a turn."""
    database = Database(f"sqlite:///{path}")
    database.migrate()
    with writer_turn(path, seconds=0), database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM account")).scalar() == 0
    database.close()


def test_a_writer_of_the_database_waits_for_its_turn(path: Path) -> None:
    """What is written while another has the turn comes after it."""
    database = Database(f"sqlite:///{path}")
    database.migrate()
    order: list[str] = []

    def write() -> None:
        with database.write():
            order.append("second")

    with ThreadPoolExecutor(1) as pool:
        with writer_turn(path, seconds=0):
            waiting = pool.submit(write)
            time.sleep(0.1)
            order.append("first")
        waiting.result()

    assert order == ["first", "second"]
    database.close()


def test_a_file_that_cannot_be_opened_is_named(path: Path) -> None:
    """Where the lock cannot be, nothing is written, and it is said what is wrong."""
    Path(f"{path}-turn").mkdir()
    with (
        pytest.raises(DatabaseUnavailableError, match=r"economy\.db-turn cannot be opened"),
        writer_turn(path, seconds=0),
    ):
        pytest.fail("The turn was taken without its lock.")
