"""Laws of rounding, which happens once and where an amount is reported (R-ROUND)."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from dumont_economy.api.published_number import published
from dumont_economy.money import amount_text, round_amount, rounded_units

places = st.integers(0, 16)
# Where halves are hit: a few more decimals than are kept.
near_halves = st.builds(Fraction, st.integers(-(10**9), 10**9), st.sampled_from([2, 8, 20, 10**4]))
amounts = st.one_of(near_halves, st.fractions(max_denominator=10**15))


@given(amounts, places)
def test_it_goes_half_to_even(value: Fraction, kept: int) -> None:
    """As Python rounds a fraction to a whole number, which is exact."""
    assert rounded_units(value, kept) == round(value * 10**kept)


@given(amounts, places)
def test_the_text_is_the_rounded_amount(value: Fraction, kept: int) -> None:
    """With all its decimals, and without a sign where it is zero."""
    text = amount_text(value, kept)

    assert Fraction(text) == Fraction(rounded_units(value, kept), 10**kept)
    assert len(text.partition(".")[2]) == kept
    assert text.startswith("-") == (Fraction(text) < 0)
    assert round_amount(value, kept).as_tuple() == Decimal(text).as_tuple()


@given(amounts, places)
def test_a_published_number_is_the_float_nearest_to_it(value: Fraction, kept: int) -> None:
    """It prints as the decimal that it carries, as far as a float can."""
    number = published(value, kept)

    assert number == float(amount_text(value, kept))
    assert not str(number).startswith("-0.0") or number < 0
