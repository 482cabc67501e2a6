"""Questions on the price book that the database answers, on either kind of it."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from dumont_economy.errors import UnknownProviderError
from dumont_economy.pricing.match_timeline import RequestedGpu, Unpriced, ask
from dumont_economy.pricing.policy import BASELINE_REGIONS, Policy
from dumont_economy.pricing.price_claim import FeedScope, PriceClaim
from dumont_economy.pricing.price_fact import PriceFact
from dumont_economy.pricing.rate import PricingModel, Rate, SourceKind
from dumont_economy.pricing.sku import ComparisonProvider, Sku
from dumont_economy.services.claim_text import claim_text
from dumont_economy.services.explain_prices import Explanation, Inquiry, explain_prices
from dumont_economy.services.look_up_rates import provider_named, rates_on_offer
from dumont_economy.services.read_price_history import read_price_history
from dumont_economy.storage import price_imports, price_quarantine, prices
from dumont_economy.storage.database import Database
from dumont_economy.storage.price_imports import ImportCounts, ImportOutcome, ImportRecord
from dumont_economy.storage.price_quarantine import Decision, NewQuarantine

NOON = datetime(2026, 8, 3, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MODEL = PricingModel.ON_DEMAND


def fact(provider: str, region: str, instance_type: str, price: str = "0.5") -> PriceFact:
    """Return what one T4 has cost since the first of July."""
    return PriceFact(
        sku=Sku(provider, region, instance_type, "T4", Fraction(1), "x86_64"),
        pricing_model=MODEL,
        usd_per_instance_hour=Decimal(price),
        effective_from=datetime(2026, 7, 1, tzinfo=UTC),
        source_kind=SourceKind.OTHER,
        source="a file",
        source_url=None,
        retrieved_at=date(2026, 8, 1),
        first_seen=None,
        previous_last_seen=None,
    )


def learn(database: Database, *facts: PriceFact, at: datetime = NOON) -> None:
    """Learn prices at an instant."""
    with database.write() as connection:
        prices.append_prices(connection, facts, published_at=at, payload_sha256="0" * 64)


def doubt(database: Database, price: str, at: datetime) -> int:
    """Let another price of `g4dn.xlarge` wait from an instant on; return its number."""
    claim = PriceClaim(
        provider="aws",
        region="us-east-1",
        instance_type="g4dn.xlarge",
        pricing_model=MODEL,
        price_per_instance_hour=Decimal(price),
        currency="USD",
        effective_from=None,
        seen_on=date(2026, 8, 2),
        source_url=None,
        place="line 1",
    )
    record = ImportRecord(
        scope=FeedScope(SourceKind.OTHER, "another file", "aws", None),
        url="another",
        retrieved_at=at,
        outcome=ImportOutcome.TAKEN,
        code="",
        detail="",
        counts=ImportCounts(quarantined=1),
        payload_sha256=None,
    )
    waiting = NewQuarantine(
        provider=claim.provider,
        region=claim.region,
        instance_type=claim.instance_type,
        pricing_model=claim.pricing_model,
        price_per_instance_hour=claim.price_per_instance_hour,
        last_price=None,
        code="conflict",
        detail="",
        claim=claim_text(claim),
    )
    with database.write() as connection:
        number = price_imports.add_import(connection, record, published_at=at)
        price_quarantine.add_quarantine(connection, number, [waiting])
        return max(one.number for one in price_quarantine.waiting_prices(connection))


def explained(database: Database, as_of: datetime) -> Explanation:
    """Return what a T4 is compared with at AWS, as it was known at an instant."""
    question = ask(Policy(), ComparisonProvider.AWS)
    return explain_prices(
        database, Inquiry(RequestedGpu("T4", None, 1, "x86_64"), question, NOON, as_of)
    )


def listed(database: Database, **asked: str | None) -> list[tuple[str, str, str]]:
    """Return provider, region and type of each rate on offer at noon, as known then."""
    found: list[Rate] = rates_on_offer(
        database,
        provider=asked.get("provider"),
        region=asked.get("region"),
        regions=BASELINE_REGIONS,
        pricing_model=MODEL,
        at=NOON,
        as_of=NOON,
        gpu_model=asked.get("gpu_model"),
    )
    return [(one.sku.provider, one.sku.region, one.sku.instance_type) for one in found]


def test_other_providers_are_listed_everywhere_and_the_three_in_their_regions(
    database: Database,
) -> None:
    """Unless a region is named; in order of provider, region, GPU and type."""
    learn(
        database,
        fact("rental", "eu", "b"),
        fact("rental", "eu", "a"),
        fact("rental", "asia", "a"),
        fact("aws", "us-east-1", "g4dn.xlarge"),
        fact("aws", "eu", "g4dn.xlarge"),
    )

    aws = ("aws", "us-east-1", "g4dn.xlarge")
    rental = [("rental", "asia", "a"), ("rental", "eu", "a"), ("rental", "eu", "b")]
    assert listed(database) == [aws, *rental]
    assert listed(database, provider="rental") == rental
    assert listed(database, region="eu") == [("aws", "eu", "g4dn.xlarge"), *rental[1:]]
    assert listed(database, gpu_model="L4") == []


def test_a_provider_is_known_once_it_has_a_price(database: Database) -> None:
    """The three always are; the refusal names them all."""
    assert provider_named(database, "AzUrE") == "azure"
    with pytest.raises(UnknownProviderError, match=r"Use AWS, Azure or GCP\.$"):
        provider_named(database, "rental")

    learn(database, fact("rental", "eu", "a"))

    assert provider_named(database, "RENTAL") == "rental"
    with pytest.raises(UnknownProviderError, match=r"Use AWS, Azure, GCP or rental\.$"):
        provider_named(database, "oracle")


def test_the_past_of_a_sku_is_what_was_known_of_it(database: Database) -> None:
    """A statement that corrects another stands beside it, and takes its place in the timeline."""
    learn(database, fact("rental", "eu", "a", "0.5"))
    learn(database, fact("rental", "eu", "a", "0.6"), at=NOON + HOUR)

    def past(as_of: datetime) -> tuple[list[Decimal], list[Decimal]]:
        found = read_price_history(
            database,
            "a",
            provider=None,
            region=None,
            regions=BASELINE_REGIONS,
            pricing_model=MODEL,
            as_of=as_of,
        )
        return (
            [held.rate.usd_per_instance_hour for held in found.timeline],
            [rate.usd_per_instance_hour for rate in found.statements],
        )

    first, second = Decimal("0.5"), Decimal("0.6")
    assert past(NOON) == ([first], [first])
    assert past(NOON + HOUR) == ([second], [first, second])


def test_an_explanation_shows_what_waited_at_its_instant(database: Database) -> None:
    """From the import on, up to the decision; the price in force is the same throughout."""
    learn(database, fact("aws", "us-east-1", "g4dn.xlarge"))
    number = doubt(database, "0.9", NOON + HOUR)
    with database.write() as connection:
        price_quarantine.decide(
            connection,
            number,
            Decision.REJECTED,
            actor="somebody",
            reason="an old page",
            now=NOON + 2 * HOUR,
        )

    shown = {hours: explained(database, NOON + hours * HOUR) for hours in range(3)}

    assert [len(shown[hours].conflicts) for hours in range(3)] == [0, 1, 0]
    assert {one.match for one in shown.values()} == {shown[0].match}
    assert shown[1].price_range is not None
    assert shown[1].price_range.expected == Decimal("0.5")
    assert shown[1].price_range.high == Decimal("0.9")


def test_without_a_rate_a_waiting_price_is_none(database: Database) -> None:
    """What nobody has accepted prices nothing."""
    doubt(database, "0.9", NOON)

    found = explained(database, NOON)

    assert isinstance(found.match, Unpriced)
    assert found.conflicts == []
    assert found.price_range is None
