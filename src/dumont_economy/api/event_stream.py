"""The text of a stream of server-sent events, made as it is sent."""

import time
from collections.abc import Iterable, Iterator
from random import SystemRandom

from flask import json

from dumont_economy.services.change_watch import ChangeWatch
from dumont_economy.services.listener import Change, End, Listener

# Clients come back spread over these, so that a server that has just started is not overrun.
_COMES_BACK_MILLISECONDS = (2_000, 6_000)
_HEARTBEAT = ":\n\n"
_random = SystemRandom()


class EventStream:
    """The events of one listener: the present state, then each change until either side ends it."""

    def __init__(self, watch: ChangeWatch, listener: Listener, held_id: str | None) -> None:
        """Begin the stream.

        Args:
            watch: Tells the listener of changes.
            listener: Whose stream it is.
            held_id: Names the state that the client says it holds.
        """
        self._watch = watch
        self._listener = listener
        self._held_id = held_id
        self._ends_at = time.monotonic() + watch.limits.lasts_seconds
        self._texts = self._make()

    def __iter__(self) -> Iterator[str]:
        return self._texts

    def close(self) -> None:
        """Forget the listener, however it came to an end; also where nothing was ever sent."""
        self._watch.dismiss(self._listener)

    def _make(self) -> Iterator[str]:
        yield self._first()
        while True:
            told = self._next()
            if told is None:
                yield _HEARTBEAT
            elif isinstance(told, End):
                yield _farewell(told)
                return
            else:
                yield self._changed(told)

    def _first(self) -> str:
        is_held = self._held_id == self._listener.state_id
        return _comes_back() + (_HEARTBEAT if is_held else self._changed(Change))

    def _next(self) -> frozenset[Change] | End | None:
        left = self._ends_at - time.monotonic()
        told = self._listener.next(min(left, self._watch.limits.heartbeat_seconds))
        if told is not None:
            return told
        if self._watch.is_blind():
            return End.BLIND
        return End.STOPPING if self._ends_at <= time.monotonic() else None

    def _changed(self, what: Iterable[Change]) -> str:
        data = json.dumps({"changed": sorted(what)})
        return f"id: {self._listener.state_id}\nevent: changed\ndata: {data}\n\n"


def _comes_back() -> str:
    return f"retry: {_random.randint(*_COMES_BACK_MILLISECONDS)}\n"


def _farewell(why: End) -> str:
    """Return the last words: whoever may not listen any more need not come back."""
    if why is End.NOT_ALLOWED:
        return 'event: ended\ndata: {"code":"unauthenticated"}\n\n'
    return f"{_comes_back()}\n"
