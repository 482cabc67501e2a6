"""A figure that is opened: all lines behind it, and what they add up to, exactly."""

from collections.abc import Iterable
from fractions import Fraction

from tests.api.harness import Caller, Json

_SECONDS_PER_HOUR = 3600


def all_lines(caller: Caller, **query: str | int) -> list[Json]:
    """Return the lines of every page; as many to a page as can be unless told."""
    found: list[Json] = []
    asked: dict[str, str | int] = {"limit": 500, **query}
    while True:
        page = caller.read("/ledger/lines", **asked)
        found += page["lines"]
        if page["next_cursor"] is None:
            return found
        asked["cursor"] = page["next_cursor"]


def exact_rate(line: Json) -> Fraction:
    """Return the price per hour of all that a line stands for, exact, from what proves it."""
    proof = line["proof"]
    if proof is None or "machines" not in proof:
        units = Fraction(line["units"])
        return Fraction(line["unit_price"]) * units / Fraction(line["price_hours"])
    share = 1 - Fraction(proof["discount"])
    return Fraction(proof["price_per_machine_hour"]) * Fraction(proof["machines"]) * share


def sum_of(lines: Iterable[Json], side: str) -> Fraction:
    """Return what the lines of one side add up to, exact."""
    return sum(
        (
            exact_rate(line) * Fraction(line["seconds"]) / _SECONDS_PER_HOUR
            for line in lines
            if line["side"] == side
        ),
        Fraction(0),
    )


def saving_of(lines: list[Json]) -> Fraction:
    """Return what lines with a comparison save."""
    compared = {(line["instance"], line["from"]) for line in lines if line["side"] == "comparison"}
    comparable = [line for line in lines if (line["instance"], line["from"]) in compared]
    return sum_of(lines, "comparison") - sum_of(comparable, "actual")


def _part(line: Json) -> tuple[str, str, str]:
    """Return what a line and its other side have alike."""
    return (line["instance"], line["component"], line["from"])
