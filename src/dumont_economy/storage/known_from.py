"""From when on a new fact is known: never before what answers were given from."""

from collections.abc import Iterable
from datetime import datetime, timedelta

_RESOLUTION = timedelta(microseconds=1)


def known_from(now: datetime, earlier: Iterable[datetime | None]) -> datetime:
    """Return the instant at which a new fact becomes known (R-KNOWN).

    It is now, but never an instant at or before one at which something was known: if the clock
    was set back, an answer with an older `as_of` stays as it was.
    """
    return max([now, *(instant + _RESOLUTION for instant in earlier if instant is not None)])
