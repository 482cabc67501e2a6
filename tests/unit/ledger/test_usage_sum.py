"""Steps and their sums, worked by hand: a session is a few of them, however long it was."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from dumont_economy.ledger.usage_step import (
    Accrued,
    BillingParties,
    UseKey,
    key_of_disk,
    steps_of_disk,
    steps_of_session,
    units_of,
)
from dumont_economy.ledger.usage_sum import (
    EMPTY,
    HOUR,
    AccruedUse,
    HourSums,
    accrued_at,
    add_steps,
    day_sums,
    difference,
)
from dumont_economy.metering.gpu_session import GpuSession, RateChange
from dumont_economy.pricing.billing_rule import BillingRule, BillingRules, Rounding
from tests.builders import disk, run, shape

MIDNIGHT = datetime(2026, 8, 3, tzinfo=UTC)
FIRST_HOUR = int(MIDNIGHT.timestamp()) // 3600
SECOND = 1_000_000
CENT = 10**10
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def rule(provider: str, minimum: int, increment: int, rounding: Rounding) -> BillingRule:
    """Return a rule that has always held."""
    return BillingRule(provider, minimum, increment, rounding, LONG_AGO, LONG_AGO, "test")


PARTIES = BillingParties(
    BillingRules(
        [
            rule("vast", 0, 60, Rounding.CEIL),
            rule("aws", 7_200, 1, Rounding.CEIL),
            rule("gcp", 0, 3_600, Rounding.FLOOR),
        ]
    )
)


def at(hours: float) -> datetime:
    """Return so many hours after midnight."""
    return MIDNIGHT + timedelta(hours=hours)


def ended(begins: datetime, ends: datetime, *rates: RateChange) -> GpuSession:
    """Return a session of one run."""
    one = run(begins, ends, of=shape())
    return GpuSession("i-1", begins, ends, (one._replace(rates=rates) if rates else one,))


def sums_of(*sessions: GpuSession) -> HourSums:
    """Return the sums of sessions."""
    sums: HourSums = {}
    for session in sessions:
        for key, steps in steps_of_session(session, PARTIES):
            add_steps(sums, key, steps)
    return sums


def used_by(sums: HourSums) -> AccruedUse:
    """Return the use that sums tell."""
    return AccruedUse().with_days(
        (key, day, held) for key, days in day_sums(sums).items() for day, held in days.items()
    )


KEY = UseKey(shape())


def between(sums: HourSums, first: int, last: int) -> tuple[int, ...]:
    """Return what had accrued between two hours after midnight."""

    def hours_of(day: int) -> dict[UseKey, list[tuple[int, list[int]]]]:
        return {KEY: [one for one in sorted(sums[KEY].items()) if one[0] // 24 == day]}

    use = used_by(sums)
    return difference(
        use.until(KEY, FIRST_HOUR + last, hours_of), use.until(KEY, FIRST_HOUR + first, hours_of)
    )


def test_a_session_of_a_month_touches_three_hours() -> None:
    """Its first, its last, and the one in which a party that rounds down stops to bill."""
    sums = sums_of(ended(at(0.5), at(24 * 30 + 0.25)))

    assert sorted(hour - FIRST_HOUR for hour in sums[KEY]) == [0, 24 * 30 - 1, 24 * 30]
    assert between(sums, 100, 101)[Accrued.USED] == HOUR


def test_each_hour_has_its_part_of_the_use() -> None:
    """From half past midnight to a quarter past two."""
    sums = sums_of(ended(at(0.5), at(2.25)))

    used = [between(sums, hour, hour + 1)[Accrued.USED] for hour in range(-1, 4)]

    assert used == [0, HOUR // 2, HOUR, HOUR // 4, 0]
    assert between(sums, -1, 4)[Accrued.USED] == HOUR * 7 // 4


def test_what_was_paid_changes_with_the_rate() -> None:
    """A dollar an hour, from one o'clock on three; a started minute is paid at the last rate."""
    session = ended(
        at(0),
        at(2) + timedelta(seconds=30),
        RateChange(at(0), Fraction(1)),
        RateChange(at(1), Fraction(3)),
    )

    paid = [between(sums_of(session), hour, hour + 1)[Accrued.PAID] for hour in range(3)]

    assert paid == [100 * CENT * HOUR, 300 * CENT * HOUR, 300 * CENT * 60 * SECOND]


