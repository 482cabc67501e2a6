"""Laws of the intake, over generated readings: nothing is invented, nothing happens by the way."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from dumont_economy.pricing.gpu_identity import shipped_identifier
from dumont_economy.pricing.gpu_model import shipped_gpu_models
from dumont_economy.pricing.price_book import PriceBook
from dumont_economy.pricing.price_claim import FeedReading, FeedScope, PriceClaim
from dumont_economy.pricing.price_fact import PriceFact
from dumont_economy.pricing.price_intake import judge
from dumont_economy.pricing.price_judgement import Judgement, Known, Outcome
from dumont_economy.pricing.rate import PricingModel, Rate, SourceKind
from dumont_economy.pricing.sku_catalogue import SkuCatalogue, shipped_skus
from tests.builders import claim, instant

# A reading is judged in milliseconds, where the laws of single prices take microseconds.
FEW = settings(max_examples=250)
FEED = FeedScope(SourceKind.PROVIDER_FEED, "AWS Price List", "aws", "us-east-1")
CATALOGUE = SkuCatalogue(shipped_skus(), shipped_gpu_models(), shipped_identifier())
TODAY = date(2026, 8, 20)
TYPES = ("g4dn.xlarge", "g4dn.12xlarge", "p5.48xlarge", "p4d.24xlarge", "p9.unknown")
SKUS = {sku.instance_type: sku for sku in shipped_skus() if sku.provider == "aws"}

prices = st.sampled_from(
    ["-1", "0", "0.5", "0.526", "1", "1.9", "4", "8", "55", "60", "440", "9e5"]
)
claims = st.builds(
    lambda kind, price, ago, since, currency: replace(
        claim(kind, f"{Decimal(price):f}", seen_on=(TODAY - timedelta(ago)).isoformat()),
        effective_from=None if since is None else instant((TODAY - timedelta(since)).isoformat()),
        currency=currency,
    ),
    st.sampled_from(TYPES),
    prices,
    st.sampled_from([0, 0, 0, 1, 40]),
    st.sampled_from([None, None, 0, 5, 20, 400, -30, -900]),
    st.sampled_from(["USD", "USD", "USD", "EUR"]),
)
readings = st.lists(claims, max_size=8)
known_rates = st.lists(
    st.builds(
        lambda kind, price, ago, source: Rate(
            sku=replace(SKUS[kind], region="us-east-1"),
            pricing_model=PricingModel.ON_DEMAND,
            usd_per_instance_hour=Decimal(price),
            effective_from=instant((TODAY - timedelta(ago + 30)).isoformat()),
            published_at=instant("2026-08-01"),
            source_kind=source,
            source="known",
            source_url=None,
            retrieved_at=TODAY - timedelta(ago),
            first_seen=TODAY - timedelta(ago + 30),
        ),
        st.sampled_from(TYPES[:4]),
        st.sampled_from(["0.5", "0.526", "1", "4", "55"]),
        st.sampled_from([1, 3, 30, 300]),
        st.sampled_from(SourceKind),
    ),
    max_size=4,
    unique_by=lambda rate: rate.sku.instance_type,
)


def judged(said: Sequence[PriceClaim], known: Sequence[Rate]) -> Judgement:
    """Return what a reading comes to."""
    reading = FeedReading(FEED, instant("2026-08-20 06:00"), "https://prices.example/", list(said))
    return judge(reading, Known(known, CATALOGUE))


def after(known: Sequence[Rate], facts: Sequence[PriceFact]) -> list[Rate]:
    """Return what is known once the facts are."""
    return [
        *known,
        *(
            Rate(
                sku=fact.sku,
                pricing_model=fact.pricing_model,
                usd_per_instance_hour=fact.usd_per_instance_hour,
                effective_from=fact.effective_from,
                published_at=instant("2026-08-20 07:00"),
                source_kind=fact.source_kind,
                source=fact.source,
                source_url=fact.source_url,
                retrieved_at=fact.retrieved_at,
                first_seen=fact.first_seen,
                previous_last_seen=fact.previous_last_seen,
            )
            for fact in facts
        ),
    ]


@FEW
@given(readings, known_rates)
def test_no_price_is_invented(said: list[PriceClaim], known: list[Rate]) -> None:
    """Every fact states a price that a claim, or a known rate, has for that very SKU."""
    judgement = judged(said, known)

    stated = {(one.instance_type, one.price_per_instance_hour) for one in said}
    stated |= {(one.sku.instance_type, one.usd_per_instance_hour) for one in known}
    for fact in judgement.facts:
        assert (fact.sku.instance_type, fact.usd_per_instance_hour) in stated
        assert fact.usd_per_instance_hour > 0


@FEW
@given(readings, known_rates)
def test_every_row_has_one_outcome(said: list[PriceClaim], known: list[Rate]) -> None:
    """Nothing is dropped silently."""
    judgement = judged(said, known)

    assert sum(judgement.counts.values()) + sum(judgement.skipped.values()) == len(said)
    assert judgement.counts[Outcome.REFUSED] == len(judgement.refused)
    assert judgement.counts[Outcome.WAITING] == len(judgement.doubted)


@FEW
@given(readings, known_rates)
def test_what_cannot_be_taken_by_itself_adds_nothing(
    said: list[PriceClaim], known: list[Rate]
) -> None:
    """A row alone is either taken, or leaves no trace in the prices."""
    for one in said:
        judgement = judged([one], known)

        taken = judgement.counts[Outcome.ADDED] + judgement.counts[Outcome.CONFIRMED]
        assert taken or judgement.facts == []


@FEW
@given(readings, known_rates, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing(
    said: list[PriceClaim], known: list[Rate], chance: Random
) -> None:
    """Pages come in any order."""
    shuffled = chance.sample(said, len(said))

    one, other = judged(said, known), judged(shuffled, known)

    assert set(one.facts) == set(other.facts)
    assert one.counts == other.counts


@FEW
@given(readings, known_rates)
def test_the_same_reading_again_changes_no_price(said: list[PriceClaim], known: list[Rate]) -> None:
    """A refresh that is repeated, on the same day, has nothing new to say."""
    first = judged(said, known)
    once = after(known, first.facts)

    again = judged(said, once)

    assert again.counts[Outcome.ADDED] == 0 or _has_announcement(said)
    twice = after(once, again.facts)
    assert _answers(once) == _answers(twice)


def _has_announcement(said: Sequence[PriceClaim]) -> bool:
    return any(
        one.effective_from is not None and one.effective_from.date() > one.seen_on for one in said
    )


def _answers(rates: Sequence[Rate]) -> list[Decimal | None]:
    book = PriceBook(rates, [], 1)
    answers = []
    for kind in TYPES:
        offer = book.offer("aws", "us-east-1", kind, PricingModel.ON_DEMAND)
        for ago in range(-60, 460, 7):
            at = instant((TODAY - timedelta(ago)).isoformat())
            rate = None if offer is None else offer.rate_at(at)
            answers.append(None if rate is None else rate.usd_per_instance_hour)
    return answers
