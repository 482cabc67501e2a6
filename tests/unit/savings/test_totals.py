"""Totals: sums over line items, what they cover, and the saving with its sign."""

from dataclasses import replace
from fractions import Fraction

import pytest

from dumont_economy.ledger.line_item import Window
from dumont_economy.ledger.rating import rate_disk, rate_session
from dumont_economy.metering.gpu_session import Shape
from dumont_economy.money import Accrual
from dumont_economy.pricing.disk_price import DiskPrices
from dumont_economy.pricing.equivalence import Equivalent, Grade
from dumont_economy.pricing.match_timeline import Unpriced
from dumont_economy.savings import totals as module
from dumont_economy.savings.totals import Totals, total_of
from tests.builders import (
    after,
    billing,
    disk,
    disk_price,
    equivalent,
    matches,
    rate,
    run,
    session,
    shape,
    sku,
    terms,
    unpriced,
)

HOUR = 3_600_000_000
COMPARED_DISKS = DiskPrices([disk_price("0.08")]).timeline("aws", "us-east-1")


def hour_of(match: Equivalent | Unpriced, of: Shape | None = None, paid: str = "1") -> Totals:
    """Return the totals of one hour compared with `match`."""
    used = session(run(after(0), after(3600), of=of, rate=paid))
    return total_of(rate_session(used, terms(matches(match)), after(3600)))


def merged(*parts: Totals) -> Totals:
    """Return the sum of totals."""
    totals = Totals()
    for part in parts:
        totals.merge(part)
    return totals


def test_nothing_used_is_covered_whole_and_has_no_percentage() -> None:
    """Zeros, and null where a share of nothing is asked for (R-SIGN)."""
    totals = Totals()

    assert totals.saving == 0
    assert totals.saving_percent is None
    assert totals.gpu_time_coverage == 1
    assert totals.cost_coverage == 1


def test_a_loss_keeps_its_sign() -> None:
    """Whoever pays 3 for what costs 2 elsewhere has saved -1, which is -50 %."""
    totals = hour_of(equivalent("2"), paid="3")

    assert totals.saving == -1
    assert totals.saving_percent == -50


def test_a_free_machine_saves_everything() -> None:
    """A rate of 0 is a rate."""
    totals = hour_of(equivalent("2"), paid="0")

    assert totals.saving_percent == 100
    assert totals.cost_coverage == 1


def test_coverage_is_the_share_that_has_a_comparison() -> None:
    """Of GPU time and of cost: one GPU at 1 compared, three GPUs at 2 not."""
    totals = merged(
        hour_of(equivalent("2")), hour_of(unpriced(), shape("mystery", count=3), paid="2")
    )

    assert totals.gpu_time_coverage == Fraction(1, 4)
    assert totals.cost_coverage == Fraction(1, 3)
    assert totals.saving == 1
    assert totals.gpu_unpriced == {"mystery": 3 * HOUR}


def test_gpu_hours_stand_beside_instance_hours() -> None:
    """Eight GPUs for an hour are one hour of an instance."""
    totals = hour_of(equivalent("80"), shape("H100", count=8))

    assert (totals.used, totals.gpu_used) == (HOUR, 8 * HOUR)


def test_gpu_time_is_counted_by_grade() -> None:
    """Every total says how much of it is D (R-UNPRICED)."""
    totals = merged(
        hour_of(equivalent("2", Grade.A)),
        hour_of(equivalent("3", Grade.D)),
        hour_of(equivalent("5", Grade.D)),
        hour_of(unpriced()),
    )

    assert totals.gpu_by_grade == {Grade.A: HOUR, Grade.D: 2 * HOUR, Grade.N: HOUR}
    assert totals.saving == 7
    assert totals.substitutes_saving == 6


def test_the_time_of_disks_that_are_not_priced_or_not_compared_is_counted() -> None:
    """Each says something of its own, and GPUs nothing of either."""
    held = disk(after(0), after(3600))
    unknown = replace(held, disk=replace(held.disk, rate_running=None))

    gpus, compared, alone, unpriced_disk = (
        hour_of(equivalent("2")),
        total_of(rate_disk("i-1", [held], terms(disk_prices=COMPARED_DISKS), after(3600))),
        total_of(rate_disk("i-1", [held], terms(), after(3600))),
        total_of(rate_disk("i-1", [unknown], terms(), after(3600))),
    )

    assert [
        (one.disk_not_compared, one.disk_not_priced)
        for one in (gpus, compared, alone, unpriced_disk)
    ] == [(0, 0), (0, 0), (HOUR, 0), (0, HOUR)]


