"""The live rate: how both costs move at this moment, and until when that is true."""

from datetime import datetime
from fractions import Fraction

import pytest

from dumont_economy.pricing.billing_rule import BillingRule
from dumont_economy.savings.live_rate import LiveRate, live_rate
from tests.builders import (
    after,
    billing,
    equivalent,
    exchange,
    matches,
    run,
    session,
    shape,
    terms,
    unpriced,
)

CENT_TENTH = Fraction(1, 1000)  # $3.60 an hour is a tenth of a cent a second.
OPEN = session(run(after(0), None))


def slopes(live: LiveRate) -> tuple[Fraction | int, Fraction | int, Fraction | int]:
    """Return actual, comparison and saving per second."""
    return live.actual_per_second, live.comparison_per_second, live.saving_per_second


def test_in_the_compared_minimum_the_saving_falls_by_what_is_paid() -> None:
    """The compared minute is due already, so only the own cost moves (R-OPEN)."""
    live = live_rate(OPEN, terms(comparison=billing(60)), after(5))

    assert slopes(live) == (CENT_TENTH, 0, -CENT_TENTH)
    assert live.changes_at == after(60)


def test_after_the_compared_minimum_the_saving_rises_by_the_difference() -> None:
    """7.20 against 3.60 an hour, with no change in sight."""
    live = live_rate(OPEN, terms(comparison=billing(60)), after(60))

    assert slopes(live) == (CENT_TENTH, 2 * CENT_TENTH, CENT_TENTH)
    assert live.changes_at is None


def test_inside_a_billing_step_the_own_cost_stands_still() -> None:
    """By begun minutes: 75 s are billed as 120 s, until those are used up."""
    live = live_rate(OPEN, terms(actual=billing(0, 60)), after(75))

    assert slopes(live) == (0, 2 * CENT_TENTH, 2 * CENT_TENTH)
    assert live.changes_at == after(120)


def test_before_a_run_begins_its_slope_is_that_of_its_beginning() -> None:
    """Nothing was used yet, and never less than nothing."""
    live = live_rate(session(run(after(10), None)), terms(), after(5))

    assert slopes(live) == (CENT_TENTH, 2 * CENT_TENTH, CENT_TENTH)


def test_a_minimum_is_due_at_once_where_a_run_begins() -> None:
    """Also of who rounds down: a run of no length is billed nothing, the shortest one a minute."""
    live = live_rate(OPEN, terms(actual=billing(60, 7, "floor")), after(0))

    assert slopes(live) == (0, 2 * CENT_TENTH, 2 * CENT_TENTH)
    assert live.changes_at == after(0, 1)


def test_the_next_known_price_ends_the_slope() -> None:
    """The compared price falls in ten minutes, and again later."""
    cut = matches(equivalent("7.2"), (after(600), equivalent("5")), (after(900), equivalent("4")))

    live = live_rate(OPEN, terms(cut), after(90))

    assert live.changes_at == after(600)
    assert live.comparison_rate == Fraction("7.2")


def test_the_price_of_this_instant_holds_already() -> None:
    """From its first instant on."""
    cut = matches(equivalent("7.2"), (after(600), equivalent("5")))

    live = live_rate(OPEN, terms(cut), after(600))

    assert live.comparison_rate == 5
    assert live.changes_at is None


@pytest.mark.parametrize(
    ("used", "changes_at"), [(40, after(40, 1)), (60, None)], ids=["in the minimum", "after it"]
)
def test_a_minimum_goes_over_to_the_price_of_this_instant_right_after_it(
    used: int, changes_at: datetime | None
) -> None:
    """What is added to the use is booked at its last instant, which is still of the old price."""
    cut = matches(equivalent("7.2"), (after(used), equivalent("5")))

    assert live_rate(OPEN, terms(cut, comparison=billing(60)), after(used)).changes_at == changes_at


def test_the_earliest_change_counts() -> None:
    """Minimum at 60 s, own step at 120 s, price at 90 s."""
    cut = matches(equivalent("7.2"), (after(90), equivalent("5")))

    live = live_rate(OPEN, terms(cut, actual=billing(0, 120), comparison=billing(60)), after(10))

    assert live.changes_at == after(60)


def test_without_a_comparison_only_the_own_cost_is_known() -> None:
    """No saving per hour, and a saving that stands still."""
    live = live_rate(OPEN, terms(matches(unpriced())), after(5))

    assert (live.is_priced, live.comparison_rate, live.saving_per_hour) == (False, None, None)
    assert slopes(live) == (CENT_TENTH, 0, 0)


def test_a_foreign_currency_has_neither_rate() -> None:
    """It is in no cost and no saving until it can be converted."""
    euros = session(run(after(0), None, of=shape(currency="EUR")))

    live = live_rate(euros, terms(), after(5))

    assert (live.rate, live.comparison_rate, live.saving_per_hour) == (None, None, None)
    assert slopes(live) == (0, 0, 0)


def test_a_loss_has_a_falling_slope() -> None:
    """Where the comparison costs less, every second costs more of the saving."""
    live = live_rate(OPEN, terms(matches(equivalent("1.8"))), after(5))

    assert live.saving_per_hour == Fraction("-1.8")
    assert live.saving_per_second == -CENT_TENTH / 2


def test_the_latest_rate_of_the_latest_run_is_the_live_one() -> None:
    """After a resize and a price change."""
    resized = session(
        run(after(0), after(60)), run(after(60), None, (after(90), "36"), of=shape(count=8))
    )

    live = live_rate(resized, terms(), after(100))

    assert live.rate == 36


@pytest.mark.parametrize("now", [after(1), after(59, 999_999)])
def test_until_the_last_moment_of_the_minimum_it_is_not_used_up(now: datetime) -> None:
    """A minimum ends when it is used, not a second before."""
    live = live_rate(OPEN, terms(comparison=billing(60)), now)

    assert live.comparison_per_second == 0
    assert live.changes_at == after(60)


@pytest.mark.parametrize(
    ("rule", "used", "holds_until"),
    [
        (billing(60), 0, 1),  # begun just now: any use is billed a minute
        (billing(0, 60), 60, 61),  # the second minute begins with the next second
        (billing(0, 60), 120, 121),
        (billing(90, 60), 30, 61),  # a second minute is more than the minimum of 90 s
        (billing(0, 60, "floor"), 60, 120),
        (billing(90, 60, "floor"), 30, 120),
    ],
)
def test_a_slope_is_never_said_to_hold_past_the_next_step(
    rule: BillingRule, used: int, holds_until: int
) -> None:
    """At a border between two steps the value is still that of the first."""
    live = live_rate(OPEN, terms(comparison=rule), after(used))

    assert live.changes_at is not None
    assert after(used) < live.changes_at <= after(holds_until)


def test_the_next_exchange_rate_ends_the_slope_of_what_is_paid_in_that_currency() -> None:
    """The nearest that lies ahead, and none for what is paid in the account's own."""
    known = [exchange("EUR", "1.1", after(since)) for since in (0, 100, 200)]
    foreign = session(run(after(0), None, of=shape(currency="EUR")))

    assert live_rate(foreign, terms(exchange=known), after(10)).changes_at == after(100)
    assert live_rate(foreign, terms(exchange=known), after(100)).changes_at == after(200)
    assert live_rate(OPEN, terms(exchange=known), after(10)).changes_at is None