def test_each_party_bills_by_its_own_rule() -> None:
    """Of an hour and a half: a minimum of two hours, whole hours only, and seconds."""
    sums = sums_of(ended(at(0), at(1.5)))

    first, second = between(sums, 0, 1), between(sums, 1, 2)

    assert (first[Accrued.BILLED_AWS], second[Accrued.BILLED_AWS]) == (HOUR, HOUR)
    assert (first[Accrued.BILLED_GCP], second[Accrued.BILLED_GCP]) == (HOUR, 0)
    assert (first[Accrued.BILLED_AZURE], second[Accrued.BILLED_AZURE]) == (HOUR, HOUR // 2)
    assert second[Accrued.BILLED_REFERENCE] == HOUR // 2


def test_a_pad_belongs_to_the_last_used_instant() -> None:
    """A run that ends at one o'clock sharp pads the hour before."""
    sums = sums_of(ended(at(0.5), at(1)))

    assert between(sums, 0, 1)[Accrued.BILLED_AWS] == 2 * HOUR
    assert between(sums, 1, 2)[Accrued.BILLED_AWS] == 0


def test_what_is_taken_out_leaves_nothing() -> None:
    """Of the same steps, whatever else is in the sums."""
    stays, goes = ended(at(1), at(5)), ended(at(0.5), at(1.5))
    sums = sums_of(stays, goes)

    for key, steps in steps_of_session(goes, PARTIES):
        add_steps(sums, key, steps, sign=-1)

    alone = sums_of(stays)
    assert {hour: held for hour, held in sums[KEY].items() if any(held)} == alone[KEY]


def test_a_day_is_the_sum_of_its_hours() -> None:
    """With instants counted from its own beginning."""
    sums = sums_of(ended(at(1.5), at(23.75)))

    [held] = day_sums(sums)[KEY].values()

    assert accrued_at(held, 24 * HOUR)[Accrued.USED] == HOUR * 89 // 4


def test_before_and_after_all_use_nothing_accrues() -> None:
    """Neither does anything of a key that was never used."""
    sums = sums_of(ended(at(1), at(2)))

    assert between(sums, -1_000_000, 1) == (0,) * 7
    assert between(sums, 2, 1_000_000) == (0,) * 7
    assert AccruedUse().until(KEY, FIRST_HOUR, lambda _: {}) == (0,) * 7
    assert not any(EMPTY)


def test_a_disk_accrues_its_size_and_its_price() -> None:
    """100 GB for two hours; without a price it is kept apart."""
    span = disk(at(1), at(3))
    key, steps = steps_of_disk(span)
    sums: HourSums = {}
    add_steps(sums, key, steps)
    [day] = day_sums(sums)[key].values()

    accrued = accrued_at(day, 24 * HOUR)

    assert span.per_gb_month is not None
    assert accrued[Accrued.USED] == 2 * HOUR
    assert accrued[Accrued.DISK_SIZE] == 2 * HOUR * units_of(span.gb)
    assert accrued[Accrued.PAID] == 2 * HOUR * units_of(span.gb) * units_of(span.per_gb_month)
    unknown = key_of_disk(replace(span, disk=replace(span.disk, rate_running=None)))
    assert (key.is_paid, unknown.is_paid) == (True, False)
    with pytest.raises(ValueError, match="still there"):
        steps_of_disk(disk(at(1), None))


@pytest.mark.parametrize(
    "key",
    [
        UseKey(shape()),
        UseKey(shape('a, "quoted"\nname', 8, "EUR")._replace(gpu_memory_gib=Decimal("47.5"))),
        UseKey(shape()._replace(currency=None), is_disk=True, hours_per_month=730),
        UseKey(shape(), is_disk=True, hours_per_month=None, is_paid=False),
    ],
)
def test_a_key_is_read_from_its_text(key: UseKey) -> None:
    """It is one line, and equal amounts are one text."""
    assert UseKey.of_text(key.text()) == key
    assert "\n" not in key.text()


def test_keys_of_equal_amounts_are_one() -> None:
    """A database may have added zeros."""
    short, long = (
        UseKey(shape()._replace(gpu_memory_gib=Decimal(text))) for text in ("48", "48.000")
    )

    assert short.text() == long.text()


def test_an_amount_that_is_not_kept_exactly_is_refused() -> None:
    """Nothing is rounded on its way into a sum."""
    assert units_of(Fraction("0.000000000001")) == 1
    with pytest.raises(ValueError, match="12 decimals"):
        units_of(Fraction(1, 3))
