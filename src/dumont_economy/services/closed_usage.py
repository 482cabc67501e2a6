"""All that an account used and uses no more, rated for one question, and summed by time.

A new event changes the lines of its own instance alone and all others are taken over, so an answer
costs the same however long the history is. Nothing here is changed once it is made but the sums
that it keeps, which are functions of its lines.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import filterfalse
from operator import attrgetter

from dumont_economy.instant import EPOCH, to_microseconds
from dumont_economy.ledger.line_item import Line, Window
from dumont_economy.metering.gpu_session import InstanceTimeline
from dumont_economy.savings.totals import Totals, total_of

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)
_MICROSECONDS_PER_HOUR = 3_600_000_000
_HOURS_PER_DAY = 24
# Ten years of days in a few time zones.
_MOST_KEPT = 20_000

_ends_at = attrgetter("ends_at")

# What a window without any line comes to; many are such, so one serves for all.
NOTHING = Totals()


@dataclass(frozen=True, slots=True)
class RatedInstance:
    """The lines of one instance's ended use; good while its timeline is this one."""

    timeline: InstanceTimeline
    lines: tuple[Line, ...]
    totals: Totals


class ClosedUsage:
    """The closed sessions and ended disks of an account, rated.

    `_short` holds the lines of under a day by each UTC hour that they touch, `_long` the others by
    each UTC day: so the lines of any window are found without the rest.
    """

    def __init__(
        self,
        rated: Mapping[str, RatedInstance],
        totals: Totals,
        short: Mapping[int, tuple[Line, ...]],
        long: Mapping[int, tuple[Line, ...]],
        kept: dict[Window, Totals],
    ) -> None:
        self.totals = totals
        self._rated = rated
        self._short = short
        self._long = long
        self._kept = kept

    @cached_property
    def lines(self) -> list[Line]:
        """Return all lines, in order of their end."""
        return sorted((line for one in self._rated.values() for line in one.lines), key=_ends_at)

    def ending_after(self, instant: datetime) -> list[Line]:
        """Return the lines that end after an instant, in order of their end."""
        return self.lines[bisect_right(self.lines, instant, key=_ends_at) :]

    def totals_in(self, window: Window) -> Totals:
        """Return the totals of a closed window, kept for the next time: not to be changed."""
        held = self._kept.get(window)
        if held is None:
            held = self._scanned(window)
            held.settle()
            if len(self._kept) >= _MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[window] = held
        return held

    def totals_since(self, since: datetime, now: datetime) -> Totals:
        """Return the totals of everything after an instant; nothing here has ended after `now`."""
        totals = Totals()
        for piece in _pieces(since, _next(now, _DAY)):
            is_whole = piece.starts_at != since or piece.starts_at == _floor(since, _HOUR)
            totals.merge(self.totals_in(piece) if is_whole else self._scanned(piece))
        return totals

    def _scanned(self, window: Window) -> Totals:
        """Return the totals of a closed window, added up by the hours and days that have lines."""
        if window.starts_at is None or window.ends_at is None:
            message = "Only a window with both ends has hours to look at."
            raise ValueError(message)
        found: list[Totals] = []
        first, last = _hour(window.starts_at), _hour(window.ends_at - _INSTANT)
        for index, hours, places in (
            (self._short, 1, range(first, last + 1)),
            (
                self._long,
                _HOURS_PER_DAY,
                range(first // _HOURS_PER_DAY, last // _HOURS_PER_DAY + 1),
            ),
        ):
            for place in places:
                if place in index:
                    piece = _part(window.starts_at, window.ends_at, place * hours, hours)
                    found.append(total_of(index[place], piece))
        if not found:
            return NOTHING
        totals = Totals()
        for one in found:
            totals.merge(one)
        return totals

    def with_changed(self, changed: Iterable[RatedInstance]) -> "ClosedUsage":
        """Return the usage with some instances rated anew; what they share with before stays."""
        rated = dict(self._rated)
        totals = Totals()
        totals.merge(self.totals)
        gone: list[Line] = []
        come: list[Line] = []
        for one in changed:
            before = rated.get(one.timeline.instance)
            old = () if before is None else before.lines
            same = _same(old, one.lines)
            gone += old[same:]
            come += one.lines[same:]
            # What stays is what the index holds already.
            lines = (*old[:same], *one.lines[same:])
            rated[one.timeline.instance] = replace(one, lines=lines)
            if before is not None:
                totals.subtract(before.totals)
            totals.merge(one.totals)
        totals.see_prices_of(one.totals for one in rated.values())
        totals.settle()
        kept = {
            window: held
            for window, held in self._kept.items()
            if not any(window.touches(line.starts_at, line.ends_at) for line in (*gone, *come))
        }
        short = _indexed(self._short, filter(_is_short, gone), filter(_is_short, come))
        long = _indexed(self._long, filterfalse(_is_short, gone), filterfalse(_is_short, come))
        return ClosedUsage(rated, totals, short, long, kept)


NOTHING_CLOSED = ClosedUsage({}, NOTHING, {}, {}, {})


def _same(old: Sequence[Line], new: Sequence[Line]) -> int:
    """Return how many lines both begin with."""
    pairs = zip(old, new, strict=False)
    return next(
        (place for place, (one, other) in enumerate(pairs) if one != other), min(len(old), len(new))
    )


def _indexed(
    index: Mapping[int, tuple[Line, ...]], gone: Iterable[Line], come: Iterable[Line]
) -> dict[int, tuple[Line, ...]]:
    """Return an index without some lines and with others."""
    out: dict[int, set[int]] = {}
    into: dict[int, list[Line]] = {}
    for line in gone:
        for place in _places(line):
            out.setdefault(place, set()).add(id(line))
    for line in come:
        for place in _places(line):
            into.setdefault(place, []).append(line)
    changed = dict(index)
    for place in out.keys() | into.keys():
        left = (line for line in index.get(place, ()) if id(line) not in out.get(place, ()))
        changed[place] = (*left, *into.get(place, ()))
        if not changed[place]:
            del changed[place]
    return changed


def _is_short(line: Line) -> bool:
    return line.ends_at - line.starts_at < _DAY


def _places(line: Line) -> range:
    """Return the UTC hours that a short line touches, or the UTC days that a long one does."""
    first, last = _hour(line.starts_at), _hour(line.ends_at - _INSTANT)
    if _is_short(line):
        return range(first, last + 1)
    return range(first // _HOURS_PER_DAY, last // _HOURS_PER_DAY + 1)


def _hour(at: datetime) -> int:
    return to_microseconds(at) // _MICROSECONDS_PER_HOUR


def _floor(at: datetime, length: timedelta) -> datetime:
    return at - (at - EPOCH) % length


def _next(at: datetime, length: timedelta) -> datetime:
    return _floor(at, length) + length


def _part(starts_at: datetime, ends_at: datetime, hour: int, hours: int) -> Window:
    """Return the part of a stretch that lies in some hours."""
    begins = EPOCH + hour * _HOUR
    return Window(max(starts_at, begins), min(ends_at, begins + hours * _HOUR))


def _pieces(since: datetime, until: datetime) -> Iterator[Window]:
    """Cut a stretch that ends with a UTC day: the rest of an hour and of a day, then whole days."""
    at = since
    while at < until:
        length = _DAY if at == _floor(at, _DAY) else _HOUR
        yield Window(at, _next(at, length))
        at = _next(at, length)
