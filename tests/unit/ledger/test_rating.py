"""Rating: sessions laid on rates, cut where something changes, billed once per run."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from dumont_economy.ledger.line_item import ALL_TIME, LineItem, Window
from dumont_economy.ledger.rating import rate_disk, rate_session
from dumont_economy.metering.gpu_session import Disk
from dumont_economy.pricing.billing_rule import BillingRule
from dumont_economy.pricing.disk_price import DiskPrices
from dumont_economy.savings.totals import Totals, total_of
from tests.builders import (
    after,
    billing,
    disk,
    disk_price,
    equivalent,
    exchange,
    instant,
    matches,
    run,
    session,
    shape,
    terms,
    unpriced,
)

SECOND = 1_000_000
MIDNIGHT = instant("2026-05-05")

Amount = Fraction | int


def billed_seconds(lines: list[LineItem], window: Window = ALL_TIME) -> tuple[Amount, Amount]:
    """Return the billed seconds of both sides."""
    actual = sum(line.billed_microseconds(line.actual, window) for line in lines)
    compared = sum(line.billed_microseconds(line.comparison, window) for line in lines)
    return Fraction(actual, SECOND), Fraction(compared, SECOND)


def money(totals: Totals) -> tuple[Amount, Amount, Amount]:
    """Return what was paid, the comparable part of it, and the other side."""
    return totals.actual.total(), totals.comparable.total(), totals.counterfactual.total()


def pieces(
    lines: list[LineItem],
) -> list[tuple[datetime, datetime, Fraction | None, Fraction | None]]:
    """Return where each line begins and ends, and its two rates."""
    return [(line.starts_at, line.ends_at, line.rate, line.comparison_rate) for line in lines]


def test_two_and_a_half_hours_at_one_price() -> None:
    """0.54 x 2.5 = 1.35 against 4.32 x 2.5 = 10.80."""
    used = session(run(after(0), after(9000), rate="0.54"))

    totals = total_of(rate_session(used, terms(matches(equivalent("4.32"))), after(10_000)))

    assert money(totals) == (Fraction("1.35"), Fraction("1.35"), Fraction("10.8"))
    assert totals.saving == Fraction("9.45")
    assert totals.saving_percent == Fraction("87.5")


def test_a_run_of_no_length_has_no_line() -> None:
    """Nothing was used, so no minimum is due."""
    used = session(run(after(0), after(0)))

    assert rate_session(used, terms(actual=billing(60), comparison=billing(60)), after(0)) == []


def test_the_minimum_is_per_run_and_per_side() -> None:
    """Two runs of 20 s: 40 s paid by the second, against twice the compared minimum of 60 s."""
    lines = [
        line
        for starts_at in (0, 100)
        for line in rate_session(
            session(run(after(starts_at), after(starts_at + 20))),
            terms(comparison=billing(60)),
            after(1000),
        )
    ]

    assert billed_seconds(lines) == (40, 120)


def test_a_resize_makes_the_minimum_due_again() -> None:
    """15 minutes, then 30 s in another size: the second run is billed its own minute."""
    used = session(
        run(after(0), after(900), of=shape(count=2)), run(after(900), after(930), of=shape(count=8))
    )

    lines = rate_session(used, terms(comparison=billing(60)), after(1000))

    assert billed_seconds(lines) == (930, 960)


def test_a_price_change_does_not_make_the_minimum_due_again() -> None:
    """70 s with a change in the middle are 70 s on both sides."""
    used = session(run(after(0), after(70), (after(35), "1")))

    lines = rate_session(used, terms(actual=billing(60), comparison=billing(60)), after(100))

    assert len(lines) == 2
    assert billed_seconds(lines) == (70, 70)


def test_padding_falls_on_the_day_of_the_last_used_instant() -> None:
    """25 s over midnight, 20 before and 5 after: the minimum's 35 s belong to the second day."""
    before, later = instant("2026-05-04 23:59:40"), instant("2026-05-05 00:00:05")
    lines = rate_session(session(run(before, later)), terms(comparison=billing(60)), later)

    first = billed_seconds(lines, Window(None, MIDNIGHT))
    second = billed_seconds(lines, Window(MIDNIGHT, None))

    assert (first, second) == ((20, 20), (5, 40))


def test_a_run_that_ends_at_midnight_pads_the_day_that_it_used() -> None:
    """Its last used instant lies before midnight; the new day has nothing."""
    used = session(run(instant("2026-05-04 23:59:40"), MIDNIGHT))

    lines = rate_session(used, terms(comparison=billing(60)), MIDNIGHT)

    assert billed_seconds(lines, Window(None, MIDNIGHT)) == (20, 60)
    assert billed_seconds(lines, Window(MIDNIGHT, None)) == (0, 0)


def test_padding_is_paid_at_the_price_of_the_last_used_instant() -> None:
    """10 s at 7.20, 10 s at 3.60, and 40 s of the minimum at 3.60 too."""
    cut = matches(equivalent("7.2"), (after(10), equivalent("3.6")))

    totals = total_of(
        rate_session(
            session(run(after(0), after(20))), terms(cut, comparison=billing(60)), after(20)
        )
    )

    assert totals.counterfactual.total() == Fraction("0.07")


