"""The slope of a running session: how both costs move until something known changes."""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from dumont_economy.instant import MICROSECONDS_PER_SECOND, microseconds_between, plus_microseconds
from dumont_economy.ledger.line_item import counted_rate
from dumont_economy.ledger.rating import RatingTerms, in_effect
from dumont_economy.metering.gpu_session import GpuSession
from dumont_economy.pricing.billing_rule import BillingRule, Rounding
from dumont_economy.pricing.match_timeline import Match

_SECONDS_PER_HOUR = 3600


@dataclass(frozen=True, slots=True)
class LiveRate:
    """What one active instance costs now, and would cost, per hour and as it accrues.

    `rate` and `comparison_rate` are the prices per instance-hour; None where unknown. The
    `*_per_second` slopes are what the costs really do at this moment: nothing during a minimum or
    inside a billing step. They hold up to `changes_at`, where that is known.
    """

    match: Match
    rate: Fraction | None
    comparison_rate: Fraction | None
    actual_per_second: Fraction
    comparison_per_second: Fraction
    changes_at: datetime | None

    @property
    def is_priced(self) -> bool:
        """Say whether the instance counts in the saving."""
        return self.comparison_rate is not None

    @property
    def saving_per_hour(self) -> Fraction | None:
        """Return the difference of the two prices, None where there is no comparison."""
        if self.rate is None or self.comparison_rate is None:
            return None
        return self.comparison_rate - self.rate

    @property
    def saving_per_second(self) -> Fraction:
        """Return the slope of the saving; 0 where there is no comparison."""
        if not self.is_priced:
            return Fraction(0)
        return self.comparison_per_second - self.actual_per_second


def live_rate(session: GpuSession, terms: RatingTerms, now: datetime) -> LiveRate:
    """Return the live rate of an open session at `now`."""
    run = session.runs[-1]
    matches, exchange = terms.matches_for(run.shape), terms.exchange_for(run.shape)
    matched, converted = in_effect(matches, now), in_effect(exchange, now)
    match, factor = matched.match, converted.factor
    rate = None if factor is None else run.rate * factor
    comparison_rate = counted_rate(match)
    used = max(0, microseconds_between(run.starts_at, now))
    actual_rule = terms.actual_rule(run.shape.provider, run.starts_at)
    comparison_rule = terms.comparison_rule(run.starts_at)
    changes = [
        plus_microseconds(run.starts_at, step)
        for step in (_next_step(actual_rule, used), _next_step(comparison_rule, used))
        if step is not None
    ]
    changes += [segment.since for segment in matches if segment.since > now][:1]
    changes += [segment.since for segment in exchange if segment.since > now][:1]
    if now in (matched.since, converted.since, in_effect(run.rates, now).since) and any(
        rule.parts_microseconds(used)[1] for rule in (actual_rule, comparison_rule)
    ):
        # What is added to the use goes with its last instant: to the new price right after now.
        changes.append(plus_microseconds(now, 1))
    return LiveRate(
        match=match,
        rate=rate,
        comparison_rate=comparison_rate,
        actual_per_second=_slope(rate, actual_rule, used),
        comparison_per_second=_slope(comparison_rate, comparison_rule, used),
        changes_at=min(changes, default=None),
    )


def _slope(rate_per_hour: Fraction | None, rule: BillingRule, used: int) -> Fraction:
    if rate_per_hour is None or _next_step(rule, used) is not None:
        return Fraction(0)
    return rate_per_hour / _SECONDS_PER_HOUR


def _next_step(rule: BillingRule, used: int) -> int | None:
    """Return the used microseconds at which billing next moves, None where it moves all the time.

    Billing by the second moves all the time: at whole seconds it lies on its slope exactly. A
    run of no length is billed nothing, and one on the border of two steps the lower one: there
    the next step follows at once.
    """
    minimum = rule.min_seconds * MICROSECONDS_PER_SECOND
    increment = rule.increment_seconds * MICROSECONDS_PER_SECOND
    if minimum <= used and increment <= MICROSECONDS_PER_SECOND:
        return None
    whole_steps = rule.billed_microseconds(used) // increment
    if rule.rounding is Rounding.CEIL or (used == 0 and minimum):
        return max(whole_steps * increment, used + 1)
    return (whole_steps + 1) * increment
