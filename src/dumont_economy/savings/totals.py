"""Totals over lines: what was paid, what it compares with, and how much of it is covered.

Invariants: unpriced time is out of both sides of the saving (R-UNPRICED); the saving keeps its
sign (R-SIGN); a total is the exact sum, rounded nowhere.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from dumont_economy.ledger.line_item import ALL_TIME, DiskLine, Line, LineItem, Window
from dumont_economy.money import Accrual
from dumont_economy.pricing.equivalence import Equivalent, Grade


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
        used = line.used_microseconds(window)
        if not used:
            return  # Nothing is billed either: a pad is booked at the last used instant.
        actual = line.billed_microseconds(line.actual, window)
        gpu_used = used * line.shape.gpu_count
        self.used += used
        self.gpu_used += gpu_used
        if line.rate is None:
            self.gpu_not_converted += gpu_used
        else:
            self.actual.add(line.rate, actual)
        match, comparison_rate = line.match, line.comparison_rate
        if not isinstance(match, Equivalent) or comparison_rate is None or line.rate is None:
            self.gpu_by_grade[Grade.N] += gpu_used
            self.gpu_unpriced[line.shape.gpu] += gpu_used
            return
        compared = line.billed_microseconds(line.comparison, window)
        self.gpu_by_grade[match.grade] += gpu_used
        self.comparable.add(line.rate, actual)
        self.counterfactual.add(comparison_rate, compared)
        if match.grade is Grade.D:
            self.substitutes_comparable.add(line.rate, actual)
            self.substitutes_counterfactual.add(comparison_rate, compared)
        if match.rate is not None:
            self._saw_price_of(match.rate.retrieved_at)

    def _add_disk(self, line: DiskLine, window: Window) -> None:
        # A disk is money without use: it costs whether its instance is on or off.
        used, rate = line.used_microseconds(window), line.rate
        if not used:
            return
        if rate is None:
            self.disk_not_priced += used
            return
        self.actual.add(rate, used)
        if line.comparison_rate is None:
            self.disk_not_compared += used
            return
        self.comparable.add(rate, used)
        self.counterfactual.add(line.comparison_rate, used)
        if line.comparison.price is not None:
            self._saw_price_of(line.comparison.price.retrieved_at)

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

    def subtract(self, other: "Totals") -> None:
        """Take out everything that `other` holds, but its part in the oldest price."""
        self.used -= other.used
        self.gpu_used -= other.gpu_used
        # A count that is down to nothing is no entry any more.
        self.gpu_by_grade -= other.gpu_by_grade
        self.gpu_unpriced -= other.gpu_unpriced
        self.gpu_not_converted -= other.gpu_not_converted
        self.disk_not_compared -= other.disk_not_compared
        self.disk_not_priced -= other.disk_not_priced
        self.actual.subtract(other.actual)
        self.comparable.subtract(other.comparable)
        self.counterfactual.subtract(other.counterfactual)
        self.substitutes_comparable.subtract(other.substitutes_comparable)
        self.substitutes_counterfactual.subtract(other.substitutes_counterfactual)

    def see_prices_of(self, parts: Iterable["Totals"]) -> None:
        """Find the oldest price anew, among those of the parts that the totals consist of."""
        dates = [part.oldest_price for part in parts if part.oldest_price is not None]
        self.oldest_price = min(dates, default=None)

    def merge(self, other: "Totals") -> None:
        """Add everything that `other` holds."""
        self.used += other.used
        self.gpu_used += other.gpu_used
        self.gpu_by_grade.update(other.gpu_by_grade)
        self.gpu_unpriced.update(other.gpu_unpriced)
        self.gpu_not_converted += other.gpu_not_converted
        self.disk_not_compared += other.disk_not_compared
        self.disk_not_priced += other.disk_not_priced
        if other.oldest_price is not None:
            self._saw_price_of(other.oldest_price)
        self.actual.merge(other.actual)
        self.comparable.merge(other.comparable)
        self.counterfactual.merge(other.counterfactual)
        self.substitutes_comparable.merge(other.substitutes_comparable)
        self.substitutes_counterfactual.merge(other.substitutes_counterfactual)


def total_of(lines: Iterable[Line], window: Window = ALL_TIME) -> Totals:
    """Return the totals of what falls into a window."""
    totals = Totals()
    for line in lines:
        if window.touches(line.starts_at, line.ends_at):
            totals.add_line(line, window)
    return totals
