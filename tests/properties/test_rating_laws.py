"""Laws of rating, over generated usage and prices (RATING.md, section 1)."""

from datetime import datetime
from fractions import Fraction
from itertools import pairwise

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dumont_economy.ledger.line_item import Window
from dumont_economy.ledger.rating import rate_session
from dumont_economy.metering.gpu_session import GpuSession
from dumont_economy.metering.usage_event import UsageEvent
from dumont_economy.pricing.billing_rule import BillingRule, Rounding
from dumont_economy.savings.live_rate import live_rate
from dumont_economy.savings.totals import total_of
from tests.builders import after, billing, equivalent, matches, run, session, terms
from tests.properties.worlds import (
    STORY_SECONDS,
    Market,
    amounts,
    billing_rules,
    figures_of,
    instants,
    markets,
    posix,
    rated,
    reports_of,
    sessions_of,
    stories,
)
from tests.reference_model import figures

seconds = st.integers(0, 400)
microseconds = st.integers(0, 400_000_000)
# Pure arithmetic, of which so many examples cost little; mutants are held against as few as others.
FOR_MUTANTS = settings.get_current_profile_name() == "mutants"
TEN_THOUSAND = settings() if FOR_MUTANTS else settings(max_examples=10_000)
rules_of_any_size = st.builds(
    billing,
    st.integers(0, 4_000),
    st.integers(1, 4_000),
    st.sampled_from(["ceil", "floor"]),
)


@given(stories(), markets(), instants)
def test_the_product_and_the_model_agree(
    story: list[UsageEvent], market: Market, now: datetime
) -> None:
    """Replay, billed time, padding, price changes and unpriced time, to the last digit."""
    expected = figures(reports_of(story), market.world(), posix(now))

    assert figures_of(rated(story, market, now)) == expected


@given(stories(), markets(), instants, instants, instants)
def test_the_product_and_the_model_agree_inside_any_window(
    story: list[UsageEvent], market: Market, now: datetime, one: datetime, other: datetime
) -> None:
    """A window takes what is used in it, and the padding whose last used instant is in it."""
    begins, ends = min(one, other), max(one, other)
    expected = figures(reports_of(story), market.world(), posix(now), posix(begins), posix(ends))

    assert figures_of(rated(story, market, now), Window(begins, ends)) == expected


@given(stories(), st.data())
def test_arrival_order_and_duplicates_change_nothing(
    story: list[UsageEvent], data: st.DataObject
) -> None:
    """Sessions depend on the set of events alone (R-DEDUP, R-SET)."""
    again = data.draw(st.lists(st.sampled_from(story), max_size=4)) if story else []
    shuffled = data.draw(st.permutations(story + again))
    now = after(STORY_SECONDS)

    def by_start(events: list[UsageEvent]) -> list[GpuSession]:
        return sorted(sessions_of(events, now), key=lambda one: (one.instance, one.starts_at))

    assert by_start(shuffled) == by_start(story)


@given(stories(), markets(), instants)
def test_a_late_event_gives_the_totals_that_a_timely_one_would_have(
    story: list[UsageEvent], market: Market, now: datetime
) -> None:
    """What arrives in the reverse of its order ends in the same figures (R-SET)."""
    late = figures_of(rated(story[::-1], market, now))

    assert late == figures_of(rated(story, market, now))


@given(stories(), markets(), instants, instants)
def test_cutting_a_period_in_two_never_changes_its_cost(
    story: list[UsageEvent], market: Market, now: datetime, cut: datetime
) -> None:
    """Money and time are neither made nor lost where a period is cut."""
    lines = rated(story, market, now)

    head = figures_of(lines, Window(None, cut))
    tail = figures_of(lines, Window(cut, None))

    assert head.plus(tail) == figures_of(lines)


@given(stories(), markets(), instants, st.lists(instants, max_size=5))
def test_periods_tile(
    story: list[UsageEvent], market: Market, now: datetime, cuts: list[datetime]
) -> None:
    """Any number of touching periods add up to the whole, without gap or overlap."""
    lines = rated(story, market, now)
    borders = [None, *sorted(cuts), None]

    parts = [figures_of(lines, Window(begins, ends)) for begins, ends in pairwise(borders)]

    total = parts[0]
    for part in parts[1:]:
        total = total.plus(part)
    assert total == figures_of(lines)


@given(stories(), markets(), instants)
def test_lines_of_a_run_follow_each_other(
    story: list[UsageEvent], market: Market, now: datetime
) -> None:
    """From the run's start to its end, each line begins where the one before it ends."""
    for one in sessions_of(story, now):
        lines = rate_session(one, market.terms(), now)
        used = [held for held in one.runs if held.starts_at < (held.ends_at or now)]
        starts = {held.starts_at for held in used}

        assert [line.starts_at for line in lines if line.starts_at in starts] == sorted(starts)
        assert all(line.starts_at < line.ends_at for line in lines)
        for earlier, later in pairwise(lines):
            assert later.starts_at == earlier.ends_at


@given(stories(), markets(), instants)
def test_saving_plus_comparable_cost_is_the_counterfactual(
    story: list[UsageEvent], market: Market, now: datetime
) -> None:
    """Whatever its sign; and what is comparable is a part of what was paid (R-SIGN)."""
    totals = total_of(rated(story, market, now))

    assert totals.saving + totals.comparable.total() == totals.counterfactual.total()
    assert 0 <= totals.comparable.total() <= totals.actual.total()
    assert 0 <= totals.gpu_priced <= totals.gpu_used
    assert sum(totals.gpu_by_grade.values()) == totals.gpu_used


