"""Rating: GPU runs and disks x rates = lines. Exact, and a function of its arguments alone.

Invariants: the parts of a run cost what the whole costs; an open run is rated as if it ended now
(R-OPEN); a minimum belongs to the run, not to a day, window or price (R-BILLED).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from itertools import pairwise
from operator import attrgetter
from typing import TypeVar

from dumont_economy.instant import microseconds_between, plus_microseconds
from dumont_economy.ledger.line_item import BilledSpan, DiskLine, LineItem
from dumont_economy.metering.gpu_session import DiskSpan, GpuRun, GpuSession, RateChange, Shape
from dumont_economy.pricing.billing_rule import BillingRule
from dumont_economy.pricing.disk_price import DiskSegment
from dumont_economy.pricing.exchange_rate import UNCHANGED, ExchangeSegment
from dumont_economy.pricing.match_timeline import (
    MatchSegment,
    Unpriced,
    UnpricedReason,
)

_Change = TypeVar("_Change", RateChange, MatchSegment, ExchangeSegment, DiskSegment)
_since = attrgetter("since")


@dataclass(frozen=True)
class RatingTerms:
    """What usage is rated with: the ledger's currency, matches, billing rules, and other prices.

    `actual_rule` takes a provider and a run's start, `comparison_rule` a run's start;
    `matches_of` gives the match timeline of a shape, `exchange_of` that of a currency into the
    ledger's; `disk_prices` is what disks are compared with. All timelines begin at `ALWAYS`.
    """

    currency: str
    matches_of: Callable[[Shape], Sequence[MatchSegment]]
    actual_rule: Callable[[str, datetime], BillingRule]
    comparison_rule: Callable[[datetime], BillingRule]
    exchange_of: Callable[[str], Sequence[ExchangeSegment]]
    disk_prices: Sequence[DiskSegment]

    def exchange_for(self, shape: Shape) -> Sequence[ExchangeSegment]:
        """Return what turns the price of a shape into the ledger's currency at each instant."""
        return self.exchange_of(shape.currency or self.currency)

    def matches_for(self, shape: Shape) -> Sequence[MatchSegment]:
        """Return a shape's match timeline: none while its cost cannot be set beside one."""
        matches, exchange = self.matches_of(shape), self.exchange_for(shape)
        if exchange is UNCHANGED or all(segment.factor is not None for segment in exchange):
            return matches
        message = (
            f"Paid in {shape.currency}, and no exchange rate into {self.currency} is known for "
            "that time."
        )
        paid_in = {"currency": shape.currency or self.currency}
        unpriced = Unpriced(UnpricedReason.CURRENCY_NOT_CONVERTED, message, paid_in)
        borders = sorted({one.since for one in matches} | {one.since for one in exchange})
        return [
            MatchSegment(
                since,
                unpriced
                if in_effect(exchange, since).factor is None
                else in_effect(matches, since).match,
            )
            for since in borders
        ]


def rate_session(session: GpuSession, terms: RatingTerms, now: datetime) -> list[LineItem]:
    """Return the line items of a session, in order of time; its open run ends at `now`."""
    return [line for run in session.runs for line in _rate_run(session.instance, run, terms, now)]


def _rate_run(instance: str, run: GpuRun, terms: RatingTerms, now: datetime) -> list[LineItem]:
    ends_at = max(run.starts_at, now) if run.ends_at is None else run.ends_at
    used = microseconds_between(run.starts_at, ends_at)
    if used == 0:
        return []
    matches, exchange = terms.matches_for(run.shape), terms.exchange_for(run.shape)
    actual_rule = terms.actual_rule(run.shape.provider, run.starts_at)
    comparison_rule = terms.comparison_rule(run.starts_at)
    actual_end, actual_pad = _billed_end(run.starts_at, used, actual_rule)
    comparison_end, comparison_pad = _billed_end(run.starts_at, used, comparison_rule)
    lines = []
    for start, end in _cut(run.starts_at, ends_at, run.rates, matches, exchange):
        is_last = end == ends_at
        converted = in_effect(exchange, start)
        lines.append(
            LineItem(
                instance=instance,
                shape=run.shape,
                starts_at=start,
                ends_at=end,
                rate=_converted(in_effect(run.rates, start).rate, converted),
                actual=BilledSpan(min(end, actual_end), actual_pad if is_last else 0),
                match=in_effect(matches, start).match,
                comparison=BilledSpan(min(end, comparison_end), comparison_pad if is_last else 0),
                exchange=converted.rate,
            )
        )
    return lines


def _billed_end(starts_at: datetime, used: int, rule: BillingRule) -> tuple[datetime, int]:
    """Return where billing of used time ends, and the microseconds that are added after it."""
    billed, pad = rule.parts_microseconds(used)
    return plus_microseconds(starts_at, billed), pad


def rate_disk(
    instance: str, spans: Sequence[DiskSpan], terms: RatingTerms, now: datetime
) -> list[DiskLine]:
    """Return the lines of an instance's disk, in order of time; one that is there ends at `now`."""
    return [line for span in spans for line in _rate_span(instance, span, terms, now)]


def _rate_span(instance: str, span: DiskSpan, terms: RatingTerms, now: datetime) -> list[DiskLine]:
    ends_at = max(span.starts_at, now) if span.ends_at is None else span.ends_at
    if ends_at == span.starts_at:
        return []
    exchange = terms.exchange_for(span.shape)
    lines = []
    for start, end in _cut(span.starts_at, ends_at, exchange, terms.disk_prices):
        converted = in_effect(exchange, start)
        paid = span.per_gb_month
        lines.append(
            DiskLine(
                instance=instance,
                span=span,
                starts_at=start,
                ends_at=end,
                per_gb_month=None if paid is None else _converted(paid, converted),
                comparison=in_effect(terms.disk_prices, start),
                exchange=converted.rate,
            )
        )
    return lines


def _converted(rate: Fraction, exchange: ExchangeSegment) -> Fraction | None:
    """Return a rate in the ledger's currency, None where none is known for it (R-FX)."""
    if exchange.factor is None:
        return None
    # What is in that currency already stays the same object, as it is in all lines at that rate.
    return rate if exchange.rate is None else rate * exchange.factor


def _cut(
    starts_at: datetime,
    ends_at: datetime,
    *timelines: Sequence[RateChange | MatchSegment | ExchangeSegment | DiskSegment],
) -> list[tuple[datetime, datetime]]:
    """Cut a stretch wherever one of the timelines changes."""
    inside: set[datetime] = set()
    for timeline in timelines:
        # They are in order, and most of a long one lies outside.
        first = bisect_right(timeline, starts_at, key=_since)
        last = bisect_left(timeline, ends_at, lo=first, key=_since)
        inside.update(change.since for change in timeline[first:last])
    return list(pairwise([starts_at, *sorted(inside), ends_at]))


def in_effect(changes: Sequence[_Change], at: datetime) -> _Change:
    """Return the last of the ordered changes that is not after `at`."""
    return changes[bisect_right(changes, at, key=_since) - 1]
