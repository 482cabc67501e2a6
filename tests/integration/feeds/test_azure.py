"""Azure Retail Prices over HTTP: every page or none, and of the rows exactly the plain machines."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from dumont_economy.data.shipped_rows import shipped_rows
from dumont_economy.errors import FeedError
from dumont_economy.feeds import azure
from dumont_economy.feeds.azure import read_region
from dumont_economy.pricing.price_claim import FeedReading, PriceClaim
from dumont_economy.pricing.rate import PricingModel, SourceKind
from tests.builders import instant
from tests.fakes.azure_retail_prices import AzurePrice, FakeAzureRetailPrices, traps_beside
from tests.integration.feeds.harness import (
    HASTY,
    SMALL,
    TODAY,
    codes_of,
    fetcher_of,
    open_temporary_files,
    prices_of,
)

A100 = "Standard_NC24ads_A100_v4"
T4 = "Standard_NC4as_T4_v3"
TRUTH = [
    AzurePrice(A100, "3.673"),
    AzurePrice(A100, "0.7346", is_spot=True),
    AzurePrice(T4, "0.526"),
    AzurePrice("Standard_ND96isr_H100_v5", "98.32"),
]
SPOKEN = {
    (A100, "on_demand"): "3.673",
    (A100, "spot"): "0.7346",
    (T4, "on_demand"): "0.526",
    ("Standard_ND96isr_H100_v5", "on_demand"): "98.32",
}


@pytest.fixture
def fake() -> Iterator[FakeAzureRetailPrices]:
    """Publish four prices with all their traps, on many small pages."""
    with FakeAzureRetailPrices(page_size=7) as fake:
        fake.plant(TRUTH)
        yield fake


def reading(fake: FakeAzureRetailPrices, region: str = "eastus") -> FeedReading:
    """Return what is read of a region."""
    with read_region(fetcher_of(fake), region) as download:
        return download.reading


def reading_of(fake: FakeAzureRetailPrices, *prices: AzurePrice) -> FeedReading:
    """Return what is read where these prices are published, without traps."""
    fake.has_traps = False
    fake.plant(prices)
    return reading(fake)


@pytest.mark.parametrize("page_size", [1, 3, 7, 1000])
@pytest.mark.parametrize("obeys_filter", [True, False])
def test_a_walk_says_the_price_of_every_machine_with_gpus(
    fake: FakeAzureRetailPrices,
    page_size: int,
    obeys_filter: bool,  # noqa: FBT001
) -> None:
    """However it is cut into pages, and whether or not the server heeds what is asked of it."""
    fake.page_size, fake.obeys_filter = page_size, obeys_filter

    found = reading(fake)

    assert prices_of(found) == SPOKEN
    assert len(found.claims) == len(SPOKEN)
    assert found.unreadable == []
    assert (found.scope.source, found.scope.provider) == ("Azure Retail Prices", "azure")
    assert found.scope.source_kind is SourceKind.PROVIDER_FEED
    assert found.scope.region == "eastus"


def test_what_is_passed_over_is_counted_by_its_reason(fake: FakeAzureRetailPrices) -> None:
    """Each of the rows beside the four that are ours."""
    fake.obeys_filter = False

    found = reading(fake)

    assert found.skipped == {
        "windows": 4,
        "low_priority": 4,
        "cloud_services": 4 * 2,
        "dedicated": 4,
        "secondary_meter": 4,
        "other_unit": 4,
        "tiered": 4,
        "ended": 4,
        "dev_test": 4,
        "reservation": 4,
        "other_service": 4,
        "no_gpu": 4 * 2,
    }
    assert found.skipped.total() == sum(len(traps_beside(price)) for price in TRUTH)


@pytest.mark.parametrize(
    ("name", "unfiltered"),
    [
        ("_PLAIN_HOURS", {}),
        ("_OTHER_PRODUCTS", {}),
        ("_LOW_PRIORITY", re.compile("(?!)")),
        ("_CONSUMPTION", "Reservation"),
        ("_GPU_SIZE", re.compile("Standard_")),
    ],
)
def test_each_filter_is_needed(
    fake: FakeAzureRetailPrices, monkeypatch: pytest.MonkeyPatch, name: str, unfiltered: object
) -> None:
    """Without any one of them something else gets in: the traps are there."""
    fake.obeys_filter = False
    monkeypatch.setattr(azure, name, unfiltered)

    assert prices_of(reading(fake)) != SPOKEN


def test_a_walk_asks_for_one_region_in_dollars_on_its_primary_meters(
    fake: FakeAzureRetailPrices,
) -> None:
    """In the words of the service, and for each further page in those of its link."""
    reading(fake)

    first, second = fake.requests[:2]
    assert first.path == "/api/retail/prices"
    assert first.query == {
        "api-version": "2023-01-01-preview",
        "currencyCode": "'USD'",
        "meterRegion": "'primary'",
        "$filter": (
            "serviceName eq 'Virtual Machines' and armRegionName eq 'eastus'"
            " and priceType eq 'Consumption'"
        ),
    }
    assert second.query == {**first.query, "$skip": "7"}


def test_a_region_with_a_quote_in_its_name_stays_a_name(fake: FakeAzureRetailPrices) -> None:
    """It does not become a part of the question."""
    assert reading(fake, "x' or armRegionName eq 'eastus").claims == []

    assert "eq 'x'' or armRegionName eq ''eastus'" in fake.requests[0].query["$filter"]


def test_a_claim_holds_what_the_row_says_and_where(fake: FakeAzureRetailPrices) -> None:
    """Price, date and size; the GPU is not in the row, so it is not in the claim."""
    fake.plant([AzurePrice(A100, "3.673", since="2022-05-01T00:00:00Z")])

    (claim,) = reading(fake).claims

    assert claim == PriceClaim(
        provider="azure",
        region="eastus",
        instance_type=A100,
        pricing_model=PricingModel.ON_DEMAND,
        price_per_instance_hour=Decimal("3.673"),
        currency="USD",
        effective_from=instant("2022-05-01"),
        seen_on=TODAY.date(),
        source_url=f"{fake.url}{fake.requests[0].target}",
        place="page 1, item 1",
    )


def test_the_payload_is_all_pages_each_with_a_line_feed(fake: FakeAzureRetailPrices) -> None:
    """In the order of the walk, as they came."""
    with read_region(fetcher_of(fake), "eastus") as download:
        kept = download.payload.open().read()
        claims = download.reading.claims

    pages = [json.loads(line) for line in kept.splitlines()]
    assert len(pages) == len(fake.requests)
    assert pages[-1]["NextPageLink"] is None
    assert download.payload.sha256 == hashlib.sha256(kept).hexdigest()
    assert kept.endswith(b"\n")
    last = claims[-1].place.removeprefix("page ").split(", item ")
    assert (
        pages[int(last[0]) - 1]["Items"][int(last[1]) - 1]["armSkuName"] == claims[-1].instance_type
    )


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"productName": "Virtual Machines NCADS Series Windows"}, "windows"),
        ({"productName": "Windows Virtual Machines"}, "windows"),
        ({"meterName": "NC4as T4 v3 Low Priority"}, "low_priority"),
        ({"skuName": "NC4as T4 v3 Low Priority"}, "low_priority"),
        ({"productName": "NCasT4 v3 Series CloudServices"}, "cloud_services"),
        ({"productName": "NCasT4 v3 Series Dedicated Host"}, "dedicated"),
        ({"isPrimaryMeterRegion": None}, "secondary_meter"),
        ({"isPrimaryMeterRegion": "true"}, "secondary_meter"),
        ({"tierMinimumUnits": None}, "tiered"),
        ({"type": "DevTestConsumption"}, "dev_test"),
        ({"type": "Reservation"}, "reservation"),
        ({"type": ["Consumption"]}, "other_type"),
        ({"armSkuName": ""}, "no_gpu"),
        ({"armSkuName": None}, "no_gpu"),
        ({"armSkuName": "Standard_D4s_v5"}, "no_gpu"),
        ({"armSkuName": "Standard_NP10s"}, "no_gpu"),
        ({"armSkuName": "NC4as_T4_v3"}, "no_gpu"),
        ({"serviceName": "Virtual Machines Licenses"}, "other_service"),
        ({"armRegionName": "eastus2"}, "other_region"),
        ({"effectiveEndDate": "2026-08-20T06:00:00Z"}, "ended"),
    ],
)
def test_a_row_that_is_not_plainly_ours_is_passed_over(
    fake: FakeAzureRetailPrices, members: dict[str, object], reason: str
) -> None:
    """By its attributes, and by the words that Azure has for attributes."""
    fake.obeys_filter = False

    found = reading_of(fake, AzurePrice(T4, "0.526", row=members))

    assert found.claims == []
    assert found.skipped == {reason: 1}


@pytest.mark.parametrize(
    "members",
    [
        {"productName": "Virtual Machines WindowsLike Series"},
        {"productName": "Virtual Machines NotWindows Series"},
        {"meterName": "NC4as T4 v3 Spotless", "skuName": "NC4as T4 v3 Hotspot"},
        {"meterName": "NC4as T4 v3 LowPriority2"},
        {"effectiveEndDate": "2026-08-20T06:00:01Z"},
    ],
)
def test_a_part_of_a_word_says_nothing(
    fake: FakeAzureRetailPrices, members: dict[str, object]
) -> None:
    """Words are matched whole, as the names of GPUs are."""
    found = reading_of(fake, AzurePrice(T4, "0.526", row=members))

    assert prices_of(found) == {(T4, "on_demand"): "0.526"}


@pytest.mark.parametrize("name", ["meterName", "skuName"])
def test_spot_is_another_way_to_buy(fake: FakeAzureRetailPrices, name: str) -> None:
    """Said by the meter or by the SKU."""
    found = reading_of(fake, AzurePrice(T4, "0.1", row={name: "NC4as T4 v3 Spot"}))

    assert prices_of(found) == {(T4, "spot"): "0.1"}


def test_every_shipped_gpu_size_of_azure_is_recognised_as_one() -> None:
    """By its family, so that the next one will be, too."""
    sizes = [row["instance_type"] for row in shipped_rows("skus.csv") if row["provider"] == "azure"]

    assert len(sizes) > 50
    assert [size for size in sizes if not azure._GPU_SIZE.match(size)] == []  # noqa: SLF001


def test_a_size_that_nobody_knows_is_passed_on(fake: FakeAzureRetailPrices) -> None:
    """It is of the family with GPUs: that it is new must be noticed."""
    found = reading_of(fake, AzurePrice("Standard_ND999_X900_v9", "500"))

    assert prices_of(found) == {("Standard_ND999_X900_v9", "on_demand"): "500"}


@pytest.mark.parametrize(
    ("price", "code"),
    [
        (AzurePrice(T4, "1.00000000000000001"), "too_precise"),
        (AzurePrice(T4, '"\u0660.\u0665"'), "not_a_price"),
        (AzurePrice(T4, '"0.526"'), "not_a_price"),
        (AzurePrice(T4, "null"), "not_a_price"),
        (AzurePrice(T4, "true"), "not_a_price"),
        (AzurePrice(T4, "[0.526]"), "not_a_price"),
        (AzurePrice(T4, "9" * 30), "not_a_price"),
        (AzurePrice(T4, "0.526", since=None), "no_effective_date"),
        (AzurePrice(T4, "0.526", since="2026-08-01"), "invalid_effective_date"),
        (AzurePrice(T4, "0.526", row={"effectiveEndDate": "soon"}), "invalid_effective_date"),
        (AzurePrice(T4, "0.526", currency="Dollar"), "unreadable_currency"),
        (AzurePrice(f"{T4} x", "0.526"), "unreadable_instance_type"),
        (AzurePrice(T4, "0.526", row={"productName": None}), "unexpected_shape"),
        (AzurePrice(T4, "0.526", row={"meterName": 7}), "unexpected_shape"),
    ],
)
def test_a_row_that_cannot_be_read_is_reported_and_spoils_no_other(
    fake: FakeAzureRetailPrices, price: AzurePrice, code: str
) -> None:
    """Never rounded, never guessed, never silently gone."""
    found = reading_of(fake, price, AzurePrice(A100, "3.673"))

    assert codes_of(found) == [code]
    assert [row.place for row in found.unreadable] == ["page 1, item 1"]
    assert prices_of(found) == {(A100, "on_demand"): "3.673"}


@pytest.mark.parametrize(
    ("price", "exact"),
    [
        ("0", "0"),
        ("0.0", "0"),
        ("-0.526", "-0.526"),
        ("52.6", "52.6"),
        ("0.00526", "0.00526"),
        ("1e-7", "0.0000001"),
        ("5.26E-1", "0.526"),
        ("3", "3"),
        ("3.6730", "3.673"),
    ],
)
def test_a_price_is_the_number_that_is_written_however_absurd(
    fake: FakeAzureRetailPrices, price: str, exact: str
) -> None:
    """A feed reads; what to make of it is for the guard to say."""
    (claim,) = reading_of(fake, AzurePrice(T4, price)).claims

    assert f"{claim.price_per_instance_hour:f}" == exact


@pytest.mark.parametrize("since", ["2015-01-01T00:00:00Z", "2031-01-01T00:00:00Z"])
def test_a_date_of_long_ago_or_to_come_is_passed_on(
    fake: FakeAzureRetailPrices, since: str
) -> None:
    """Whether a price may hold from there is for the guard to say."""
    (claim,) = reading_of(fake, AzurePrice(T4, "0.526", since=since)).claims

    assert claim.effective_from == instant(since[:10])


def test_a_price_in_another_currency_bears_that_currency(fake: FakeAzureRetailPrices) -> None:
    """The same number in euros is another price."""
    (claim,) = reading_of(fake, AzurePrice(T4, "0.526", currency="EUR")).claims

    assert (claim.currency, claim.price_per_instance_hour) == ("EUR", Decimal("0.526"))


def test_rows_that_move_to_the_next_page_count_once(fake: FakeAzureRetailPrices) -> None:
    """A row that is added before them during the walk pushes one of each page to the next."""
    fake.has_traps, fake.page_size = False, 2
    newcomer = AzurePrice("Standard_NC8as_T4_v3", "0.752")
    fake.between_pages = lambda skip: fake.prices.insert(0, newcomer) if skip == 2 else None

    found = reading(fake)

    assert prices_of(found) == SPOKEN
    assert len(found.claims) == len(SPOKEN)
    assert found.skipped == {"repeated": 1}


def test_rows_that_differ_are_both_passed_on(fake: FakeAzureRetailPrices) -> None:
    """Two prices for one size: which of them holds is not for the feed to say."""
    found = reading_of(fake, AzurePrice(T4, "0.526"), AzurePrice(T4, "0.6"))

    assert [str(claim.price_per_instance_hour) for claim in found.claims] == ["0.526", "0.6"]


@pytest.mark.parametrize(
    ("kind", "options", "code"),
    [
        ("server_error", {}, "server_error"),
        ("rate_limited", {"retry_after": "3600"}, "rate_limited"),
        ("truncated_json", {}, "malformed_json"),
        ("html", {}, "wrong_content_type"),
        ("empty", {}, "empty_body"),
        ("wrong_content_type", {}, "wrong_content_type"),
        ("redirect", {"to": "http://169.254.169.254/"}, "redirected"),
        ("slow_loris", {}, "too_slow"),
        ("never_ending", {}, "too_large"),
        ("short_body", {}, "truncated"),
    ],
)
@pytest.mark.parametrize("page", [1, 7])
def test_a_bad_page_is_no_reading_at_all(
    fake: FakeAzureRetailPrices, kind: str, options: dict[str, Any], code: str, page: int
) -> None:
    """All pages or none, no file is left open, and the next good walk heals."""
    before = open_temporary_files()
    fake.break_with(kind, after=page - 1, times=1, **options)

    with pytest.raises(FeedError) as refused:
        read_region(fetcher_of(fake, HASTY), "eastus")

    assert refused.value.code == code
    assert len(fake.requests) == page
    assert open_temporary_files() == before
    assert prices_of(reading(fake)) == SPOKEN


def test_a_page_that_fails_once_is_asked_for_again_and_not_the_whole_walk(
    fake: FakeAzureRetailPrices,
) -> None:
    """What passes is outlasted where it happens."""
    reading(fake)
    pages = len(fake.requests)
    fake.requests.clear()
    fake.break_with("server_error", after=3, times=1)

    with read_region(replace(fetcher_of(fake), limits=SMALL), "eastus") as download:
        assert prices_of(download.reading) == SPOKEN

    assert len(fake.requests) == pages + 1


def page(items: int = 1, **members: object) -> bytes:
    """Return a page of rows that are none, with other members as told."""
    said: dict[str, object] = {
        "BillingCurrency": "USD",
        "Items": [{} for _ in range(items)],
        "NextPageLink": None,
        "Count": items,
        **members,
    }
    return json.dumps({name: value for name, value in said.items() if value != "absent"}).encode()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (page(3, Count=4), "inconsistent_page"),
        (page(3, Count=2), "inconsistent_page"),
        (page(3, Count="3"), "inconsistent_page"),
        (page(Count="absent"), "inconsistent_page"),
        (page(Items="absent"), "inconsistent_page"),
        (page(NextPageLink="absent"), "inconsistent_page"),
        (page(Items={}), "inconsistent_page"),
        (page(NextPageLink=7), "inconsistent_page"),
        (b"[]", "inconsistent_page"),
        (b"null", "inconsistent_page"),
        (b'{"Items":[],"Items":[],"Count":0,"NextPageLink":null}', "duplicate_member"),
        (b'{"Items":[],"Count":NaN,"NextPageLink":null}', "not_a_number"),
        (b'{"Items":' + b"[" * 100 + b"]" * 100 + b"}", "too_deep"),
        (page(NextPageLink="https://evil.example/api/retail/prices"), "foreign_link"),
        (page(NextPageLink="http://169.254.169.254/latest/meta-data/"), "foreign_link"),
        (page(NextPageLink=""), "foreign_link"),
        (page(NextPageLink="/api/retail/prices?again"), "repeated_link"),
    ],
)
def test_a_page_that_does_not_fit_is_no_reading(
    fake: FakeAzureRetailPrices, body: bytes, code: str
) -> None:
    """A count that is wrong, members that are missing, links that lead away or in a circle."""
    fake.break_with("body", body=body)

    with pytest.raises(FeedError) as refused:
        reading(fake)

    assert refused.value.code == code


def test_a_page_that_fits_is_read(fake: FakeAzureRetailPrices) -> None:
    """The control of the pages that do not: rows of other services, and the end."""
    fake.break_with("body", body=page(3))

    assert reading(fake).skipped == {"other_service": 3}


def test_rows_that_are_none_are_reported(fake: FakeAzureRetailPrices) -> None:
    """The walk goes on: a row is not the feed."""
    fake.break_with("body", body=page(Items=[7, None, "x"], Count=3))

    assert codes_of(reading(fake)) == ["unexpected_shape"] * 3


def test_a_walk_ends_after_two_thousand_pages(
    fake: FakeAzureRetailPrices, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each page links to another one, and none of them is the last; here after twenty."""
    assert azure._MOST_PAGES == 2_000  # noqa: SLF001
    monkeypatch.setattr(azure, "_MOST_PAGES", 20)
    fake.plant([AzurePrice(T4, f"{number}") for number in range(21)])
    fake.has_traps, fake.page_size = False, 1

    with pytest.raises(FeedError) as refused:
        reading(fake)

    assert refused.value.code == "too_many_pages"
    assert len(fake.requests) == 20
    # The control: one row less, and the walk ends by itself.
    del fake.prices[0]
    assert len(reading(fake).claims) == 20
