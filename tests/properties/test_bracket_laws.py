"""Laws of the bracket, over prices seen on generated days (R-BRACKET)."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import accumulate
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from dumont_economy.pricing.bracket import Contradiction, Sighting, dated
from dumont_economy.pricing.rate import Rate
from tests.builders import day, learn, price_on, seen

LAST_DAY = 60

prices = st.sampled_from(["1", "2", "3", "4"])
snapshots = st.builds(seen, st.integers(1, LAST_DAY - 20), prices)
announcements = st.builds(
    lambda number, price, ago: seen(number, price, since=number - ago),
    st.integers(1, LAST_DAY - 20),
    prices,
    st.integers(-5, 40),
)


@st.composite
def histories(draw: st.DrawFn) -> list[Sighting]:
    """Draw the snapshots of a price that changes and never returns, in the order of their days."""
    amounts = draw(st.lists(st.integers(1, 9), min_size=1, max_size=4, unique=True))
    per_price = [draw(st.lists(st.integers(1, 4), min_size=1, max_size=3)) for _ in amounts]
    days = accumulate(gap for gaps in per_price for gap in gaps)
    said = [str(amount) for amount, gaps in zip(amounts, per_price, strict=True) for _ in gaps]
    return [seen(number, amount) for number, amount in zip(days, said, strict=True)]


def learned(sightings: Sequence[Sighting]) -> tuple[list[Rate], list[Sighting]]:
    """Return the rates after all sightings, and those of them that contradict no earlier one."""
    known: list[Rate] = []
    accepted = []
    for sighting in sightings:
        if not isinstance(dated(known, sighting), Contradiction):
            known = learn(known, sighting)
            accepted.append(sighting)
    return known, accepted


def answers(known: Sequence[Rate]) -> list[str | None]:
    """Return the price in force on each day of the story."""
    return [price_on(known, number) for number in range(LAST_DAY)]


def lower_of_neighbours(sightings: Sequence[Sighting], number: int) -> str | None:
    """Return what R-BRACKET says, from all sightings at once."""
    past = [one for one in sightings if one.day <= day(number)]
    if not past:
        return None
    last = max(past, key=lambda one: one.day)
    if last.day == day(number):
        return f"{last.price:f}"
    future = [one for one in sightings if one.day > day(number)]
    following = min(future, key=lambda one: one.day, default=last)
    return f"{min(last.price, following.price):f}"


@given(histories(), st.randoms(use_true_random=False))
def test_the_order_in_which_snapshots_are_learned_changes_no_price(
    history: list[Sighting], random: Random
) -> None:
    """Importing an old file after a new one gives what importing them in order gives."""
    shuffled = random.sample(history, len(history))

    known, accepted = learned(shuffled)

    assert len(accepted) == len(history)
    assert answers(known) == answers(learned(history)[0])


@given(st.lists(snapshots, max_size=12))
def test_between_two_sightings_the_lower_price_holds(sightings: list[Sighting]) -> None:
    """On a day of a sighting its price holds, before the first none; doubt never flatters."""
    known, accepted = learned(sightings)

    expected = [lower_of_neighbours(accepted, number) for number in range(LAST_DAY)]

    assert answers(known) == expected


@given(st.lists(snapshots | announcements, max_size=12))
def test_what_was_just_learned_is_what_the_book_answers(sightings: list[Sighting]) -> None:
    """Whatever was known, an accepted price holds on its day, an announced one from its date.

    Only the announcement of a price that holds already says nothing: sources date rows anew.
    """
    known: list[Rate] = []
    for sighting in sightings:
        if isinstance(dated(known, sighting), Contradiction):
            continue
        known = learn(known, sighting)

        said = f"{sighting.price:f}"
        seen_on = (sighting.day - day(0)).days
        since = seen_on if sighting.since is None else (sighting.since.date() - day(0)).days
        is_held_already = any(price_on(known, one) == said for one in range(seen_on, since))
        assert is_held_already or price_on(known, max(seen_on, since)) == said


@given(st.lists(snapshots | announcements, max_size=12))
def test_a_sighting_learned_twice_says_nothing_new(sightings: list[Sighting]) -> None:
    """Repeating an import adds no rate."""
    known: list[Rate] = []
    for sighting in sightings:
        if not isinstance(dated(known, sighting), Contradiction):
            known = learn(known, sighting)

            assert dated(known, sighting) == []


@given(st.lists(snapshots | announcements, max_size=12))
def test_additions_never_compete_with_each_other(sightings: list[Sighting]) -> None:
    """All of one import become known at once: no two of them may begin at the same instant."""
    known: list[Rate] = []
    for sighting in sightings:
        additions = dated(known, sighting)
        if not isinstance(additions, Contradiction):
            starts = [one.effective_from for one in additions]

            assert len(starts) == len(set(starts))
            assert all(one.price > Decimal(0) for one in additions)

            known = learn(known, sighting)
