"""What is on at present: what it costs an hour, what it saves a second, and since when."""

from dataclasses import replace
from fractions import Fraction

from dumont_economy.ledger.rating import RatingTerms
from dumont_economy.metering.gpu_session import InstanceState, Shape
from dumont_economy.pricing.disk_price import DiskPrices
from dumont_economy.pricing.match_timeline import MatchSegment
from dumont_economy.savings.moving_totals import MovingAmount
from dumont_economy.savings.open_usage import HourlyRates, open_usage
from tests.builders import (
    after,
    disk,
    disk_price,
    equivalent,
    matches,
    run,
    session,
    shape,
    terms,
    unpriced,
)

COMPARED_DISKS = DiskPrices([disk_price("0.08")]).timeline("aws", "us-east-1")
MYSTERY = shape("mystery")


def on(starts_at: int, of: Shape | None = None, paid: str = "3.6") -> InstanceState:
    """Return an instance that has been on since so many seconds after nine."""
    return InstanceState("i-1", open_session=session(run(after(starts_at), None, of=of, rate=paid)))


def two_ways() -> RatingTerms:
    """Return terms under which everything is compared at $7.20 an hour, but for a mystery."""

    def matches_of(of: Shape) -> list[MatchSegment]:
        return matches(unpriced() if of == MYSTERY else equivalent("7.2"))

    return replace(terms(), matches_of=matches_of)


def test_only_what_has_a_comparison_stands_beside_one() -> None:
    """What is paid is everything in the account's currency, and unknown rates are in nothing."""
    instances = [on(0), on(0, MYSTERY, "1.8"), on(0, shape(currency="EUR"), "100")]

    usage = open_usage(instances, (), two_ways(), after(60))

    assert usage.hourly_rates == HourlyRates(Fraction("5.4"), Fraction("3.6"), Fraction("7.2"))
    assert usage.hourly_rates.saving == Fraction("3.6")
    assert usage.is_compared


def test_a_saving_grows_by_what_its_sessions_save_a_second() -> None:
    """An hour's $3.60 is a tenth of a cent a second; two sessions save twice that."""
    usage = open_usage([on(0), on(30), on(0, MYSTERY)], (), two_ways(), after(60))

    assert usage.saving_per_second == Fraction("0.002")
    assert open_usage([], (), terms(), after(60)).saving_per_second == 0


def test_a_disk_that_costs_more_here_takes_from_the_saving() -> None:
    """90 GB at $0.10 a month of 720 hours, beside $0.08: a quarter of a cent an hour more."""
    held = InstanceState("i-1", disk_now=disk(after(0), None))

    usage = open_usage([], [held], terms(disk_prices=COMPARED_DISKS), after(60))

    assert usage.of_disks.a_second.saving == Fraction("-0.0025") / 3600
    assert open_usage([], [held], terms(), after(60)).of_disks.a_second.saving == 0


def test_sessions_and_disks_move_together() -> None:
    """$3.60 an hour beside $7.20, and a disk of 1.25 cents beside nothing."""
    held = InstanceState("i-1", disk_now=disk(after(0), None))

    both = open_usage([on(0)], [held], two_ways(), after(60)).of_all

    assert both.a_second.saving == Fraction("0.001")
    assert both.a_second.actual.total() == Fraction("3.6125") / 3600
    assert both.at_first.actual.total() == Fraction("3.6125") / 60


def test_the_oldest_of_it_may_be_a_session_or_a_disk() -> None:
    """And where there is nothing there is no such instant."""
    held = InstanceState("i-2", disk_now=disk(after(20), None))

    assert open_usage([on(30)], [held], terms(), after(60)).first_starts_at == after(20)
    assert open_usage([on(10)], [held], terms(), after(60)).first_starts_at == after(10)
    assert open_usage([], [], terms(), after(60)).first_starts_at is None


def test_an_amount_moves_exactly() -> None:
    """Thirds and sevenths too."""
    assert MovingAmount(Fraction(1, 3), Fraction(-1, 7)).after(2) == Fraction(1, 21)


def test_the_totals_of_what_is_on_move_by_their_slopes() -> None:
    """What was paid, what it would have cost, and what was saved: a minute, and a minute more."""
    moving = open_usage([on(0)], (), terms(), after(60)).of_sessions

    assert [one.after(60) for one in (moving.actual, moving.counterfactual, moving.saving)] == [
        Fraction("0.12"),
        Fraction("0.24"),
        Fraction("0.12"),
    ]
    assert moving.used_after(60) == 120_000_000


def test_of_what_was_rated_later_nothing_is_moved_back() -> None:
    """An earlier instant is rated anew."""
    state = on(0)
    known = open_usage([state], (), terms(), after(60))

    earlier = open_usage([state], (), terms(), after(30), known=known)

    assert earlier.of_sessions.at_first.used == 30_000_000
