"""Billing rules: how used time becomes billed time (R-BILLED)."""

from datetime import datetime

import pytest

from dumont_economy.pricing.billing_rule import BillingRule, BillingRules, Rounding, per_second_rule
from tests.builders import NINE, billing, instant

SECOND = 1_000_000


@pytest.mark.parametrize(
    ("minimum", "increment", "rounding", "used", "billed"),
    [
        # AWS: a minute at least, then by the second
        (60, 1, "ceil", 0, 0),
        (60, 1, "ceil", 1, 60 * SECOND),
        (60, 1, "ceil", 60 * SECOND, 60 * SECOND),
        (60, 1, "ceil", 60 * SECOND + 1, 61 * SECOND),
        # by begun minutes
        (0, 60, "ceil", 1, 60 * SECOND),
        (0, 60, "ceil", 60 * SECOND, 60 * SECOND),
        (0, 60, "ceil", 60 * SECOND + 1, 120 * SECOND),
        # by completed minutes
        (0, 60, "floor", 60 * SECOND - 1, 0),
        (0, 60, "floor", 119 * SECOND, 60 * SECOND),
        (90, 60, "floor", 119 * SECOND, 90 * SECOND),
        # a minimum that is no whole number of steps
        (90, 60, "ceil", 61 * SECOND, 120 * SECOND),
        (90, 60, "ceil", 60 * SECOND, 90 * SECOND),
    ],
)
def test_used_time_is_billed_by_minimum_increment_and_rounding(
    minimum: int, increment: int, rounding: str, used: int, billed: int
) -> None:
    """max(minimum, steps x increment), and nothing for a run of no length."""
    assert billing(minimum, increment, rounding).billed_microseconds(used) == billed


def test_no_rule_means_by_the_second_without_a_minimum() -> None:
    """What is not known is not assumed in anybody's favour."""
    rule = per_second_rule("unheard-of", NINE)

    assert (rule.min_seconds, rule.increment_seconds, rule.rounding) == (0, 1, Rounding.CEIL)


def dated(minimum: int, since: str, known_since: str) -> BillingRule:
    """Return a rule of AWS with its two dates."""
    return BillingRule("aws", minimum, 1, Rounding.CEIL, instant(since), instant(known_since), "")


RULES = BillingRules(
    [
        dated(3600, "2006-01-01", "2020-01-01"),
        dated(60, "2017-10-02", "2020-01-01"),
        dated(30, "2017-10-02", "2024-01-01"),
    ]
)


@pytest.mark.parametrize(
    ("at", "as_of", "minimum"),
    [
        (instant("2017-10-01 23:59:59"), instant("2026-01-01"), 3600),
        (instant("2017-10-02"), instant("2026-01-01"), 30),
        (instant("2025-01-01"), instant("2023-12-31"), 60),
    ],
)
def test_the_rule_is_the_one_in_effect_and_known(
    at: datetime, as_of: datetime, minimum: int
) -> None:
    """The latest effective one among those known then; of one date, the latest known (R-PRICE)."""
    rule = RULES.in_force("aws", at, as_of)

    assert rule is not None
    assert rule.min_seconds == minimum


def test_before_its_first_date_and_for_others_there_is_no_rule() -> None:
    """Unknown is unknown."""
    late = instant("2026-01-01")

    assert RULES.in_force("aws", instant("2005-12-31"), late) is None
    assert RULES.in_force("aws", late, instant("2019-12-31")) is None
    assert RULES.in_force("gcp", late, late) is None


def test_a_party_is_the_same_in_any_case() -> None:
    """Reporters write AWS as often as aws."""
    assert RULES.in_force("AWS", NINE, NINE) == RULES.in_force("aws", NINE, NINE)
