"""The fakes tell the stories that tests of the whole refresh are made of."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from dumont_economy.errors import FeedError
from dumont_economy.feeds import aws, azure, gpuhunt
from dumont_economy.feeds.limits import FetchLimits
from tests.fakes.provider_feeds import FakeFeeds
from tests.integration.feeds.harness import fetcher_of

LIMITS = FetchLimits()


@pytest.fixture
def fake() -> Iterator[FakeFeeds]:
    """Publish ten prices on each side."""
    with FakeFeeds() as fake:
        fake.aws.plant({f"g{n}.xlarge": f"{n}.5" for n in range(1, 11)})
        fake.azure.plant({f"Standard_NC{n}ads_A100_v4": f"{n}.25" for n in range(1, 11)})
        fake.gpuhunt.plant({f"a2-highgpu-{n}g": f"{n}.75" for n in range(1, 11)})
        yield fake


def told(fake: FakeFeeds) -> tuple[list[str], list[str]]:
    """Return price and currency of everything that either feed says."""
    with (
        aws.read_region(fetcher_of(fake.aws, LIMITS), "us-east-1") as from_aws,
        azure.read_region(fetcher_of(fake.azure, LIMITS), "eastus") as from_azure,
    ):
        ours, theirs = (
            [
                f"{claim.price_per_instance_hour} {claim.currency}"
                for claim in download.reading.claims
            ]
            for download in (from_aws, from_azure)
        )
    return ours, theirs


@pytest.mark.parametrize(
    ("times", "first"),
    [
        ("100", ("150 USD", "125 USD")),
        ("0.01", ("0.015 USD", "0.0125 USD")),
        ("8", ("12 USD", "10 USD")),
        ("0", ("0 USD", "0 USD")),
        ("-1", ("-1.5 USD", "-1.25 USD")),
    ],
)
def test_all_prices_can_be_scaled(fake: FakeFeeds, times: str, first: tuple[str, str]) -> None:
    """A hundredfold, a hundredth, per machine instead of per GPU, nothing, less than nothing."""
    fake.aws.scale(times)
    fake.azure.scale(times)

    ours, theirs = told(fake)

    assert (ours[0], theirs[0]) == first


def test_the_currency_can_change_under_the_same_numbers(fake: FakeFeeds) -> None:
    """Euros where dollars were."""
    fake.aws.alter(lambda price: replace(price, currency="EUR"))
    fake.azure.alter(lambda price: replace(price, currency="EUR"))

    ours, theirs = told(fake)

    assert (ours[0], theirs[0]) == ("1.5 EUR", "1.25 EUR")
    assert len(ours) == len(theirs) == 10


def test_a_part_of_the_prices_can_be_gone(fake: FakeFeeds) -> None:
    """Three of ten on either side."""
    fake.aws.drop_share("0.3")
    fake.azure.drop_share("0.3")

    assert [len(prices) for prices in told(fake)] == [7, 7]


def test_a_region_can_be_gone(fake: FakeFeeds) -> None:
    """AWS lists it no more, Azure has no rows of it."""
    fake.aws.drop_region("us-east-1")
    fake.azure.drop_region("eastus")

    with pytest.raises(FeedError, match="no EC2 prices of a region 'us-east-1'"):
        aws.read_region(fetcher_of(fake.aws, LIMITS), "us-east-1")
    with azure.read_region(fetcher_of(fake.azure, LIMITS), "eastus") as download:
        assert download.reading.claims == []


def test_a_fake_that_is_to_break_in_a_way_that_is_none_says_so(fake: FakeFeeds) -> None:
    """A story that cannot be told must not pass for one that was."""
    with pytest.raises(KeyError):
        fake.aws.break_with("hmtl")


def test_a_catalogue_has_the_same_stories(fake: FakeFeeds) -> None:
    """Scaled, with a part gone, with a provider gone."""
    fake.gpuhunt.scale("100")
    fake.gpuhunt.drop_share("0.3")

    with gpuhunt.read_catalogue(fetcher_of(fake.gpuhunt, LIMITS), "gcp") as download:
        prices = [str(claim.price_per_instance_hour) for claim in download.reading.claims]
    fake.gpuhunt.drop_provider("gcp")

    assert (len(prices), prices[0]) == (7, "175")
    with pytest.raises(FeedError, match="answered 403"):
        gpuhunt.read_catalogue(fetcher_of(fake.gpuhunt, LIMITS), "gcp")
