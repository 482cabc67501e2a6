"""Turns of writers on a file of SQLite, which lets only one write at a time.

SQLite's own way of waiting asks the more seldom the longer one has waited, so that among many
writers those that came last go first, and some wait for seconds. Asking it more often instead keeps
its log from being emptied. So writers take turns at locks on two files beside the database, and
only whose turn it is asks SQLite: one who writes, and one who is next and asks all the time. So
nobody who has just written goes before all others again.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dumont_economy.errors import DatabaseUnavailableError

# Whoever asks first after that is next, so those that have waited longer ask more often: in the
# square of the time, which lets few overtake.
_ASKED_AFTER = 0.0002
_LEAST_PAUSE_SECONDS = 0.001
_LONGEST_PAUSE_SECONDS = 0.02
_READABLE = 0o644


@contextmanager
def writer_turn(database: Path, *, seconds: float) -> Iterator[None]:
    """Hold the turn to write to a database until the block ends, or the process does.

    Args:
        database: The file of SQLite.
        seconds: How long to wait for the turn.

    Raises:
        DatabaseUnavailableError: it was not ours within that time, or a file cannot be opened.
    """
    began = time.monotonic()
    with _opened(Path(f"{database}-turn")) as turn:
        with _opened(Path(f"{database}-next")) as following:
            while not _is_ours(following):
                time.sleep(_pause(_waited(began, seconds)))
            while not _is_ours(turn):
                _waited(began, seconds)
                time.sleep(_LEAST_PAUSE_SECONDS)
        yield


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    """Give an open file, whose lock ends with it."""
    try:
        # To read only: whoever made it may be another user, and nothing is written to it.
        file = os.open(path, os.O_RDONLY | os.O_CREAT, _READABLE)
    except OSError as error:
        message = (
            f"The database cannot be written: {path} cannot be opened ({error.strerror}). "
            "Check that its folder exists, can be written and has space."
        )
        raise DatabaseUnavailableError(message) from error
    try:
        yield file
    finally:
        os.close(file)


def _is_ours(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _waited(began: float, seconds: float) -> float:
    waited = time.monotonic() - began
    if waited > seconds:
        message = f"Others have written for {seconds:g} seconds. Ask again in a moment."
        raise DatabaseUnavailableError(message)
    return waited


def _pause(waited: float) -> float:
    pause = _ASKED_AFTER / max(waited, _LEAST_PAUSE_SECONDS) ** 2
    return min(max(pause, _LEAST_PAUSE_SECONDS), _LONGEST_PAUSE_SECONDS)
