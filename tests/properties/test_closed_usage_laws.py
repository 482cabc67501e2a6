"""Laws of closed usage: what is followed instance by instance is what all lines come to at once."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from dumont_economy.ledger.line_item import Line, Window
from dumont_economy.ledger.rating import rate_disk, rate_session
from dumont_economy.metering.gpu_session import GpuSession, replay
from dumont_economy.money import Accrual
from dumont_economy.pricing.disk_price import DiskPrices
from dumont_economy.pricing.equivalence import Grade
from dumont_economy.savings.totals import Totals, total_of
from dumont_economy.services.closed_usage import NOTHING_CLOSED, RatedInstance
from tests.builders import (
    after,
    billing,
    disk,
    disk_price,
    equivalent,
    matches,
    rate,
    run,
    shape,
    sku,
    start,
    terms,
    unpriced,
)

LATEST = after(500_000)
OLD, NEW = (rate(sku("g6e.xlarge", "L40S"), "1", day) for day in ("2026-01-01", "2026-03-01"))
TERMS = terms(
    matches(
        equivalent("7.2", rate=NEW),
        (after(50_000), unpriced()),
        (after(90_000), equivalent("5", Grade.D, OLD)),
    ),
    comparison=billing(60),
    disk_prices=DiskPrices([disk_price("0.08", after(70_000))]).timeline("aws", "us-east-1"),
)

seconds = st.integers(0, 300_000)
instants = st.builds(after, seconds, st.sampled_from([0, 1, 500_000]))


@st.composite
def lines_of(draw: st.DrawFn, instance: str) -> tuple[Line, ...]:
    """Draw the ended use of an instance: runs that follow each other, short and of days."""
    at = draw(seconds)
    lines: list[Line] = []
    for _ in range(draw(st.integers(0, 4))):
        lasts = draw(st.sampled_from([1, 1_799, 3_600, 40_000, 90_000]))
        starts_at, ends_at = after(at), after(at + lasts, draw(st.sampled_from([0, 1])))
        used = run(starts_at, ends_at, of=shape(count=draw(st.integers(1, 3))))
        session = GpuSession(instance, starts_at, ends_at, (used,))
        lines += rate_session(session, TERMS, LATEST)
        if draw(st.booleans()):
            lines += rate_disk(instance, [disk(starts_at, ends_at)], TERMS, LATEST)
        at += lasts + draw(st.integers(1, 5_000))
    return tuple(lines)


@st.composite
def changes(draw: st.DrawFn) -> list[list[RatedInstance]]:
    """Draw what becomes of three instances, a few at a time; some lines stay as they are."""
    known: dict[str, tuple[Line, ...]] = {}
    steps = []
    for _ in range(draw(st.integers(1, 4))):
        step = []
        for instance in draw(st.sets(st.sampled_from(["i-1", "i-2", "i-3"]), min_size=1)):
            held = known.get(instance, ())
            stays = held[: draw(st.integers(0, len(held)))]
            known[instance] = (*stays, *draw(lines_of(instance)))
            timeline = replay(instance, [start(after(0), instance=instance)], LATEST)
            totals = total_of(known[instance])
            totals.settle()
            step.append(RatedInstance(timeline, known[instance], totals))
        steps.append(step)
    return steps


def figures(totals: Totals) -> dict[str, object]:
    """Return all that totals hold, money as exact sums, empty counts left out."""
    found: dict[str, object] = {one.name: getattr(totals, one.name) for one in fields(totals)}
    money = {name: held.total() for name, held in found.items() if isinstance(held, Accrual)}
    counts = {name: dict(+held) for name, held in found.items() if isinstance(held, Counter)}
    return found | counts | money


def lines_after(steps: Sequence[Sequence[RatedInstance]]) -> list[Line]:
    """Return the lines of all instances as the last step that named each left them."""
    latest = {one.timeline.instance: one for step in steps for one in step}
    return [line for one in latest.values() for line in one.lines]


@settings(max_examples=150)
@given(changes(), instants, instants)
def test_what_is_followed_is_what_all_lines_come_to(
    steps: list[list[RatedInstance]], one: datetime, other: datetime
) -> None:
    """In all, in any window asked for after each step, and since any instant."""
    begins, ends = sorted([one, other])
    window = Window(begins, ends)
    usage = NOTHING_CLOSED
    for number, step in enumerate(steps, start=1):
        usage = usage.with_changed(step)
        lines = lines_after(steps[:number])

        assert figures(usage.totals) == figures(total_of(lines))
        for _ in range(2):  # The second time what was kept of the first is answered.
            assert figures(usage.totals_in(window)) == figures(total_of(lines, window))
        since = usage.totals_since(begins, LATEST)
        assert figures(since) == figures(total_of(lines, Window(begins)))


@given(changes())
def test_an_older_state_stays_as_it_was(steps: list[list[RatedInstance]]) -> None:
    """Whoever still answers from it is not told of what came later."""
    first = NOTHING_CLOSED.with_changed(steps[0])
    before = figures(first.totals)

    usage = first
    for step in steps[1:]:
        usage = usage.with_changed(step)

    assert figures(first.totals) == before == figures(total_of(lines_after(steps[:1])))
    assert NOTHING_CLOSED.totals.actual.total() == Fraction(0)
