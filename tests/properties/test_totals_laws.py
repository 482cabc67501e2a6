"""Laws of totals: lines added up together come to what each of them adds."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dumont_economy.ledger.line_item import Line, Window
from dumont_economy.ledger.rating import rate_disk, rate_session
from dumont_economy.pricing.equivalence import Grade
from dumont_economy.savings import totals as totals_module
from dumont_economy.savings.totals import Totals, total_of
from tests.builders import (
    after,
    billing,
    disk,
    equivalent,
    exchange,
    matches,
    rate,
    run,
    session,
    shape,
    sku,
    terms,
    unpriced,
)
from tests.properties.worlds import everything_in

LATEST = after(500_000)
PRICE = rate(sku("g6e.xlarge", "L40S"), "1", "2026-01-01")
MATCHES = matches(
    equivalent("7.2", rate=PRICE),
    (after(5_000), unpriced()),
    (after(9_000), equivalent("5", Grade.D)),
)
# Rounding down ends the billing of a run before its last lines begin; a minimum adds a pad.
ALL_TERMS = [
    terms(MATCHES, actual=actual, comparison=comparison, exchange=[exchange("EUR", "1.1", LATEST)])
    for actual, comparison in (
        (billing(), billing(60)),
        (billing(0, 7_200, "floor"), billing(0, 3_600)),
        (billing(0, 3_600), billing(0, 7_200, "floor")),
    )
]
SHAPES = [shape(), shape("T4", count=2), shape("mystery"), shape(currency="EUR")]

seconds = st.integers(0, 20_000)
instants = st.none() | st.builds(after, seconds, st.sampled_from([0, 1, 500_000]))


@st.composite
def some_lines(draw: st.DrawFn) -> list[Line]:
    """Draw lines of a few shapes at a few rates, many of them rated alike."""
    lines: list[Line] = []
    for _ in range(draw(st.integers(0, 6))):
        at = draw(seconds)
        lasts = draw(st.sampled_from([1, 59, 3_600, 9_001]))
        of = draw(st.sampled_from(SHAPES))
        used = run(
            after(at),
            after(at + lasts, 1),
            (after(at + 30), draw(st.sampled_from(["1", "2.5"]))),
            of=of,
            rate=draw(st.sampled_from(["0", "1", "0.3333"])),
        )
        lines += rate_session(session(used), draw(st.sampled_from(ALL_TERMS)), LATEST)
        if draw(st.booleans()):
            lines += rate_disk("i-1", [disk(after(at), after(at + lasts))], ALL_TERMS[0], LATEST)
    return lines * draw(st.sampled_from([1, 1, 1, 150]))


def one_by_one(lines: Sequence[Line], window: Window) -> Totals:
    """Return what each line adds to totals by itself."""
    totals = Totals()
    for line in lines:
        if window.touches(line.starts_at, line.ends_at):
            totals.add_line(line, window)
    return totals


@settings(max_examples=200)
@given(some_lines(), instants, instants)
def test_lines_together_come_to_what_each_adds(
    lines: list[Line], one: datetime | None, other: datetime | None
) -> None:
    """Whole lines, cut ones and disks, in any window; also where very many are rated alike."""
    if one is not None and other is not None:
        one, other = sorted([one, other])
    window = Window(one, other)

    assert everything_in(total_of(lines, window)) == everything_in(one_by_one(lines, window))


@settings(max_examples=50)
@given(some_lines())
def test_no_more_kinds_of_lines_are_kept_than_fit(lines: list[Line]) -> None:
    """What is kept of them is bounded, and the totals are the same."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(totals_module, "_MOST_KINDS", 2)

        found = total_of(lines)

    assert everything_in(found) == everything_in(one_by_one(lines, Window()))


def test_very_many_very_long_lines_add_up() -> None:
    """A thousand lines as long as the calendar are more than a duration of Python's holds."""
    first, last = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
    [line] = rate_session(session(run(first, last, rate="1")), terms(), last)

    totals = total_of([line] * 1_000)

    assert totals.used == 1_000 * (last - first).days * 86_400_000_000
    assert totals.actual.total() == 1_000 * (last - first).days * 24