@given(billing_rules, billing_rules, amounts, amounts, microseconds)
def test_swapping_the_two_costs_flips_the_sign_of_the_saving(
    one: BillingRule, other: BillingRule, mine: str, theirs: str, used: int
) -> None:
    """Neither side is favoured: what saves here is lost there, to the last digit (R-SIGN)."""
    times = (after(0), after(0, used))
    here = terms(matches(equivalent(theirs)), actual=one, comparison=other)
    there = terms(matches(equivalent(mine)), actual=other, comparison=one)

    saved = total_of(rate_session(session(run(*times, rate=mine)), here, times[1]))
    lost = total_of(rate_session(session(run(*times, rate=theirs)), there, times[1]))

    assert saved.saving == -lost.saving
    assert saved.comparable.total() == lost.counterfactual.total()


@given(billing_rules, billing_rules, microseconds, microseconds)
def test_costs_never_fall_while_a_run_is_open(
    actual: BillingRule, comparison: BillingRule, earlier: int, longer: int
) -> None:
    """An open run is rated as if it ended now, at whatever rounding (R-OPEN)."""
    held = terms(actual=actual, comparison=comparison)
    open_session = session(run(after(0), None))

    before = total_of(rate_session(open_session, held, after(0, earlier)))
    later = total_of(rate_session(open_session, held, after(0, earlier + longer)))

    assert later.actual.total() >= before.actual.total()
    assert later.counterfactual.total() >= before.counterfactual.total()


@TEN_THOUSAND
@given(rules_of_any_size, microseconds)
def test_rounding_up_never_bills_less_than_was_used(rule: BillingRule, used: int) -> None:
    """Rounding down never more, but for the minimum; and nothing for nothing (R-BILLED)."""
    billed = rule.billed_microseconds(used)
    minimum = rule.min_seconds * 1_000_000

    assert (billed == 0) if used == 0 else (billed >= minimum)
    if rule.rounding is Rounding.CEIL:
        assert billed >= used
    else:
        assert billed <= max(used, minimum)


@TEN_THOUSAND
@given(rules_of_any_size, microseconds, microseconds)
def test_more_use_is_never_billed_less(rule: BillingRule, used: int, more: int) -> None:
    """Billed time is monotone in used time."""
    assert rule.billed_microseconds(used + more) >= rule.billed_microseconds(used)


@TEN_THOUSAND
@given(
    rules_of_any_size,
    st.integers(1, 400_000_000),
    st.lists(microseconds, max_size=3),
    st.lists(microseconds, max_size=3),
)
def test_a_minimum_is_due_once_a_run(
    rule: BillingRule, used: int, repriced: list[int], midnights: list[int]
) -> None:
    """However often the price changes in it, and over however many days it goes (R-BILLED)."""
    ends_at = after(0, used)
    changes = [(after(0, at), "7.2") for at in sorted(repriced) if 0 < at < used]
    borders = [None, *(after(0, at) for at in sorted(midnights)), None]

    lines = rate_session(session(run(after(0), ends_at, *changes)), terms(actual=rule), ends_at)

    billed = sum(
        line.billed_microseconds(line.actual, Window(begins, ends))
        for begins, ends in pairwise(borders)
        for line in lines
    )
    assert billed == rule.billed_microseconds(used)


@given(billing_rules, billing_rules, seconds, st.integers(0, 120), st.integers(1, 400))
def test_the_saving_moves_by_exactly_its_slope_until_it_is_said_to_change(
    actual: BillingRule, comparison: BillingRule, used: int, ahead: int, cut: int
) -> None:
    """What a screen has ticked to is what the next answer says, at every whole second."""
    assume(cut != used)  # At the cut itself, padding is still booked at the price before it.
    prices = matches(equivalent("7.2"), (after(cut), equivalent("1.8")))
    held = terms(prices, actual=actual, comparison=comparison)
    open_session = session(run(after(0), None))
    live = live_rate(open_session, held, after(used))
    if live.changes_at is not None and after(used + ahead) >= live.changes_at:
        ahead = max(0, int((live.changes_at - after(used)).total_seconds()) - 1)

    now = total_of(rate_session(open_session, held, after(used)))
    later = total_of(rate_session(open_session, held, after(used + ahead)))

    assert later.saving == now.saving + ahead * live.saving_per_second
    assert later.actual.total() == now.actual.total() + ahead * live.actual_per_second


@given(stories(), markets(), instants)
def test_without_prices_nothing_is_compared_and_the_own_cost_stays(
    story: list[UsageEvent], market: Market, now: datetime
) -> None:
    """Removing every price makes a figure partial, and never invents one (R-UNPRICED)."""
    bare = Market(market.rules, {})

    priced, left = figures_of(rated(story, market, now)), figures_of(rated(story, bare, now))

    assert (left.used, left.actual) == (priced.used, priced.actual)
    assert left.unpriced == left.used
    assert (left.comparable, left.comparison) == (Fraction(0), Fraction(0))


@given(stories(), markets(), instants, st.sampled_from(["alpha", "beta"]))
def test_removing_one_price_takes_its_use_out_of_both_sides(
    story: list[UsageEvent], market: Market, now: datetime, gone: str
) -> None:
    """What is left is what the other GPUs come to; nothing else moves."""
    without = Market(market.rules, {**market.prices, gone: []})

    lines = rated(story, market, now)
    others = figures_of([line for line in lines if line.shape.gpu != gone])
    left = figures_of(rated(story, without, now))

    assert left.actual == figures_of(lines).actual
    assert (left.comparable, left.comparison) == (others.comparable, others.comparison)
