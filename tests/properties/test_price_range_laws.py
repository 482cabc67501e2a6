"""Laws of what an explanation says of prices that wait for a person."""

from datetime import date, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from dumont_economy.pricing.match_timeline import RequestedGpu, ask
from dumont_economy.pricing.policy import Policy
from dumont_economy.pricing.price_claim import FeedScope, PriceClaim
from dumont_economy.pricing.rate import PricingModel, SourceKind
from dumont_economy.pricing.sku import ComparisonProvider
from dumont_economy.services.claim_text import claim_text
from dumont_economy.services.explain_prices import Inquiry, beside_waiting, explain_match
from dumont_economy.storage.price_quarantine import NewQuarantine, QuarantinedPrice
from tests.builders import instant, matcher, rate, sku

MATCHER = matcher(
    [
        rate(sku("p5.48xlarge", "H100-80GB-SXM", "8"), "98.32", "2025-04-04"),
        rate(sku("p5.48xlarge", "H100-80GB-SXM", "8"), "55.04", "2025-04-30"),
    ]
)
QUESTION = ask(Policy(), ComparisonProvider.AWS)
EIGHT = RequestedGpu("H100 SXM", None, 8, "x86_64")
DAYS = [date(2025, month, day) for month in range(3, 9) for day in (1, 15, 29, 30)][2:]
amounts = st.decimals(
    min_value="0.000001", max_value="99999", places=6, allow_nan=False, allow_infinity=False
)
days = st.sampled_from(DAYS)
moments = days.map(lambda day: instant(day.isoformat()))


def waiting_price(price: Decimal, seen_on: date, since: datetime | None) -> QuarantinedPrice:
    """Return another price of p5.48xlarge that waits."""
    claim = PriceClaim(
        provider="aws",
        region="us-east-1",
        instance_type="p5.48xlarge",
        pricing_model=PricingModel.ON_DEMAND,
        price_per_instance_hour=price,
        currency="USD",
        effective_from=since,
        seen_on=seen_on,
        source_url=None,
        place="line 1",
    )
    return QuarantinedPrice(
        number=1,
        scope=FeedScope(SourceKind.OTHER, "a catalogue", "aws", None),
        since=instant("2025-09-01"),
        price=NewQuarantine(
            provider=claim.provider,
            region=claim.region,
            instance_type=claim.instance_type,
            pricing_model=claim.pricing_model,
            price_per_instance_hour=price,
            last_price=None,
            code="conflict",
            detail="",
            claim=claim_text(claim),
        ),
        payload_sha256="",
    )


waiting_prices = st.lists(st.builds(waiting_price, amounts, days, st.none() | moments), max_size=6)


@given(waiting_prices, moments)
def test_low_is_at_most_expected_and_expected_at_most_high(
    waiting: list[QuarantinedPrice], at: datetime
) -> None:
    """Equal where nobody disagrees; what waits never moves the price in force, or the match."""
    inquiry = Inquiry(EIGHT, QUESTION, at, instant("2025-09-02"))
    alone = explain_match(MATCHER, inquiry)

    found = beside_waiting(alone, waiting)

    assert found.match == alone.match
    assert found.candidates == alone.candidates
    if alone.price_range is None or found.price_range is None:
        assert at < instant("2025-04-04")
        assert found == alone
        return
    of_at = Decimal("98.32") if at < instant("2025-04-30") else Decimal("55.04")
    stated = [one.waiting.price.price_per_instance_hour for one in found.conflicts]
    assert found.price_range.expected == of_at
    assert found.price_range.low <= found.price_range.expected <= found.price_range.high
    assert {found.price_range.low, found.price_range.high} <= {of_at, *stated}
    assert found.conflicts or found.price_range.low == found.price_range.high
    assert {id(one.waiting) for one in found.conflicts} <= {id(one) for one in waiting}
