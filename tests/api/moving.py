"""Where the slopes of an answer lead to."""

from fractions import Fraction

from dumont_economy.money import amount_text
from tests.api.harness import Json


def after(seconds: int, row: Json) -> dict[str, str | None]:
    """Return the amounts of a row so many seconds later, each as it is told."""
    return {
        name: None if slope is None else moved(seconds, row[name], slope)
        for name, slope in row["per_second"].items()
    }


def moved(seconds: int, value: str, per_second: str) -> str:
    """Return an amount so many seconds later, as it is told."""
    return amount_text(Fraction(value) + seconds * Fraction(per_second))
