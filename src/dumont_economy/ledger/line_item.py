"""Line items: what a GPU run or a disk cost, and would have cost, at one pair of rates."""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from dumont_economy.instant import microseconds_between
from dumont_economy.metering.gpu_session import DiskSpan, Shape
from dumont_economy.pricing.disk_price import DiskSegment
from dumont_economy.pricing.equivalence import Equivalent
from dumont_economy.pricing.exchange_rate import ExchangeRate
from dumont_economy.pricing.match_timeline import Match


@dataclass(frozen=True, slots=True)
class BilledSpan:
    """The billed part of a used stretch, on one side.

    Billing runs from the stretch's start to `ends_at`, earlier than the used end where rounding
    down takes seconds off (R-PAD). `pad_microseconds`, added by a minimum or by rounding up, are
    booked at the last used instant.
    """

    ends_at: datetime
    pad_microseconds: int


def counted_rate(match: Match) -> Fraction | None:
    """Return the price per hour of a match that counts in totals, None of any other."""
    if isinstance(match, Equivalent) and match.is_counted:
        return match.usd_per_hour
    return None


@dataclass(frozen=True, slots=True)
class LineItem:
    """One stretch `[starts_at, ends_at)` of a run in which no rate and no match changes.

    `rate` is what was paid per instance-hour in the account's currency, None where the usage is
    in another currency and no exchange rate is known. `match` is the comparison or why there is
    none. `exchange` is the exchange rate that `rate` was converted with, if it was.
    """

    instance: str
    shape: Shape
    starts_at: datetime
    ends_at: datetime
    rate: Fraction | None
    actual: BilledSpan
    match: Match
    comparison: BilledSpan
    exchange: ExchangeRate | None = None

    @property
    def comparison_rate(self) -> Fraction | None:
        """Return the compared price of the whole instance per hour, None where none counts."""
        return None if self.rate is None else counted_rate(self.match)

    def used_microseconds(self, window: "Window") -> int:
        """Return the used time inside a window."""
        return window.overlap(self.starts_at, self.ends_at)

    def billed_microseconds(self, span: BilledSpan, window: "Window") -> int:
        """Return the billed time of one side that falls into a window, its pad included."""
        billed = window.overlap(self.starts_at, span.ends_at)
        if span.pad_microseconds and window.holds_last_instant_before(self.ends_at):
            billed += span.pad_microseconds
        return billed


@dataclass(frozen=True, slots=True)
class DiskLine:
    """One stretch `[starts_at, ends_at)` in which an instance's disk and its prices stay the same.

    `per_gb_month` is what was paid in the account's currency, None where it is not known.
    `exchange` is the exchange rate that it was converted with, if it was.
    """

    instance: str
    span: DiskSpan
    starts_at: datetime
    ends_at: datetime
    per_gb_month: Fraction | None
    comparison: DiskSegment
    exchange: ExchangeRate | None = None

    @property
    def shape(self) -> Shape:
        """Return what the instance was, or would be again, while it had the disk."""
        return self.span.shape

    @property
    def rate(self) -> Fraction | None:
        """Return what the whole disk cost an hour, None where that is not known (R-DISK)."""
        hours = self.span.disk.hours_per_month
        if self.per_gb_month is None or hours is None:
            return None
        return self.span.gb * self.per_gb_month / hours

    @property
    def comparison_rate(self) -> Fraction | None:
        """Return what it would have cost an hour, None where nothing stands beside it."""
        if self.rate is None or self.comparison.per_gb_month is None:
            return None
        return self.span.gb * self.comparison.per_gb_month / self.comparison.hours_per_month

    def used_microseconds(self, window: "Window") -> int:
        """Return the time inside a window: disks are billed for just that."""
        return window.overlap(self.starts_at, self.ends_at)


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open stretch of time; None leaves that side open."""

    starts_at: datetime | None = None
    ends_at: datetime | None = None

    def overlap(self, start: datetime, end: datetime) -> int:
        """Return how many microseconds of `[start, end)` lie inside."""
        if self.starts_at is not None and start < self.starts_at:
            start = self.starts_at
        if self.ends_at is not None and end > self.ends_at:
            end = self.ends_at
        return max(0, microseconds_between(start, end))

    def touches(self, start: datetime, end: datetime) -> bool:
        """Say whether any of `[start, end)` lies inside."""
        return (self.ends_at is None or start < self.ends_at) and (
            self.starts_at is None or end > self.starts_at
        )

    def holds(self, start: datetime, end: datetime) -> bool:
        """Say whether all of `[start, end)` lies inside."""
        return (self.starts_at is None or start >= self.starts_at) and (
            self.ends_at is None or end <= self.ends_at
        )

    def holds_last_instant_before(self, end: datetime) -> bool:
        """Say whether the last instant of a stretch that ends at `end` lies inside."""
        return (self.starts_at is None or end > self.starts_at) and (
            self.ends_at is None or end <= self.ends_at
        )


Line = LineItem | DiskLine

ALL_TIME = Window()
