"""Laws of learning, over days of readings of two sources with a person between them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from dumont_economy.pricing.gpu_identity import shipped_identifier
from dumont_economy.pricing.gpu_model import shipped_gpu_models
from dumont_economy.pricing.price_book import PriceBook
from dumont_economy.pricing.price_claim import FeedReading, FeedScope, PriceClaim, StatedKey
from dumont_economy.pricing.price_fact import PriceFact
from dumont_economy.pricing.price_intake import judge
from dumont_economy.pricing.price_judgement import Judgement, Known, OpenDoubt
from dumont_economy.pricing.rate import PricingModel, Rate, SourceKind
from dumont_economy.pricing.sku_catalogue import SkuCatalogue, shipped_skus
from tests.builders import claim

CATALOGUE = SkuCatalogue(shipped_skus(), shipped_gpu_models(), shipped_identifier())
OWN = FeedScope(SourceKind.PROVIDER_FEED, "AWS Price List", "aws", "us-east-1")
LESSER = FeedScope(SourceKind.OTHER, "gpuhunt catalogue", "aws", None)
FIRST_DAY = date(2026, 8, 1)
TYPE = "p5.48xlarge"
KEY = StatedKey("us-east-1", TYPE, PricingModel.ON_DEMAND)


@dataclass(frozen=True)
class Step:
    """A day on which a source is read, some days after the step before; what a person then does."""

    after: int
    is_own: bool
    price: str
    since: int | None
    announces: tuple[int, str] | None
    rejects: bool


steps = st.lists(
    st.builds(
        Step,
        st.sampled_from([0, 1, 1, 1, 3, 9]),
        st.booleans(),
        st.sampled_from(["6.88", "40", "55", "55.5", "80", "120", "240"]),
        st.sampled_from([None, 0, 2, 20, 400]),
        st.sampled_from([None, None, (3, "60"), (5, "110")]),
        st.booleans(),
    ),
    max_size=9,
)


@dataclass
class World:
    """An installation that learns one SKU's price."""

    rates: list[Rate] = field(default_factory=list)
    doubts: list[OpenDoubt] = field(default_factory=list)
    stated: set[Decimal] = field(default_factory=set)

    def read(self, step: Step, day: date) -> Judgement:
        """Read a source on a day, and learn what it says."""
        scope = OWN if step.is_own else LESSER
        since = None if step.since is None else day - timedelta(step.since)
        said = [_said(step.price, day, since)]
        if step.announces is not None:
            ahead, price = step.announces
            said.append(_said(price, day, day + timedelta(ahead)))
        now = datetime.combine(day, time(6), UTC)
        judgement = judge(
            FeedReading(scope, now, "https://prices.example/", said),
            Known(self.rates, CATALOGUE, doubts=self.doubts),
        )
        self.rates += [_rate(fact, now, len(self.rates)) for fact in judgement.facts]
        settled = {*judgement.released, *judgement.superseded}
        self.doubts = [one for one in self.doubts if one.number not in settled]
        self.doubts += [
            OpenDoubt(
                number=len(self.doubts) + 1_000 * len(self.rates) + place,
                source_kind=scope.source_kind,
                source=scope.source,
                provider="aws",
                key=KEY,
                price=one.claim.price_per_instance_hour,
                seen_on=day,
                was_of_the_present=True,
                is_rejected=step.rejects,
            )
            for place, one in enumerate(judgement.doubted)
        ]
        self.stated |= {one.price_per_instance_hour for one in said}
        return judgement

    def price(self, day: date) -> Decimal | None:
        """Return the price in force on a day."""
        offer = PriceBook(self.rates, [], 1).offer("aws", KEY.region, TYPE, KEY.pricing_model)
        found = None if offer is None else offer.rate_at(datetime.combine(day, time.max, UTC))
        return None if found is None else found.usd_per_instance_hour


def _said(price: str, day: date, since: date | None) -> PriceClaim:
    return claim(
        TYPE,
        price,
        seen_on=day.isoformat(),
        since=None if since is None else since.isoformat(),
    )


def _rate(fact: PriceFact, now: datetime, number: int) -> Rate:
    return Rate(
        sku=fact.sku,
        pricing_model=fact.pricing_model,
        usd_per_instance_hour=fact.usd_per_instance_hour,
        effective_from=fact.effective_from,
        published_at=now + timedelta(microseconds=number),
        source_kind=fact.source_kind,
        source=fact.source,
        source_url=fact.source_url,
        retrieved_at=fact.retrieved_at,
        first_seen=fact.first_seen,
        previous_last_seen=fact.previous_last_seen,
    )


def story(said: Sequence[Step]) -> list[tuple[Step, date]]:
    """Return the steps with the days on which they happen."""
    days = [FIRST_DAY]
    for step in said:
        days.append(days[-1] + timedelta(step.after))
    return list(zip(said, days[1:], strict=True))


@settings(max_examples=80)
@given(steps)
def test_a_reading_moves_no_price_by_more_than_the_guard_allows(said: list[Step]) -> None:
    """Of the present, between the moment before a reading and the moment after it."""
    world = World()
    for step, day in story(said):
        before = world.price(day)

        judgement = world.read(step, day)

        after = world.price(day)
        if before is not None and not judgement.released:
            assert after is not None
            assert Decimal("0.5") <= after / before <= 2


@settings(max_examples=80)
@given(steps)
def test_only_what_was_stated_is_ever_in_force(said: list[Step]) -> None:
    """On no day, past or to come."""
    world = World()
    for step, day in story(said):
        world.read(step, day)

        found = {world.price(FIRST_DAY + timedelta(number)) for number in range(-5, 60)}
        assert found - {None} <= world.stated


@settings(max_examples=80)
@given(steps)
def test_a_price_that_a_person_rejected_does_not_come_back(said: list[Step]) -> None:
    """Rejected of the provider's own feed, it is not learned of any source."""
    world, rejected = World(), set[Decimal]()
    for step, day in story(said):
        before = world.price(day)

        world.read(step, day)

        after = world.price(day)
        assert after == before or after not in rejected
        rejected |= {
            one.price
            for one in world.doubts
            if one.is_rejected and one.source_kind is SourceKind.PROVIDER_FEED
        }


@settings(max_examples=80)
@given(steps)
def test_what_the_provider_says_undoubted_is_its_price(said: list[Step]) -> None:
    """When its own feed is taken, the figure is what the feed says: the day after at the latest."""
    world = World()
    for step, day in story(said):
        judgement = world.read(replace(step, is_own=True, announces=None), day)

        if not judgement.doubted and not judgement.refused and sum(judgement.counts.values()) == 1:
            waits = any(one.price == Decimal(step.price) for one in world.doubts)
            assert waits or world.price(day + timedelta(1)) == Decimal(step.price)
