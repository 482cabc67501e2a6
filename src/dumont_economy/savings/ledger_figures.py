"""Ledger figures: totals with the seconds they were billed for, by day, and how they differ."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from dumont_economy.ledger.line_item import Line, LineItem, Window
from dumont_economy.savings.local_day import LocalDay
from dumont_economy.savings.totals import Totals


class Amounts(NamedTuple):
    """Rounded nowhere: used time in microseconds, money in the ledger's currency."""

    used: Fraction
    actual: Fraction
    comparable: Fraction
    counterfactual: Fraction
    saving: Fraction


@dataclass
class LedgerFigures:
    """What lines come to inside a window. Times in microseconds of instance time.

    `unpriced` is the used time without a comparison; what was paid for it is in no saving. Disks
    are money without use: none of the times is theirs.
    """

    totals: Totals = field(default_factory=Totals)
    billed_actual: int = 0
    billed_comparison: int = 0
    unpriced: int = 0

    def add_line(self, line: Line, window: Window) -> None:
        """Add the part of a line that falls into a window."""
        if not window.touches(line.starts_at, line.ends_at):
            return
        self.totals.add_line(line, window)
        if not isinstance(line, LineItem):
            return
        if line.rate is not None:
            self.billed_actual += line.billed_microseconds(line.actual, window)
        if line.comparison_rate is None:
            self.unpriced += line.used_microseconds(window)
        else:
            self.billed_comparison += line.billed_microseconds(line.comparison, window)

    @property
    def amounts(self) -> Amounts:
        """Return what an adjustment compares."""
        totals = self.totals
        return Amounts(
            Fraction(totals.used),
            totals.actual.total(),
            totals.comparable.total(),
            totals.counterfactual.total(),
            totals.saving,
        )


def figures_of(lines: Iterable[Line], window: Window) -> LedgerFigures:
    """Return what lines come to inside a window."""
    figures = LedgerFigures()
    for line in lines:
        figures.add_line(line, window)
    return figures


def difference(earlier: LedgerFigures, later: LedgerFigures) -> Amounts:
    """Return what the later figures have more (R-ASOF)."""
    pairs = zip(earlier.amounts, later.amounts, strict=True)
    return Amounts(*(new - old for old, new in pairs))


@dataclass(frozen=True, slots=True)
class DayFigures:
    """What one local day comes to, inside the window that was asked for."""

    day: LocalDay
    figures: LedgerFigures


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What the later of two figures of one day of use has more."""

    date: date
    change: Amounts


def figures_by_day(
    lines: Iterable[Line], window: Window, days: Sequence[LocalDay]
) -> list[DayFigures]:
    """Return the figures of each day; one without use is there with zeros."""
    found = [DayFigures(day, LedgerFigures()) for day in days]
    borders = [day.starts_at for day in days]
    for line in lines:
        number = max(0, bisect_right(borders, line.starts_at) - 1)
        while number < len(found) and borders[number] < line.ends_at:
            one = found[number]
            one.figures.add_line(line, _inside(one.day, window))
            number += 1
    return found


def _inside(day: LocalDay, window: Window) -> Window:
    """Return the part of a day that lies in a window."""
    return Window(
        max(day.starts_at, window.starts_at or day.starts_at),
        min(day.ends_at, window.ends_at or day.ends_at),
    )


def adjustments_of(
    before: Iterable[Line], after: Iterable[Line], window: Window, days: Sequence[LocalDay]
) -> list[Adjustment]:
    """Return what lines have more than they had, by day; days without a difference left out."""
    pairs = zip(
        figures_by_day(before, window, days), figures_by_day(after, window, days), strict=True
    )
    changes = [Adjustment(old.day.date, difference(old.figures, new.figures)) for old, new in pairs]
    return [one for one in changes if any(one.change)]
