"""Billing rules: minimum, increment and rounding of a provider, dated like prices."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dumont_economy.instant import MICROSECONDS_PER_SECOND


class Rounding(StrEnum):
    """Which way billed time is rounded to whole increments."""

    CEIL = "ceil"
    FLOOR = "floor"


# Looked up once: very many runs are rounded.
_CEIL = Rounding.CEIL


@dataclass(frozen=True, slots=True)
class BillingRule:
    """How a provider turns a run's used time into billed time (R-BILLED). Times in seconds."""

    provider: str
    min_seconds: int
    increment_seconds: int
    rounding: Rounding
    effective_from: datetime
    published_at: datetime
    source: str

    def billed_microseconds(self, used_microseconds: int) -> int:
        """Return what a run of this length is billed: 0 for 0, else the minimum or more."""
        if used_microseconds == 0:
            return 0
        increment = self.increment_seconds * MICROSECONDS_PER_SECOND
        if self.rounding is _CEIL:
            increments = -(-used_microseconds // increment)
        else:
            increments = used_microseconds // increment
        return max(self.min_seconds * MICROSECONDS_PER_SECOND, increments * increment)

    def parts_microseconds(self, used_microseconds: int) -> tuple[int, int]:
        """Return how much of a run is billed, from its beginning, and what is added to it (R-PAD).

        What is added is booked at the last used instant; rounding down takes from the end.
        """
        billed = self.billed_microseconds(used_microseconds)
        if billed < used_microseconds:
            return billed, 0
        return used_microseconds, billed - used_microseconds


class BillingRules:
    """All billing rules known; answers which one a provider's run begins under."""

    def __init__(self, rules: Iterable[BillingRule]) -> None:
        self._rules: dict[str, list[BillingRule]] = {}
        for rule in rules:
            self._rules.setdefault(rule.provider, []).append(rule)

    def in_force(self, provider: str, at: datetime, as_of: datetime) -> BillingRule | None:
        """Return the rule in effect at `at` as known at `as_of`, None where there is none."""
        known = [
            rule
            for rule in self._rules.get(provider.lower(), ())
            if rule.effective_from <= at and rule.published_at <= as_of
        ]
        return max(known, key=lambda rule: (rule.effective_from, rule.published_at), default=None)

    def begin_at(self) -> list[datetime]:
        """Return the instants from which a rule holds, in order."""
        return sorted({rule.effective_from for rules in self._rules.values() for rule in rules})


def per_second_rule(provider: str, since: datetime) -> BillingRule:
    """Return how a party without a billing rule bills: per second, without a minimum."""
    return BillingRule(provider, 0, 1, Rounding.CEIL, since, since, "no billing rule known")
