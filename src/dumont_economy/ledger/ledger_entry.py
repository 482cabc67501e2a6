"""Ledger entries: a line told side by side, cut to a window, as whoever checks it reads it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction

from dumont_economy.ledger.line_item import BilledSpan, DiskLine, Line, LineItem, Window
from dumont_economy.money import cost

_ONE_HOUR = Fraction(1)
_NO_PAD = 0


class Side(StrEnum):
    """What an entry says of a line: what was paid, what it compares with, or that it does not."""

    ACTUAL = "actual"
    COMPARISON = "comparison"
    UNPRICED = "unpriced"


class Component(StrEnum):
    """What of an instance a line is the cost of."""

    COMPUTE = "compute"
    DISK_RUNNING = "disk_running"
    DISK_STOPPED = "disk_stopped"


def component_of(line: Line) -> Component:
    """Return what of an instance a line is the cost of."""
    if isinstance(line, LineItem):
        return Component.COMPUTE
    return Component.DISK_RUNNING if line.span.is_running else Component.DISK_STOPPED


def order_of(line: Line) -> tuple[datetime, str, str]:
    """Return what lines are ordered by in a ledger: their beginning, then the instance."""
    return (line.starts_at, line.instance, component_of(line))


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """What a unit costs for so many hours: GPUs by the hour, GB by the month."""

    price: Fraction
    hours: Fraction


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One side of the part `[starts_at, ends_at)` of a line that falls into a window.

    `microseconds` is the billed time, of which `pad_microseconds` were added by a minimum or by
    rounding up (R-PAD); on the unpriced side the used time. `units` is what the price is for: the
    instance where it ran, its GPUs elsewhere, the GB of a disk. `price` and `amount`, which is
    exact, are None on the unpriced side: they are not known.
    """

    side: Side
    line: Line
    starts_at: datetime
    ends_at: datetime
    microseconds: int
    pad_microseconds: int
    units: Fraction
    price: UnitPrice | None
    amount: Fraction | None


def entries_of(lines: Iterable[Line], window: Window) -> Iterator[LedgerEntry]:
    """Return the entries of lines that touch a window, in the order of the lines.

    Each line is told by what was paid, where that is known, and by its comparison or, where
    nothing counts as one, as unpriced.
    """
    for line in lines:
        if not window.touches(line.starts_at, line.ends_at):
            continue
        if line.rate is not None:
            yield _entry(line, Side.ACTUAL, line.rate, window)
        if line.comparison_rate is None:
            yield _entry(line, Side.UNPRICED, None, window)
        else:
            yield _entry(line, Side.COMPARISON, line.comparison_rate, window)


def _entry(line: Line, side: Side, rate: Fraction | None, window: Window) -> LedgerEntry:
    billed, pad = _billed(line, side, window)
    return LedgerEntry(
        side=side,
        line=line,
        starts_at=max(line.starts_at, window.starts_at or line.starts_at),
        ends_at=min(line.ends_at, window.ends_at or line.ends_at),
        microseconds=billed,
        pad_microseconds=pad,
        units=_units(line, side),
        price=None if rate is None else _unit_price(line, side, rate),
        amount=None if rate is None else cost(rate, billed),
    )


def _billed(line: Line, side: Side, window: Window) -> tuple[int, int]:
    """Return the time that a side is billed for, and what of it was added."""
    if isinstance(line, DiskLine) or side is Side.UNPRICED:
        return line.used_microseconds(window), _NO_PAD
    span: BilledSpan = line.actual if side is Side.ACTUAL else line.comparison
    is_booked = window.holds_last_instant_before(line.ends_at)
    return line.billed_microseconds(span, window), span.pad_microseconds if is_booked else _NO_PAD


def _units(line: Line, side: Side) -> Fraction:
    if isinstance(line, DiskLine):
        return line.span.gb
    return Fraction(1 if side is Side.ACTUAL else line.shape.gpu_count)


def _unit_price(line: Line, side: Side, rate: Fraction) -> UnitPrice | None:
    if isinstance(line, LineItem):
        return UnitPrice(rate / _units(line, side), _ONE_HOUR)
    if side is Side.ACTUAL:
        per_gb_month, hours = line.per_gb_month, line.span.disk.hours_per_month
    else:
        per_gb_month, hours = line.comparison.per_gb_month, line.comparison.hours_per_month
    if per_gb_month is None or hours is None:
        return None
    return UnitPrice(per_gb_month, Fraction(hours))
