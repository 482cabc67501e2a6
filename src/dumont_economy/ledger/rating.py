"""Rating: GPU runs x rates = line items. Exact, and a function of its arguments alone.

Invariants: the parts of a run cost what the whole costs; an open run is rated as if it ended now
(R-OPEN); a minimum belongs to the run, not to a day, window or price (R-BILLED).
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from itertools import pairwise
from operator import attrgetter
from typing import TypeVar

from dumont_economy.instant import microseconds_between, plus_microseconds
from dumont_economy.ledger.line_item import BilledSpan, LineItem
from dumont_economy.metering.gpu_session import GpuRun, GpuSession, RateChange, Shape
from dumont_economy.pricing.billing_rule import BillingRule
from dumont_economy.pricing.match_timeline import (
    ALWAYS,
    Match,
    MatchSegment,
    Unpriced,
    UnpricedReason,
)

_Change = TypeVar("_Change", RateChange, MatchSegment)
_since = attrgetter("since")


@dataclass(frozen=True)
class RatingTerms:
    """What usage is rated with: the ledger's currency, matches and billing rules.

    `actual_rule` takes a provider and a run's start, `comparison_rule` a run's start;
    `matches_of` gives the match timeline of a shape.
    """

    currency: str
    matches_of: Callable[[Shape], Sequence[MatchSegment]]
    actual_rule: Callable[[str, datetime], BillingRule]
    comparison_rule: Callable[[datetime], BillingRule]

    def is_converted(self, shape: Shape) -> bool:
        """Say whether what is paid for a shape is in the ledger's currency."""
        return shape.currency in (None, self.currency)

    def matches_for(self, shape: Shape) -> Sequence[MatchSegment]:
        """Return a shape's match timeline: none where its cost cannot be set beside one."""
        if self.is_converted(shape):
            return self.matches_of(shape)
        message = f"Paid in {shape.currency}, which is not converted to {self.currency} yet."
        unpriced = Unpriced(UnpricedReason.CURRENCY_NOT_CONVERTED, message)
        return [MatchSegment(ALWAYS, unpriced)]


def rate_session(session: GpuSession, terms: RatingTerms, now: datetime) -> list[LineItem]:
    """Return the line items of a session, in order of time; its open run ends at `now`."""
    return [line for run in session.runs for line in _rate_run(session.instance, run, terms, now)]


def _rate_run(instance: str, run: GpuRun, terms: RatingTerms, now: datetime) -> list[LineItem]:
    ends_at = max(run.starts_at, now) if run.ends_at is None else run.ends_at
    used = microseconds_between(run.starts_at, ends_at)
    if used == 0:
        return []
    converted = terms.is_converted(run.shape)
    matches = terms.matches_for(run.shape)
    actual_rule = terms.actual_rule(run.shape.provider, run.starts_at)
    comparison_rule = terms.comparison_rule(run.starts_at)
    actual_end, actual_pad = _billed_end(run.starts_at, used, actual_rule)
    comparison_end, comparison_pad = _billed_end(run.starts_at, used, comparison_rule)
    lines = []
    for start, end, rate, match in _cut(run, ends_at, matches):
        is_last = end == ends_at
        lines.append(
            LineItem(
                instance=instance,
                shape=run.shape,
                starts_at=start,
                ends_at=end,
                rate=rate if converted else None,
                actual=BilledSpan(min(end, actual_end), actual_pad if is_last else 0),
                match=match,
                comparison=BilledSpan(min(end, comparison_end), comparison_pad if is_last else 0),
            )
        )
    return lines


def _billed_end(starts_at: datetime, used: int, rule: BillingRule) -> tuple[datetime, int]:
    """Return where billing of used time ends, and the microseconds that are added after it."""
    billed = rule.billed_microseconds(used)
    return plus_microseconds(starts_at, min(billed, used)), max(0, billed - used)


def _cut(
    run: GpuRun, ends_at: datetime, matches: Sequence[MatchSegment]
) -> list[tuple[datetime, datetime, Fraction, Match]]:
    """Cut a run wherever its own rate or its match changes."""
    changes = {*(rate.since for rate in run.rates), *(match.since for match in matches)}
    inside = sorted(at for at in changes if run.starts_at < at < ends_at)
    borders = [run.starts_at, *inside, ends_at]
    return [
        (start, end, in_effect(run.rates, start).rate, in_effect(matches, start).match)
        for start, end in pairwise(borders)
    ]


def in_effect(changes: Sequence[_Change], at: datetime) -> _Change:
    """Return the last of the ordered changes that is not after `at`."""
    return changes[bisect_right(changes, at, key=_since) - 1]
