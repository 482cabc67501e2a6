"""Ledger entries: a line told side by side, cut to a window."""

from fractions import Fraction

from dumont_economy.ledger.ledger_entry import LedgerEntry, Side, UnitPrice, entries_of
from dumont_economy.ledger.line_item import ALL_TIME, Window
from dumont_economy.ledger.rating import RatingTerms, rate_session
from dumont_economy.savings.ledger_figures import difference, figures_of
from tests.builders import after, billing, equivalent, matches, run, session, shape, terms, unpriced


def entries(held: RatingTerms, window: Window = ALL_TIME, count: int = 2) -> list[LedgerEntry]:
    """Return the entries of a run of twenty seconds at $3.60 an hour."""
    lines = rate_session(session(run(after(0), after(20), of=shape(count=count))), held, after(90))
    return list(entries_of(lines, window))


def test_each_side_has_its_own_units_price_and_billed_time() -> None:
    """Two GPUs at $7.20 an hour elsewhere, where a minute is the least that is billed."""
    paid, compared = entries(terms(comparison=billing(60)))

    assert (paid.side, compared.side) == (Side.ACTUAL, Side.COMPARISON)
    assert (paid.units, compared.units) == (Fraction(1), Fraction(2))
    assert paid.price == UnitPrice(Fraction("3.6"), Fraction(1))
    assert compared.price == UnitPrice(Fraction("3.6"), Fraction(1))
    assert (paid.microseconds, paid.pad_microseconds) == (20_000_000, 0)
    assert (compared.microseconds, compared.pad_microseconds) == (60_000_000, 40_000_000)
    assert (paid.amount, compared.amount) == (Fraction("0.02"), Fraction("0.12"))


def test_what_is_added_is_booked_where_the_run_ends() -> None:
    """The window before its end has none of it, and the one that begins at its end nothing."""
    held = terms(comparison=billing(60))
    _, early = entries(held, Window(after(5), after(19)))
    _, late = entries(held, Window(after(19), after(20)))

    assert (early.starts_at, early.ends_at) == (after(5), after(19))
    assert (early.microseconds, early.pad_microseconds) == (14_000_000, 0)
    assert (late.starts_at, late.ends_at) == (after(19), after(20))
    assert (late.microseconds, late.pad_microseconds) == (41_000_000, 40_000_000)
    assert entries(held, Window(after(20), after(90))) == []


def test_time_without_a_comparison_has_no_amount() -> None:
    """Its used time is told, in GPUs; what was paid stays."""
    paid, other = entries(terms(matches(unpriced())))

    assert (paid.side, other.side) == (Side.ACTUAL, Side.UNPRICED)
    assert (other.units, other.microseconds, other.pad_microseconds) == (Fraction(2), 20_000_000, 0)
    assert (other.price, other.amount) == (None, None)


def test_figures_and_their_difference_are_of_the_same_lines() -> None:
    """Billed and unpriced time; the later figures less the earlier ones."""
    held = terms(matches(equivalent("7.2"), (after(15), unpriced())), comparison=billing(60))
    lines = rate_session(session(run(after(0), after(20))), held, after(90))
    early, whole = figures_of(lines, Window(None, after(10))), figures_of(lines, ALL_TIME)
    change = difference(early, whole)

    assert (whole.billed_actual, whole.unpriced) == (20_000_000, 5_000_000)
    assert (early.billed_comparison, whole.billed_comparison) == (10_000_000, 15_000_000)
    assert (change.used, change.actual) == (Fraction(10_000_000), Fraction("0.01"))
    assert change.comparable == Fraction("0.005")
    assert change.counterfactual == Fraction("0.01")
    assert change.saving == Fraction("0.005")
