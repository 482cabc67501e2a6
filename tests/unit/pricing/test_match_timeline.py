"""Match timelines: what a GPU is compared with at each instant of time (R-MATCH)."""

from fractions import Fraction

from dumont_economy.pricing.dated_fact import ALWAYS
from dumont_economy.pricing.equivalence import Equivalent, Grade, Reach
from dumont_economy.pricing.match_timeline import (
    Matcher,
    MatchSegment,
    Unpriced,
    UnpricedReason,
    ask,
)
from dumont_economy.pricing.offer_end import OfferEnd
from dumont_economy.pricing.policy import Policy, RateCardName
from dumont_economy.pricing.price_book import PriceBook
from dumont_economy.pricing.reference_card import ReferenceCard
from dumont_economy.pricing.sku import ComparisonProvider
from tests.builders import gpus, instant, known_at, matcher, rate, shipped_matcher, sku

AWS = ComparisonProvider.AWS
QUESTION = ask(Policy(), AWS)


def prices(timeline: tuple[MatchSegment, ...]) -> list[tuple[str, Fraction | None]]:
    """Return since when which price holds."""
    return [
        (
            "always" if segment.since == ALWAYS else segment.since.date().isoformat(),
            segment.match.usd_per_hour if isinstance(segment.match, Equivalent) else None,
        )
        for segment in timeline
    ]


def test_eight_h100_on_aws_over_the_price_cut() -> None:
    """Unpriced before the first dated price, 98.32 until 29 April 2025, then 55.04."""
    timeline = shipped_matcher().timeline(gpus("H100-80GB-SXM", 8), QUESTION)

    assert prices(timeline) == [
        ("always", None),
        ("2025-04-04", Fraction("98.32")),
        ("2025-04-30", Fraction("55.04")),
    ]


def test_one_a100_on_aws_over_the_price_cut() -> None:
    """10 April 2025 is compared at 32.7726 / 8; March has no price and says so."""
    matching = shipped_matcher()

    april = matching.match_at(gpus("A100"), QUESTION, instant("2025-04-10"))
    march = matching.match_at(gpus("A100"), QUESTION, instant("2025-03-15"))

    assert isinstance(april, Equivalent)
    assert april.usd_per_hour == Fraction("32.7726") / 8
    assert isinstance(march, Unpriced)
    assert march.reason is UnpricedReason.NO_PRICE_AT_THAT_TIME
    assert "2025-04-04" in march.message
    assert march.parameters == {
        "provider": "AWS",
        "region": "us-east-1",
        "pricing_model": "on_demand",
        "first_on": "2025-04-04",
    }


def test_a_timeline_is_cut_where_a_better_candidate_appears() -> None:
    """A share of eight until one machine with exactly one GPU is sold."""
    timeline = matcher(
        [
            rate(sku("eight", "T4", "8"), "8", since="2025-01-01"),
            rate(sku("one", "T4"), "2", "2025-06-01"),
        ]
    ).timeline(gpus("T4"), QUESTION)

    assert prices(timeline) == [("always", None), ("2025-01-01", 1), ("2025-06-01", 2)]
    assert [s.match.grade for s in timeline if isinstance(s.match, Equivalent)] == ["B", "A"]


def test_a_timeline_is_not_cut_where_another_candidate_changes() -> None:
    """A price that is not the compared one cuts no line."""
    timeline = matcher(
        [
            rate(sku("one", "T4"), "2", "2025-01-01"),
            rate(sku("dear", "T4"), "5", "2025-03-01"),
            rate(sku("other", "H100-80GB-SXM"), "5", "2025-04-01"),
        ]
    ).timeline(gpus("T4"), QUESTION)

    assert prices(timeline) == [("always", None), ("2025-01-01", 2)]


def test_a_timeline_is_cut_where_an_offer_ends() -> None:
    """What is sold no more is compared no more; use before keeps its price."""
    ends = OfferEnd("aws", "one", None, instant("2025-06-01"), "retired")
    timeline = matcher([rate(sku("one", "T4"), "2", "2025-01-01")], [ends]).timeline(
        gpus("T4"), QUESTION
    )

    assert prices(timeline) == [("always", None), ("2025-01-01", 2), ("2025-06-01", None)]


def test_the_past_as_known_then_can_be_asked_again() -> None:
    """A correction that was learned later changes no answer with an older `as_of` (R-ASOF)."""
    one = sku("one", "T4")
    rates = (
        rate(one, "2", "2025-01-01", known_since="2025-01-05"),
        rate(one, "3", "2025-01-01", known_since="2025-06-01"),
    )

    before, after, unknown = (
        matcher(known_at(as_of, *rates)).timeline(gpus("T4"), QUESTION)
        for as_of in ("2025-05-31", "2025-06-01", "2025-01-01")
    )

    assert prices(before) == [("always", None), ("2025-01-01", 2)]
    assert prices(after) == [("always", None), ("2025-01-01", 3)]
    assert prices(unknown) == [("always", None)]


def test_a_region_without_prices_is_unpriced_for_all_time() -> None:
    """And nothing is borrowed from another region."""
    elsewhere = Policy(regions={AWS: "mars-north-1"})

    [segment] = shipped_matcher().timeline(gpus("T4"), ask(elsewhere, AWS))

    assert isinstance(segment.match, Unpriced)
    assert "mars-north-1" in segment.match.message


def test_the_reference_card_holds_for_all_time() -> None:
    """Its rows are per GPU and chip: one grade, no machine, no dates."""
    card = ReferenceCard("card", "2026-01", {AWS: {"A100": Fraction("32.77")}}, {"A100": "A100"})
    shipped = shipped_matcher()
    identify = shipped._identifier  # noqa: SLF001  The shipped one, as the matcher got it.
    matching = Matcher(PriceBook([], [], 1), shipped.models, identify, card, shipped.rules)
    question = ask(Policy(), AWS, rate_card=RateCardName.REFERENCE)

    [segment] = matching.timeline(gpus("A100-80GB", 2), question)
    [missing] = matching.timeline(gpus("T4"), question)

    assert isinstance(segment.match, Equivalent)
    assert (segment.match.grade, segment.match.reach) == (Grade.R, Reach.REFERENCE)
    assert segment.match.usd_per_hour == Fraction("65.54")
    assert isinstance(missing.match, Unpriced)
    assert missing.match.reason is UnpricedReason.NOT_ON_REFERENCE_CARD
