"""The price book: which rate holds for a SKU, at an instant, as known at another (R-PRICE)."""

from dataclasses import replace
from itertools import permutations

import pytest

from dumont_economy.errors import PriceNotFoundError, UnknownProviderError
from dumont_economy.pricing.price_book import PriceBook
from dumont_economy.pricing.rate import PricingModel, Rate, SourceKind
from dumont_economy.pricing.sku import ComparisonProvider, parse_provider
from tests.builders import instant, known_at, rate, sku

T4 = sku("g4dn.xlarge", "T4")
LATE = "2026-01-01"


def in_force(*rates: Rate, at: str = LATE, as_of: str = LATE) -> str:
    """Return the price in force, the same for every order of the rows."""
    answers = {
        str(
            PriceBook(known_at(as_of, *order), [], 1)
            .rate_at("aws", "us-east-1", "g4dn.xlarge", PricingModel.ON_DEMAND, instant(at))
            .usd_per_instance_hour
        )
        for order in permutations(rates)
    }
    assert len(answers) == 1
    return answers.pop()


def test_the_latest_rate_in_effect_holds() -> None:
    """From its first instant on; nothing is overwritten."""
    old, new = rate(T4, "2", "2025-01-01"), rate(T4, "3", "2025-06-01")

    assert in_force(old, new, at="2025-05-31 23:59:59") == "2"
    assert in_force(old, new, at="2025-06-01") == "3"


def test_of_one_date_the_latest_learned_holds() -> None:
    """A correction; until it was known, the old one held."""
    wrong = rate(T4, "2", "2025-01-01", known_since="2025-01-01")
    right = rate(T4, "3", "2025-01-01", known_since="2025-06-01")

    assert in_force(wrong, right) == "3"
    assert in_force(wrong, right, as_of="2025-05-31") == "2"


def test_a_later_date_of_effect_goes_before_a_later_date_of_knowledge() -> None:
    """A correction of the past does not undo a price that came after it."""
    correction = rate(T4, "2", "2025-01-01", known_since="2025-12-01")
    newer = rate(T4, "3", "2025-06-01", known_since="2025-06-01")

    assert in_force(correction, newer) == "3"


def test_at_equal_dates_the_source_decides() -> None:
    """The provider's feed, the operator's file, the shipped book, then others by name."""
    sources = [
        rate(T4, "1", source_kind=SourceKind.PROVIDER_FEED),
        rate(T4, "2", source_kind=SourceKind.OPERATOR_FILE),
        rate(T4, "3", source_kind=SourceKind.SHIPPED_BOOK),
        rate(T4, "4", source_kind=SourceKind.OTHER, source="a"),
        rate(T4, "5", source_kind=SourceKind.OTHER, source="b"),
    ]

    assert [in_force(*sources[first:]) for first in range(5)] == ["1", "2", "3", "4", "5"]


def test_without_a_rate_there_is_no_price() -> None:
    """Missing is not zero: neither before the first date nor for another SKU."""
    book = PriceBook([rate(T4, "2", "2025-01-01")], [], 1)
    late, model = instant(LATE), PricingModel.ON_DEMAND

    with pytest.raises(PriceNotFoundError):
        book.rate_at("aws", "us-east-1", "g4dn.xlarge", model, instant("2024-12-31"))
    with pytest.raises(PriceNotFoundError):
        book.rate_at("aws", "us-east-1", "g4dn.2xlarge", model, late)
    with pytest.raises(PriceNotFoundError):
        book.rate_at("aws", "us-east-1", "g4dn.xlarge", PricingModel.SPOT, late)


@pytest.mark.parametrize(
    "at", ["2024-12-31 23:59:59", "2025-01-01", "2025-05-31 23:59:59", "2025-06-01", LATE]
)
def test_a_look_up_and_the_offer_agree(at: str) -> None:
    """One SKU asked for by name, and the same one found in its region."""
    rates = [rate(T4, "2", "2025-01-01"), rate(T4, "3", "2025-06-01"), rate(T4, "4", "2025-09-01")]
    asked = ("aws", "us-east-1", "g4dn.xlarge", PricingModel.ON_DEMAND)
    book = PriceBook(rates, [], 1)
    offer = book.offer(*asked)
    assert offer is not None

    in_offer = offer.rate_at(instant(at))

    if in_offer is None:
        with pytest.raises(PriceNotFoundError):
            book.rate_at(*asked, instant(at))
    else:
        assert book.rate_at(*asked, instant(at)) is in_offer


def test_a_region_is_known_by_its_rates() -> None:
    """Of that provider, under any pricing model, each once."""
    elsewhere = replace(rate(replace(T4, region="eu-west-1"), "3"), pricing_model=PricingModel.SPOT)
    google = rate(replace(T4, provider="gcp", region="us-central1"), "2")
    book = PriceBook([rate(T4, "2"), rate(T4, "3", "2025-06-01"), elsewhere, google], [], 1)

    assert book.regions("aws") == ["eu-west-1", "us-east-1"]
    assert book.regions("azure") == []


@pytest.mark.parametrize("text", ["AWS", "aws", "Aws", "aWs"])
def test_a_provider_is_known_in_any_case(text: str) -> None:
    """`Azure`, `AZURE` and `azure` are one."""
    assert parse_provider(text) is ComparisonProvider.AWS


@pytest.mark.parametrize("text", ["", "Oracle", "aws ", "AW\u017f", "all", "AWS,GCP"])
def test_another_provider_is_refused(text: str) -> None:
    """No near match, no folded letters from elsewhere."""
    with pytest.raises(UnknownProviderError, match="Use AWS, GCP or Azure"):
        parse_provider(text)
