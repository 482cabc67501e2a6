"""Laws of open usage: sum and slope tell what rating all lines again would."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dumont_economy.ledger.rating import RatingTerms, rate_disk, rate_session
from dumont_economy.metering.gpu_session import DiskSpan, GpuSession, InstanceState
from dumont_economy.pricing.disk_price import DiskPrices
from dumont_economy.pricing.equivalence import Grade
from dumont_economy.pricing.match_timeline import Match
from dumont_economy.savings import open_usage as module
from dumont_economy.savings.open_usage import OpenUsage, open_usage
from dumont_economy.savings.totals import total_of, totals_by_day
from tests.builders import (
    after,
    billing,
    disk,
    disk_price,
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

SECOND = timedelta(seconds=1)
PRICE = rate(sku("g6e.xlarge", "L40S"), "1", "2026-01-01")
SHAPES = [shape(), shape("T4", count=2), shape("mystery"), shape(currency="EUR")]
MIDNIGHTS = tuple(after(seconds) for seconds in (-500, -100, 0, 150, 400, 900, 100_000))

seconds = st.integers(0, 600)
parts = st.sampled_from([0, 0, 0, 1, 400_000])
rules = st.builds(
    billing,
    st.sampled_from([0, 60]),
    st.sampled_from([1, 7, 60]),
    st.sampled_from(["ceil", "floor"]),
)


@st.composite
def all_terms(draw: st.DrawFn) -> RatingTerms:
    """Draw terms with prices of GPUs, disks and money that change in the story."""
    changes = sorted(draw(st.sets(seconds, max_size=2)))
    matched: list[Match] = [
        equivalent("7.2", rate=PRICE),
        unpriced(),
        equivalent("5", Grade.D),
        equivalent("0.5"),
    ]
    later = [(after(at), draw(st.sampled_from(matched))) for at in changes]
    stored = DiskPrices([disk_price("0.08", after(draw(seconds))) for _ in range(2)])
    return terms(
        matches(draw(st.sampled_from(matched)), *later),
        actual=draw(rules),
        comparison=draw(rules),
        exchange=[exchange("EUR", amount, after(draw(seconds))) for amount in ("1.1", "1.3")],
        disk_prices=stored.timeline("aws", "us-east-1"),
    )


@st.composite
def sessions(draw: st.DrawFn) -> GpuSession:
    """Draw an open session, perhaps with a run before and a price that has changed."""
    begins = draw(st.integers(-300, 300))
    before = []
    if draw(st.booleans()):
        before = [run(after(begins - 100), after(begins), of=draw(st.sampled_from(SHAPES)))]
    changes = [(after(begins + draw(st.integers(1, 60))), "2.5")] if draw(st.booleans()) else []
    return session(
        *before,
        run(
            after(begins, draw(parts)),
            None,
            *changes,
            of=draw(st.sampled_from(SHAPES)),
            rate=draw(st.sampled_from(["0", "1", "0.3333"])),
        ),
    )


def state(
    name: str, open_session: GpuSession | None = None, span: DiskSpan | None = None
) -> InstanceState:
    """Return an instance that is on or has a disk."""
    return InstanceState(
        instance=name,
        name=None,
        status=None,
        since=None,
        shape=None,
        rate=Fraction(0),
        last_report_at=None,
        next_event_at=None,
        open_session=open_session,
        disk_now=span,
    )


@dataclass(frozen=True)
class Account:
    """What is on, and where."""

    active: list[InstanceState]
    with_disk: list[InstanceState]

    def begun_by(self, at: datetime) -> "Account":
        """Return what has happened by an instant: a ledger holds no more."""
        return Account(
            [
                one
                for one in self.active
                if one.open_session is not None and one.open_session.runs[-1].rates[-1].since <= at
            ],
            [
                one
                for one in self.with_disk
                if one.disk_now is not None and one.disk_now.starts_at <= at
            ],
        )


@st.composite
def accounts(draw: st.DrawFn) -> Account:
    """Draw an account with some instances on, and some disks."""
    return Account(
        [state(f"i-{number}", draw(sessions())) for number in range(draw(st.integers(0, 4)))],
        [
            state(f"i-{2 * number}", span=disk(after(draw(seconds)), None, draw(shapes)))
            for number in range(draw(st.integers(0, 2)))
        ],
    )


shapes = st.sampled_from(SHAPES)
moments = st.lists(st.builds(after, seconds, parts), min_size=1, max_size=8)


def expected(account: Account, held: RatingTerms, at: datetime) -> list[object]:
    """Return what all lines come to at an instant."""
    of_sessions = [
        line
        for one in account.active
        if one.open_session is not None
        for line in rate_session(one.open_session, held, at)
    ]
    of_disks = [
        line
        for one in account.with_disk
        if one.disk_now is not None
        for line in rate_disk(one.instance, [one.disk_now], held, at)
    ]
    by_day = totals_by_day([*of_sessions, *of_disks], MIDNIGHTS)
    return [
        everything_in(total_of(of_sessions)),
        everything_in(total_of(of_disks)),
        {day: everything_in(totals) for day, totals in by_day.items()},
    ]


def told(usage: OpenUsage, at: datetime) -> list[object]:
    """Return the same as sum and slope tell it."""
    later = usage.seconds_to(at)
    by_day = usage.totals_by_day(MIDNIGHTS, at)
    return [
        everything_in(usage.of_sessions.after(later)),
        everything_in(usage.of_disks.after(later)),
        {day: everything_in(totals) for day, totals in by_day.items()},
    ]


def walk(account: Account, held: RatingTerms, instants: Iterable[datetime]) -> None:
    """Go through instants as reads do, and compare each."""
    kept: OpenUsage | None = None
    for at in instants:
        here = account.begun_by(at)
        is_same = kept is not None and (len(here.active), len(here.with_disk)) == (
            len(kept.sessions),
            len(kept.disks),
        )
        if kept is None or not is_same or not kept.holds_at(at):
            kept = open_usage(here.active, here.with_disk, held, at, known=kept)
        for one, other in zip(told(kept, at), expected(here, held, at), strict=True):
            assert one == other


@settings(max_examples=300)
@given(accounts(), all_terms(), moments)
def test_sum_and_slope_are_what_all_lines_come_to(
    account: Account, held: RatingTerms, instants: list[datetime]
) -> None:
    """At any instants in any order: minimums, steps, prices that change, fractions of seconds."""
    walk(account, held, instants)


@settings(max_examples=100)
@given(accounts(), all_terms(), st.builds(after, seconds), st.integers(1, 90))
def test_the_seconds_between_lie_on_the_slope(
    account: Account, held: RatingTerms, first: datetime, count: int
) -> None:
    """One after the other, as a screen asks."""
    walk(account, held, [first + number * SECOND for number in range(count)])


def test_a_slope_is_left_where_billing_moves() -> None:
    """A minimum ends at 60 s: before, nothing is added; after, all of it."""
    held = terms(actual=billing(60), comparison=billing(60))
    account = Account([state("i-1", session(run(after(0), None)))], [])
    usage = open_usage(account.active, (), held, after(10))

    assert usage.holds_at(after(59))
    assert not usage.holds_at(after(60))
    assert usage.of_sessions.after(49).actual.total() == Fraction(6, 100)


@pytest.mark.parametrize("mistake", ["holds on", "fractions too"])
def test_a_slope_that_is_not_left_is_found(mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The laws fail where a slope is followed too far, or inside a second."""
    if mistake == "holds on":
        monkeypatch.setattr(module.OpenUsage, "changes_at", None)
        account = Account([state("i-1", session(run(after(0), None)))], [])
        instants = [after(10), after(70)]
    else:
        monkeypatch.setattr(module, "_SECOND", timedelta(microseconds=1))
        account = Account([state("i-1", session(run(after(0), None)))], [])
        instants = [after(10), after(10, 400_000)]

    with pytest.raises(AssertionError):
        walk(account, terms(actual=billing(60)), instants)