def test_a_price_that_changes_when_the_run_ends_is_not_its_price() -> None:
    """The end is out."""
    cut = matches(equivalent("7.2"), (after(20), equivalent("3600")))

    totals = total_of(
        rate_session(
            session(run(after(0), after(20))), terms(cut, comparison=billing(60)), after(90)
        )
    )

    assert totals.counterfactual.total() == Fraction("0.12")


def test_rounding_down_takes_seconds_off_the_end() -> None:
    """119 s by completed minutes are the first 60 s, at the first price."""
    used = session(run(after(0), after(119), (after(50), "7.2")))

    lines = rate_session(used, terms(actual=billing(0, 60, "floor")), after(200))

    assert billed_seconds(lines) == (60, 119)
    assert total_of(lines).actual.total() == Fraction("0.05") + Fraction("0.02")


def test_a_line_past_the_billed_end_costs_nothing_but_was_used() -> None:
    """The rate changed when billing had ended already."""
    used = session(run(after(0), after(119), (after(100), "7.2")))

    lines = rate_session(used, terms(actual=billing(0, 60, "floor")), after(200))

    assert [line.used_microseconds(ALL_TIME) // SECOND for line in lines] == [100, 19]
    assert [line.billed_microseconds(line.actual, ALL_TIME) // SECOND for line in lines] == [60, 0]


def test_a_line_is_cut_where_the_compared_price_is() -> None:
    """Half an hour on each side of a price cut is compared at each price (R-MATCH)."""
    cut = matches(equivalent("98.32"), (after(1800), equivalent("55.04")))

    lines = rate_session(session(run(after(0), after(3600))), terms(cut), after(3600))

    assert pieces(lines) == [
        (after(0), after(1800), Fraction("3.6"), Fraction("98.32")),
        (after(1800), after(3600), Fraction("3.6"), Fraction("55.04")),
    ]
    assert total_of(lines).counterfactual.total() == Fraction("76.68")


def test_a_line_is_cut_where_either_side_changes() -> None:
    """Own rate at 10 s, compared price at 20 s, both at 30 s."""
    cut = matches(equivalent("7.2"), (after(20), equivalent("5")), (after(30), equivalent("6")))
    used = session(run(after(0), after(40), (after(10), "2"), (after(30), "1")))

    lines = rate_session(used, terms(cut), after(40))

    assert pieces(lines) == [
        (after(0), after(10), Fraction("3.6"), Fraction("7.2")),
        (after(10), after(20), Fraction(2), Fraction("7.2")),
        (after(20), after(30), Fraction(2), Fraction(5)),
        (after(30), after(40), Fraction(1), Fraction(6)),
    ]


def test_time_without_a_compared_price_is_out_of_both_sides() -> None:
    """It was paid, and is in no saving (R-UNPRICED)."""
    cut = matches(unpriced(), (after(3600), equivalent("7.2")))

    totals = total_of(rate_session(session(run(after(0), after(7200))), terms(cut), after(7200)))

    assert money(totals) == (Fraction("7.2"), Fraction("3.6"), Fraction("7.2"))
    assert totals.saving == Fraction("3.6")
    assert totals.gpu_unpriced == {"RTX 4090": 3600 * SECOND}


def test_padding_of_an_unpriced_end_is_compared_with_nothing() -> None:
    """The last used instant has no price, so neither has what is booked there."""
    cut = matches(equivalent("7.2"), (after(10), unpriced()))

    totals = total_of(
        rate_session(
            session(run(after(0), after(20))), terms(cut, comparison=billing(60)), after(20)
        )
    )

    assert totals.counterfactual.total() == Fraction("0.02")
    assert totals.comparable.total() == Fraction("0.01")


def test_a_foreign_currency_is_out_of_both_sides() -> None:
    """Amounts of two currencies are never added; what is not converted is said (R-FX)."""
    euros = session(run(after(0), after(3600), of=shape(currency="EUR")))

    totals = total_of(rate_session(euros, terms(), after(3600)))

    assert money(totals) == (0, 0, 0)
    assert totals.used == 3600 * SECOND
    assert totals.gpu_not_converted == 3600 * SECOND
    assert totals.gpu_time_coverage == 0
    assert totals.cost_coverage == 0


def test_use_is_converted_at_the_rate_of_its_instant() -> None:
    """Before the first known exchange rate it is unpriced; each later change cuts it (R-FX)."""
    euros = session(run(after(0), after(10_800), of=shape(currency="EUR"), rate="3.6"))
    known = [exchange("EUR", "1.25", after(3600)), exchange("EUR", "1.5", after(7200))]

    lines = rate_session(euros, terms(exchange=known), after(10_800))

    assert pieces(lines) == [
        (after(0), after(3600), None, None),
        (after(3600), after(7200), Fraction("4.5"), Fraction("7.2")),
        (after(7200), after(10_800), Fraction("5.4"), Fraction("7.2")),
    ]
    assert [line.exchange and line.exchange.rate for line in lines] == [
        None,
        Decimal("1.25"),
        Decimal("1.5"),
    ]
    assert money(total_of(lines)) == (Fraction("9.9"), Fraction("9.9"), Fraction("14.4"))


def test_an_exchange_rate_is_never_turned_round() -> None:
    """What a dollar is worth in euros is another price than what a euro is in dollars."""
    euros = session(run(after(0), after(3600), of=shape(currency="EUR")))
    other_way = [exchange("USD", "0.8", after(0), into="EUR")]

    [line] = rate_session(euros, terms(exchange=other_way), after(3600))

    assert line.rate is None


def test_of_two_exchange_rates_for_one_instant_the_one_published_last_holds() -> None:
    """As with prices (R-PRICE)."""
    first = exchange("EUR", "1.25", after(0))
    corrected = replace(first, rate=Decimal("1.5"), published_at=after(50))
    euros = session(run(after(0), after(3600), of=shape(currency="EUR"), rate="2"))

    [line] = rate_session(euros, terms(exchange=[corrected, first]), after(3600))

    assert line.rate == 3


def test_a_disk_costs_by_size_time_and_the_length_of_its_month() -> None:
    """90 GB at $0.10 a month of 720 hours are 1.25 cents an hour."""
    lines = rate_disk("i-1", [disk(after(0), after(7200))], terms(), after(9000))

    assert [line.rate for line in lines] == [Fraction("0.0125")]
    assert money(total_of(lines)) == (Fraction("0.025"), 0, 0)
    assert total_of(lines).used == 0


def test_a_disk_is_compared_at_the_price_of_its_instant() -> None:
    """Only while there is one; a disk that nothing stands beside is out of the saving."""
    prices = DiskPrices([disk_price("0.08", after(3600)), disk_price("0.16", after(7200))])
    held = terms(disk_prices=prices.timeline("aws", "us-east-1", Fraction("0.25")))

    lines = rate_disk("i-1", [disk(after(0), None)], held, after(10_800))

    assert [line.comparison_rate for line in lines] == [
        None,
        Fraction("0.0075"),
        Fraction("0.015"),
    ]
    assert money(total_of(lines)) == (Fraction("0.0375"), Fraction("0.025"), Fraction("0.0225"))


def test_a_disk_without_a_price_of_ours_is_out_of_both_sides() -> None:
    """An unknown cost is no cost of zero beside a real one."""
    unknown = replace(disk(after(0), after(3600)), disk=Disk(gb=Decimal(90)))
    held = terms(disk_prices=DiskPrices([disk_price("0.08")]).timeline("aws", "us-east-1"))

    totals = total_of(rate_disk("i-1", [unknown], held, after(3600)))

    assert money(totals) == (0, 0, 0)


def test_a_disk_in_another_currency_is_converted() -> None:
    """With the same rates as the use of its instance."""
    euros = replace(disk(after(0), after(3600)), shape=shape(currency="EUR"))

    [line] = rate_disk("i-1", [euros], terms(exchange=[exchange("EUR", "2", after(0))]), after(1))

    assert line.rate == Fraction("0.025")


def test_usage_without_a_currency_is_in_the_accounts() -> None:
    """That is what a start means that does not say."""
    used = session(run(after(0), after(3600), of=shape(currency=None)))

    assert total_of(rate_session(used, terms(), after(3600))).actual.total() == Fraction("3.6")


def test_an_open_run_is_rated_as_if_it_ended_now() -> None:
    """At 5 s the compared minute is due already; at 75 s it is used up (R-OPEN)."""
    open_session = session(run(after(0), None))

    at_5, at_75 = (
        rate_session(open_session, terms(comparison=billing(60)), after(now)) for now in (5, 75)
    )

    assert billed_seconds(at_5) == (5, 60)
    assert billed_seconds(at_75) == (75, 75)


def test_a_run_that_has_not_begun_by_now_has_no_line() -> None:
    """An answer for an earlier instant knows nothing of it."""
    assert rate_session(session(run(after(60), None)), terms(), after(0)) == []


def test_billing_rules_are_those_at_the_start_of_the_run() -> None:
    """A rule that changes while the run lasts does not change the run."""
    asked: list[datetime] = []

    def rule(at: datetime) -> BillingRule:
        asked.append(at)
        return billing()

    noting = replace(terms(), actual_rule=lambda _, at: rule(at), comparison_rule=rule)

    rate_session(session(run(after(0), after(9000))), noting, after(9000))

    assert asked == [after(0), after(0)]


@pytest.mark.parametrize("microseconds", [1, 999_999])
def test_part_of_a_second_is_used_as_it_is_and_billed_as_a_second(microseconds: int) -> None:
    """Used time is exact; billing by the second rounds up what was begun."""
    used = session(run(after(0), after(0, microseconds)))

    [line] = rate_session(used, terms(), after(1))

    assert line.used_microseconds(ALL_TIME) == microseconds
    assert billed_seconds([line]) == (1, 1)
