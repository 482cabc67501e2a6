"""Money: exact decimal text in, fractions inside, rounded once at the edge."""

from decimal import Decimal
from fractions import Fraction

import pytest

from dumont_economy.errors import InvalidAmountError
from dumont_economy.money import Accrual, amount_text, cost, exact_text, parse_amount, round_amount

HOUR = 3_600_000_000


@pytest.mark.parametrize(
    "text", ["0", "0.74", "100000", "0.123456789012", "-0.5", "007", "999999999999999999"]
)
def test_plain_decimal_digits_are_an_amount(text: str) -> None:
    """What a person or a price list writes is taken digit by digit."""
    assert parse_amount(text) == Decimal(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        " 1",
        "1\n",
        "+1",
        "1e3",
        "1E+3000000",
        "1,5",
        "1_000",
        "$1",
        "1.",
        ".5",
        "1.2.3",
        "--1",
        "0x10",
        "NaN",
        "Infinity",
        "1/3",
        "\u0660.\u0665",
        "\uff11.\uff15",
        "\u0967",
        "1\x00",
        "\u22121",
        "1" * 19,
        "0." + "1" * 41,
    ],
)
def test_anything_else_is_no_amount(text: str) -> None:
    """`Decimal` and `int` take foreign digits, exponents and underscores; the ledger does not."""
    with pytest.raises(InvalidAmountError) as raised:
        parse_amount(text)

    assert raised.value.code == "not_a_decimal"


def test_a_thirteenth_decimal_is_refused_rather_than_cut() -> None:
    """Twelve decimals are kept exactly; more would be lost silently."""
    with pytest.raises(InvalidAmountError) as raised:
        parse_amount("0.1234567890123")

    assert raised.value.code == "too_precise"


def test_zeros_at_the_end_are_no_precision() -> None:
    """They say nothing more, so they are no reason to refuse."""
    assert parse_amount("0.740000000000000000000") == Decimal("0.74")


@pytest.mark.parametrize(
    ("exact", "places", "text"),
    [
        ("0.5", 0, "0"),
        ("1.5", 0, "2"),
        ("2.5", 0, "2"),
        ("-0.5", 0, "0"),
        ("-2.5", 0, "-2"),
        ("-1", 0, "-1"),
        ("-0.0000000001", 10, "-0.0000000001"),
        ("-0.00000000005", 10, "0.0000000000"),
        ("0.00000000005", 10, "0.0000000000"),
        ("0.00000000015", 10, "0.0000000002"),
        ("0.000000000050000001", 10, "0.0000000001"),
        ("1/3", 4, "0.3333"),
        ("-1/3", 4, "-0.3333"),
        ("2", 2, "2.00"),
        ("123456789012345678901234567890", 1, "123456789012345678901234567890.0"),
    ],
)
def test_an_amount_is_rounded_half_to_even(exact: str, places: int, text: str) -> None:
    """The exact value is rounded once, ties to the even neighbour; no negative zero (R-ROUND)."""
    assert amount_text(Fraction(exact), places) == text


def test_a_rounded_amount_keeps_its_places() -> None:
    """A total of 2 dollars is reported with all its decimals."""
    assert str(round_amount(Fraction(2))) == "2.0000000000"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("0.7400"), "0.74"),
        (Decimal(100), "100"),
        (Decimal("1E+2"), "100"),
        (Decimal("0.000000000001"), "0.000000000001"),
        (Fraction(2, 3), "0.666666666667"),
        (Fraction(3), "3"),
        (Decimal("0.000"), "0"),
    ],
)
def test_a_rate_is_shown_without_idle_zeros(value: Decimal | Fraction, text: str) -> None:
    """A rate is plain decimal text, never an exponent."""
    assert exact_text(value) == text


def test_time_at_a_rate_costs_exactly_its_share_of_an_hour() -> None:
    """A third of an hour at a dollar is a third of a dollar, not 0.3333."""
    assert cost(Fraction(1), HOUR // 3) == Fraction(1, 3)


def test_what_accrues_does_not_depend_on_the_order() -> None:
    """Ten thousand sevenths of a second add up to the same exact sum both ways."""
    parts = [(Fraction(1, 7 + number % 13), 142_857 + number) for number in range(10_000)]
    forwards, backwards = Accrual(), Accrual()

    for rate, microseconds in parts:
        forwards.add(rate, microseconds)
    for rate, microseconds in reversed(parts):
        backwards.add(rate, microseconds)

    assert forwards.total() == backwards.total()
    assert forwards.total() == sum(cost(rate, microseconds) for rate, microseconds in parts)


def test_two_accruals_merge_into_their_sum() -> None:
    """A total of totals is the exact total."""
    first, second = Accrual(), Accrual()
    first.add(Fraction(2), HOUR)
    second.add(Fraction(2), HOUR)
    second.add(Fraction(3), HOUR)

    first.merge(second)

    assert first.total() == Fraction(7)
