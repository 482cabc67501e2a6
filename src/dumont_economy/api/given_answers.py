"""Answers that were given in this second: the same question has the same one until it is over."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

_MOST = 256


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """The bytes of an answer and its tag, and from when until when they are the answer."""

    body: bytes
    tag: str | None
    as_of: datetime
    holds_until: datetime


class GivenAnswers:
    """The answers given last, by a digest of all that they depend on but time."""

    def __init__(self) -> None:
        self._given: OrderedDict[str, GivenAnswer] = OrderedDict()
        self._lock = Lock()

    def of_this_second(self, digest: str, now: datetime) -> GivenAnswer | None:
        """Return the answer to a question where it is the one of this moment."""
        held = self._given.get(digest)
        return held if held is not None and held.as_of <= now < held.holds_until else None

    def keep(self, digest: str, given: GivenAnswer) -> None:
        """Keep an answer for whoever asks next."""
        with self._lock:
            self._given[digest] = given
            self._given.move_to_end(digest)
            while len(self._given) > _MOST:
                self._given.popitem(last=False)
