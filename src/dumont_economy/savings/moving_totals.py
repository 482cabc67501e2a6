"""Totals that grow: what they are at an instant, and what each second adds to them."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import lcm

from dumont_economy.savings.totals import Totals


class MovingAmount:
    """An exact amount at an instant, and what each second adds to it.

    Both are kept over one denominator, so that to move is to multiply and add.
    """

    __slots__ = ("_a_second", "_at_first", "_denominator")

    def __init__(self, at_first: Fraction, a_second: Fraction) -> None:
        self._denominator = lcm(at_first.denominator, a_second.denominator)
        self._at_first = at_first.numerator * (self._denominator // at_first.denominator)
        self._a_second = a_second.numerator * (self._denominator // a_second.denominator)

    def after(self, seconds: int) -> Fraction:
        """Return the amount so many seconds later."""
        return Fraction(self._at_first + seconds * self._a_second, self._denominator)


@dataclass(frozen=True)
class MovingTotals:
    """Totals at an instant, and what each second adds to them; neither is to be changed."""

    at_first: Totals
    a_second: Totals

    def after(self, seconds: int) -> Totals:
        """Return the totals so many seconds later; they are the caller's own."""
        totals = Totals()
        totals.merge(self.at_first)
        totals.merge(self.a_second, seconds)
        return totals

    def used_after(self, seconds: int) -> int:
        """Return the used microseconds so many seconds later."""
        return self.at_first.used + seconds * self.a_second.used

    @cached_property
    def actual(self) -> MovingAmount:
        """Return what was paid."""
        return MovingAmount(self.at_first.actual.total(), self.a_second.actual.total())

    @cached_property
    def counterfactual(self) -> MovingAmount:
        """Return what it would have cost."""
        return MovingAmount(
            self.at_first.counterfactual.total(), self.a_second.counterfactual.total()
        )

    @cached_property
    def saving(self) -> MovingAmount:
        """Return what was saved; a loss is negative."""
        return MovingAmount(self.at_first.saving, self.a_second.saving)


def sum_of(parts: Iterable[MovingTotals]) -> MovingTotals:
    """Return totals that move as several do together."""
    at_first, a_second = Totals(), Totals()
    for one in parts:
        at_first.merge(one.at_first)
        a_second.merge(one.a_second)
    at_first.settle()
    a_second.settle()
    return MovingTotals(at_first, a_second)