def everything(totals: Totals) -> dict[str, object]:
    """Return all that totals hold but the oldest price, which is no sum."""
    return {
        name: value.total() if isinstance(value, Accrual) else value
        for name, value in vars(totals).items()
        if name != "oldest_price"
    }


def test_the_oldest_price_speaks_for_a_total() -> None:
    """A total is as old as the oldest price in it."""
    old = equivalent("2", rate=rate(sku("old", "T4"), "2", since="2024-05-20"))
    new = equivalent("2", rate=rate(sku("new", "T4"), "2", since="2026-07-30"))

    totals = merged(hour_of(new), hour_of(old), hour_of(new))

    assert str(totals.oldest_price) == "2024-05-20"


def test_a_window_takes_its_part_of_each_line() -> None:
    """A quarter of the hour is a quarter of all figures."""
    used = session(run(after(0), after(3600), rate="4"))
    lines = rate_session(used, terms(matches(equivalent("8"))), after(3600))

    part = total_of(lines, Window(after(900), after(1800)))

    assert part.used == HOUR // 4
    assert part.actual.total() == 1
    assert part.counterfactual.total() == 2


def test_a_window_beside_a_line_takes_nothing() -> None:
    """Windows that touch a line at its border do not hold it, nor the price that it rests on."""
    used = session(run(after(0), after(3600)))
    dated = equivalent("2", rate=rate(sku("one-t4", "T4"), "2"))
    [line] = rate_session(used, terms(matches(dated), actual=billing(7200)), after(3600))

    for window in (Window(None, after(0)), Window(after(3600))):
        outside = Totals()
        outside.add_line(line, window)
        assert everything(outside) == everything(Totals())
        assert outside.oldest_price is None


def test_use_in_a_currency_without_a_rate_is_counted_by_its_gpus() -> None:
    """It is used, by none of the known grades, and in no cost."""
    totals = hour_of(equivalent("2"), of=shape(count=2, currency="EUR"))

    assert (totals.gpu_used, totals.gpu_not_converted) == (2 * HOUR, 2 * HOUR)
    assert totals.gpu_by_grade[Grade.N] == 2 * HOUR
    assert totals.actual.total() == totals.counterfactual.total() == 0
    assert hour_of(equivalent("2")).gpu_not_converted == 0


def test_lines_of_many_kinds_are_each_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of more kinds than are kept at a time, and where one of them comes again."""
    monkeypatch.setattr(module, "_MOST_KINDS", 2)
    paid = ["1", "2", "3", "1", "5"]
    used = [session(run(after(0), after(3600), rate=amount)) for amount in paid]
    lines = [line for one in used for line in rate_session(one, terms(), after(3600))]

    totals = total_of(lines)

    assert totals.used == len(paid) * HOUR
    assert totals.actual.total() == 12
    assert totals.counterfactual.total() == Fraction("7.2") * len(paid)


def test_alike_lines_beyond_what_is_kept_at_a_time_are_counted_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Their times are taken over when there are so many, and kept anew after it."""
    monkeypatch.setattr(module, "_MOST_TIMES", 2)
    [line] = rate_session(session(run(after(0), after(3600), rate="1")), terms(), after(3600))

    totals = total_of([line] * 5)

    assert totals.used == 5 * HOUR
    assert totals.actual.total() == 5


def test_totals_so_many_times_hold_everything_so_often() -> None:
    """GPUs that are not converted, disks without a comparison, and money."""
    once = hour_of(equivalent("2"), of=shape(currency="EUR"))
    for line in rate_disk("i-1", [disk(after(0), after(3600))], terms(), after(3600)):
        once.add_line(line)
    thrice = Totals()
    thrice.merge(once, 3)

    assert once.disk_not_compared == HOUR
    assert thrice.disk_not_compared == 3 * HOUR
    assert thrice.gpu_not_converted == 3 * HOUR
    assert thrice.actual.total() == 3 * once.actual.total() > 0


def test_what_began_before_the_first_day_counts_from_its_beginning() -> None:
    """And on no other day than those that are asked for."""
    used = session(run(after(0), after(3600), rate="1"))
    lines = rate_session(used, terms(), after(3600))

    by_day = module.totals_by_day(lines, (after(600), after(1800), after(2400)))

    assert {day: totals.used for day, totals in by_day.items()} == {0: HOUR // 3, 1: HOUR // 6}
