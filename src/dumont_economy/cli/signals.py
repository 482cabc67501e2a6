"""Signals that end a command in good order: what it holds is given back on the way out."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_ENDING = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def ending_in_good_order(exit_code: int | None = None) -> Iterator[None]:
    """Let a request to end unwind the block, wherever it is, as Ctrl-C does.

    The exit code is the shell's for the signal, unless told: a service that is asked to stop has
    not failed.
    """

    def end(number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + number if exit_code is None else exit_code)

    before = {wanted: signal.signal(wanted, end) for wanted in _ENDING}
    try:
        yield
    finally:
        for wanted, handler in before.items():
            signal.signal(wanted, handler)
