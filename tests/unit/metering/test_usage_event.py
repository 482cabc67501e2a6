"""Voids: an event is taken back by another one, which can be taken back itself (R-VOID)."""

from itertools import permutations

from dumont_economy.metering.usage_event import UsageEvent, without_voided
from tests.builders import event


def ids_left(*events: UsageEvent) -> set[str]:
    """Return the ids that remain, and check that no order of arrival changes them."""
    answers = {
        frozenset(kept.id for kept in without_voided(ordered)) for ordered in permutations(events)
    }
    assert len(answers) == 1
    return set(answers.pop())


def void(name: str, of: str, source: str = "push") -> UsageEvent:
    """Return a void."""
    return event("void", id=name, void_of=of, source=source)


def test_a_void_removes_the_event_that_it_names() -> None:
    """The others stay, and the void itself is no usage."""
    assert ids_left(event("start", id="a"), event("stop", id="b"), void("v", "b")) == {"a"}


def test_a_void_names_an_event_of_its_own_source_only() -> None:
    """Ids of two reporters may be equal without meaning the same."""
    mine, theirs = event("start", id="a"), event("stop", id="a", source="poller")

    left = without_voided([mine, theirs, void("v", "a", source="poller")])

    assert left == [mine]


def test_a_void_of_an_unknown_event_does_nothing_yet() -> None:
    """What it names may arrive later, and is void then."""
    assert ids_left(event("start", id="a"), void("v", "later")) == {"a"}


def test_voiding_a_void_brings_the_event_back() -> None:
    """A mistaken correction is corrected in the same way."""
    assert ids_left(event("start", id="a"), void("v", "a"), void("w", "v")) == {"a"}


def test_a_chain_of_voids_takes_turns() -> None:
    """The third one voids the second, so the first is in force again."""
    assert ids_left(event("start", id="a"), void("v", "a"), void("w", "v"), void("x", "w")) == set()


def test_two_voids_of_one_event_are_as_good_as_one() -> None:
    """And both have to be taken back for the event to return."""
    stop, first, second = event("stop", id="a"), void("v", "a"), void("w", "a")

    assert ids_left(stop, first, second) == set()
    assert ids_left(stop, first, second, void("x", "v")) == set()
    assert ids_left(stop, first, second, void("x", "v"), void("y", "w")) == {"a"}


def test_voids_that_name_each_other_in_a_ring_are_not_in_force() -> None:
    """Neither can come first, so neither does anything."""
    assert ids_left(event("start", id="a"), void("v", "w"), void("w", "v")) == {"a"}
    assert ids_left(event("start", id="a"), void("v", "v")) == {"a"}
