"""Totals over lines: what was paid, what it compares with, and how much of it is covered.

Invariants: unpriced time is out of both sides of the saving (R-UNPRICED); the saving keeps its
sign (R-SIGN); a total is the exact sum, rounded nowhere.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction

from dumont_economy.ledger.line_item import (
    ALL_TIME,
    DiskLine,
    Line,
    LineItem,
    Window,
    counted_rate,
)
from dumont_economy.metering.gpu_session import Shape
from dumont_economy.money import Accrual
from dumont_economy.pricing.disk_price import DiskSegment
from dumont_economy.pricing.equivalence import Equivalent, Grade
from dumont_economy.pricing.match_timeline import Match

# So many times, each as long as the calendar, fit into one timedelta.
_MOST_TIMES = 250
_MOST_KINDS = 10_000
_NO_TIME = timedelta()
_MICROSECOND = timedelta(microseconds=1)


@dataclass
class Totals:
    """Sums over line items. Times in microseconds, money in the ledger's currency.

    `used` counts instance time, the `gpu_*` counters GPU time, the `disk_*` counters the time of
    disks whose cost, or whose comparison, is not known. `actual` is all that was paid, `comparable`
    the part of it that has a counterfactual, `counterfactual` the other side.
    """

    used: int = 0
    gpu_used: int = 0
    gpu_by_grade: Counter[Grade] = field(default_factory=Counter)
    gpu_unpriced: Counter[str] = field(default_factory=Counter)
    gpu_not_converted: int = 0
    disk_not_compared: int = 0
    disk_not_priced: int = 0
    oldest_price: date | None = None
    actual: Accrual = field(default_factory=Accrual)
    comparable: Accrual = field(default_factory=Accrual)
    counterfactual: Accrual = field(default_factory=Accrual)
    substitutes_comparable: Accrual = field(default_factory=Accrual)
    substitutes_counterfactual: Accrual = field(default_factory=Accrual)

    @property
    def saving(self) -> Fraction:
        """Return counterfactual minus comparable cost; a loss is negative."""
        return self.counterfactual.total() - self.comparable.total()

    @property
    def substitutes_saving(self) -> Fraction:
        """Return the part of the saving that rests on substitutes (grade D)."""
        return self.substitutes_counterfactual.total() - self.substitutes_comparable.total()

    @property
    def saving_percent(self) -> Fraction | None:
        """Return the saving in percent of the counterfactual cost, None without such a cost."""
        counterfactual = self.counterfactual.total()
        return 100 * self.saving / counterfactual if counterfactual else None

    @property
    def gpu_priced(self) -> int:
        """Return the GPU time that has a counterfactual price."""
        return self.gpu_used - self.gpu_by_grade[Grade.N]

    @property
    def gpu_time_coverage(self) -> Fraction:
        """Return the share of GPU time with a counterfactual price; 1 where there is no use."""
        return Fraction(self.gpu_priced, self.gpu_used) if self.gpu_used else Fraction(1)

    @property
    def cost_coverage(self) -> Fraction:
        """Return the share of the cost that has a counterfactual; 1 where nothing was paid.

        What was paid in another currency is not known, so with such use the share is no more than
        that of GPU time.
        """
        paid = self.actual.total()
        share = self.comparable.total() / paid if paid else Fraction(1)
        return min(share, self.gpu_time_coverage) if self.gpu_not_converted else share

    def add_line(self, line: Line, window: Window = ALL_TIME) -> None:
        """Add the part of a line that falls into a window."""
        if isinstance(line, LineItem):
            self._add_run(line, window)
        else:
            self._add_disk(line, window)

    def _add_run(self, line: LineItem, window: Window) -> None:
        self.add_times(
            line,
            line.used_microseconds(window),
            line.billed_microseconds(line.actual, window),
            line.billed_microseconds(line.comparison, window),
        )

    def add_times(self, line: LineItem, used: int, actual: int, compared: int) -> None:
        """Add times of use that is rated as a line is."""
        if used:  # Without it nothing is billed: a pad is booked at the last used instant.
            self.add_gpu_use(
                line.shape, line.match, used=used, rate=line.rate, actual=actual, compared=compared
            )

    def add_gpu_use(
        self,
        shape: Shape,
        match: Match,
        *,
        used: int,
        rate: Fraction | None,
        actual: int,
        compared: int,
    ) -> None:
        """Add use of GPUs with one match.

        Args:
            shape: What was used.
            match: What it is compared with, or why with nothing.
            used: For how many microseconds.
            rate: What one of `actual` costs an hour, None where that is not known.
            actual: What was paid for: microseconds, or any other measure that `rate` is of.
            compared: How many microseconds the compared party would have billed.
        """
        gpu_used = used * shape.gpu_count
        self.used += used
        self.gpu_used += gpu_used
        if rate is None:
            self.gpu_not_converted += gpu_used
        else:
            self.actual.add(rate, actual)
        comparison_rate = counted_rate(match)
        if not isinstance(match, Equivalent) or comparison_rate is None or rate is None:
            self.gpu_by_grade[Grade.N] += gpu_used
            self.gpu_unpriced[shape.gpu] += gpu_used
            return
        self.gpu_by_grade[match.grade] += gpu_used
        self.comparable.add(rate, actual)
        self.counterfactual.add(comparison_rate, compared)
        if match.grade is Grade.D:
            self.substitutes_comparable.add(rate, actual)
            self.substitutes_counterfactual.add(comparison_rate, compared)
        if match.rate is not None:
            self._saw_price_of(match.rate.retrieved_at)

    def _add_disk(self, line: DiskLine, window: Window) -> None:
        used = line.used_microseconds(window)
        if used:
            self.add_disk_use(
                line.comparison,
                used=used,
                rate=line.rate,
                actual=used,
                comparison_rate=line.comparison_rate,
                compared=used,
            )

    def add_disk_use(
        self,
        comparison: DiskSegment,
        *,
        used: int,
        rate: Fraction | None,
        actual: int,
        comparison_rate: Fraction | None,
        compared: int,
    ) -> None:
        """Add time of disks with one compared price.

        A disk is money without use: it costs whether its instance is on or off.

        Args:
            comparison: The price that it is compared with.
            used: For how many microseconds.
            rate: What one of `actual` costs an hour, None where that is not known.
            actual: What was paid for: microseconds, or any other measure that `rate` is of.
            comparison_rate: What one of `compared` would have cost, None where nothing compares.
            compared: What it would have been paid for.
        """
        if rate is None:
            self.disk_not_priced += used
            return
        self.actual.add(rate, actual)
        if comparison_rate is None:
            self.disk_not_compared += used
            return
        self.comparable.add(rate, actual)
        self.counterfactual.add(comparison_rate, compared)
        if comparison.price is not None:
            self._saw_price_of(comparison.price.retrieved_at)

    def _saw_price_of(self, retrieved_at: date) -> None:
        if self.oldest_price is None or retrieved_at < self.oldest_price:
            self.oldest_price = retrieved_at

    def settle(self) -> None:
        """Keep the sums of money instead of what they are made of: nothing more will be added."""
        for accrual in (
            self.actual,
            self.comparable,
            self.counterfactual,
            self.substitutes_comparable,
            self.substitutes_counterfactual,
        ):
            accrual.settle()

    def merge(self, other: "Totals", times: int = 1) -> None:
        """Add everything that `other` holds, so many times; none at all is nothing."""
        if not times:
            return
        self.used += other.used * times
        self.gpu_used += other.gpu_used * times
        for grade, used in other.gpu_by_grade.items():
            self.gpu_by_grade[grade] += used * times
        for gpu, used in other.gpu_unpriced.items():
            self.gpu_unpriced[gpu] += used * times
        self.gpu_not_converted += other.gpu_not_converted * times
        self.disk_not_compared += other.disk_not_compared * times
        self.disk_not_priced += other.disk_not_priced * times
        if other.oldest_price is not None:
            self._saw_price_of(other.oldest_price)
        self.actual.merge(other.actual, times)
        self.comparable.merge(other.comparable, times)
        self.counterfactual.merge(other.counterfactual, times)
        self.substitutes_comparable.merge(other.substitutes_comparable, times)
        self.substitutes_counterfactual.merge(other.substitutes_counterfactual, times)


def total_of(lines: Iterable[Line], window: Window = ALL_TIME) -> Totals:
    """Return the totals of what falls into a window."""
    totals = Totals()
    alike = _AlikeRuns(totals)
    for line in lines:
        if isinstance(line, LineItem) and window.holds(line.starts_at, line.ends_at):
            alike.add(line)
        elif window.touches(line.starts_at, line.ends_at):
            totals.add_line(line, window)
    alike.finish()
    return totals


def totals_by_day(lines: Iterable[Line], borders: Sequence[datetime]) -> dict[int, Totals]:
    """Return the totals of each day with use; what lies outside all of them is left out.

    Args:
        lines: In any order.
        borders: The starts of the days in order, and the end of the last.
    """
    of_day: dict[int, Totals] = {}
    for line in lines:
        day = max(0, bisect_right(borders, line.starts_at) - 1)
        while day < len(borders) - 1 and borders[day] < line.ends_at:
            window = Window(borders[day], borders[day + 1])
            of_day.setdefault(day, Totals()).add_line(line, window)
            day += 1
    return of_day


@dataclass(slots=True)
class _Times:
    """Used and billed times of lines that are rated as `line` is; pads in microseconds."""

    line: LineItem
    count: int = 0
    used: timedelta = _NO_TIME
    actual: timedelta = _NO_TIME
    actual_pad: int = 0
    compared: timedelta = _NO_TIME
    compared_pad: int = 0


class _AlikeRuns:
    """Adds whole lines to totals: first the times of all that are rated alike, and then the money.

    Which are alike is told by what is the same object, which is found faster than what is equal,
    and comes to the same.
    """

    def __init__(self, totals: Totals) -> None:
        self._totals = totals
        self._times: dict[tuple[int, int, str, int], _Times] = {}

    def add(self, line: LineItem) -> None:
        shape, starts_at, ends_at = line.shape, line.starts_at, line.ends_at
        key = (id(line.rate), id(line.match), shape.gpu, shape.gpu_count)
        times = self._times.get(key)
        if times is None:
            times = self._begin(key, line)
        used = ends_at - starts_at
        times.used += used
        span = line.actual
        times.actual += used if span.ends_at is ends_at else _until(span.ends_at, starts_at)
        times.actual_pad += span.pad_microseconds
        span = line.comparison
        times.compared += used if span.ends_at is ends_at else _until(span.ends_at, starts_at)
        times.compared_pad += span.pad_microseconds
        times.count += 1
        if times.count == _MOST_TIMES:
            self._take(self._times.pop(key))

    def finish(self) -> None:
        for times in self._times.values():
            self._take(times)
        self._times = {}

    def _begin(self, key: tuple[int, int, str, int], line: LineItem) -> _Times:
        if len(self._times) == _MOST_KINDS:
            self.finish()
        # It holds the line, so nothing else can come to be the same object as what the key is of.
        times = self._times[key] = _Times(line)
        return times

    def _take(self, times: _Times) -> None:
        self._totals.add_times(
            times.line,
            times.used // _MICROSECOND,
            times.actual // _MICROSECOND + times.actual_pad,
            times.compared // _MICROSECOND + times.compared_pad,
        )


def _until(ends_at: datetime, starts_at: datetime) -> timedelta:
    """Return how long billing lasts; what is rounded down may end before a line begins."""
    return max(_NO_TIME, ends_at - starts_at)
