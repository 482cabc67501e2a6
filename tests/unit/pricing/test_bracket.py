"""The bracket, by example: what a sighting does to prices that are known already."""

from dumont_economy.pricing.bracket import Contradiction, dated
from dumont_economy.pricing.rate import Rate
from tests.builders import day, learn, price_on, seen


def known_after(*sightings: tuple[int, str] | tuple[int, str, int]) -> list[Rate]:
    """Return the rates in force once prices were seen: day, price, and day from which it holds."""
    known: list[Rate] = []
    for number, price, *since in sightings:
        known = learn(known, seen(number, price, since=since[0] if since else None))
    return known


def prices(known: list[Rate]) -> list[str | None]:
    """Return the price of each day from the first to the fifth."""
    return [price_on(known, number) for number in range(1, 6)]


def test_a_correction_moves_the_price_that_followed() -> None:
    """Before the correction the later price was the lower one, afterwards it is the higher one."""
    fall = known_after((1, "3"), (3, "2"))
    corrected = learn(fall, seen(1, "1", since=1))

    assert prices(fall) == ["3", "2", "2", "2", "2"]
    assert prices(corrected) == ["1", "1", "2", "2", "2"]


def test_a_rate_that_takes_the_place_of_another_is_no_sighting() -> None:
    """On the second day nobody saw anything: its rate says when its price was seen, before that."""
    corrected = known_after((1, "3"), (3, "2"), (1, "1", 1))

    assert [(one.first_seen, one.previous_last_seen) for one in corrected] == [
        (None, None),
        (day(1), None),
        (day(3), day(1)),
    ]


def test_a_narrowed_bracket_is_stated_where_the_price_holds() -> None:
    """The old start of a price that now begins later says nothing of its bracket."""
    corrected = known_after((4, "2"), (2, "3", -6), (2, "1", -23))

    assert prices(corrected) == ["1", "1", "1", "2", "2"]
    assert corrected[-1].previous_last_seen == day(2)


def test_an_announcement_counts_for_less_than_what_was_seen_later() -> None:
    """An old edition announced a price for a day on which another one was seen."""
    known = known_after((3, "3", -24))

    said = dated(known, seen(1, "1", since=2))

    assert said == Contradiction(known[0].usd_per_instance_hour, day(-24), day(3))
    assert isinstance(dated(known, seen(4, "1", since=5)), list)


def test_a_newer_announcement_replaces_an_older_one() -> None:
    """The provider thought better of it."""
    known = known_after((1, "3"), (1, "5", 4), (2, "4", 4))

    assert prices(known) == ["3", "3", "3", "4", "4"]


def test_an_announcement_of_the_present_price_leaves_its_end_open() -> None:
    """Sources date rows anew; between two sightings the lower price still holds."""
    known = known_after((1, "2"), (4, "1"), (1, "2", 2))

    assert prices(known) == ["2", "1", "1", "1", "1"]
    assert (known[-1].first_seen, known[-1].previous_last_seen) == (day(4), day(1))
