"""The AWS Price List over HTTP: exactly the plain machines with GPUs, all of them or nothing."""

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from dumont_economy.errors import FeedError
from dumont_economy.feeds import aws, aws_region_file
from dumont_economy.feeds.aws import (
    find_versions,
    read_history,
    read_region,
    read_version,
)
from dumont_economy.feeds.limits import FetchLimits
from dumont_economy.pricing.price_claim import FeedReading, PriceClaim
from dumont_economy.pricing.rate import PricingModel, SourceKind
from tests.builders import instant
from tests.fakes.aws_price_list import FakeAwsPriceList
from tests.fakes.aws_region_file import TRAPS, AwsPrice, region_file
from tests.integration.feeds.harness import (
    HASTY,
    TODAY,
    codes_of,
    fetcher_of,
    open_temporary_files,
    prices_of,
)

TRUTH = {
    "p5.48xlarge": "55.0400000000",
    "g6e.xlarge": "1.8610000000",
    "g4dn.metal": "7.8240000000",
    "g6f.large": "0.2020000000",
}
SPOKEN = {
    ("p5.48xlarge", "on_demand"): "55.04",
    ("g6e.xlarge", "on_demand"): "1.861",
    ("g4dn.metal", "on_demand"): "7.824",
    ("g6f.large", "on_demand"): "0.202",
}
LIMITS = FetchLimits(page_bytes=100_000, file_bytes=2_000_000, window_bytes=2_000)


@pytest.fixture
def fake() -> Iterator[FakeAwsPriceList]:
    """Publish four prices with all their traps."""
    with FakeAwsPriceList() as fake:
        fake.plant(TRUTH)
        yield fake


def reading(fake: FakeAwsPriceList, region: str = "us-east-1") -> FeedReading:
    """Return what is read of a region."""
    with read_region(fetcher_of(fake, LIMITS), region) as download:
        return download.reading


def reading_of(fake: FakeAwsPriceList, *prices: AwsPrice) -> FeedReading:
    """Return what is read where these prices are published, without traps."""
    fake.has_traps = False
    fake.plant(prices)
    return reading(fake)


def test_a_region_file_says_the_price_of_every_machine_with_gpus(fake: FakeAwsPriceList) -> None:
    """And nothing of what stands beside it: Windows, dedicated, reserved, capacity blocks."""
    found = reading(fake)

    assert prices_of(found) == SPOKEN
    assert len(found.claims) == len(SPOKEN)
    assert found.unreadable == []
    assert (found.scope.source, found.scope.provider) == ("AWS Price List", "aws")
    assert found.scope.source_kind is SourceKind.PROVIDER_FEED
    assert found.scope.region == "us-east-1"


def test_what_is_passed_over_is_counted_by_its_reason(fake: FakeAwsPriceList) -> None:
    """Four machines, each with its traps, two reservations, and the product of the free trial."""
    assert reading(fake).skipped == {
        "other_operating_system": 4 * 4,
        "licensed": 4,
        "preinstalled_software": 4 * 2,
        "other_operation": 4,
        "dedicated": 4 * 2,
        "unused_capacity": 4 * 2,
        "capacity_block": 4 * 2,
        "committed_term": 4,
        "no_gpu": 1,
    }
    assert 4 * len(TRAPS) == 4 * 14


def test_a_claim_holds_what_the_file_says_and_where(fake: FakeAwsPriceList) -> None:
    """Exact price, its date, the machine, and the place of the row for a person to look up."""
    price = AwsPrice("p5.48xlarge", TRUTH["p5.48xlarge"], since="2025-06-01T00:00:00Z")
    fake.plant([replace(price, memory="2,048 GiB")])

    (claim,) = reading(fake).claims

    assert claim == PriceClaim(
        provider="aws",
        region="us-east-1",
        instance_type="p5.48xlarge",
        pricing_model=PricingModel.ON_DEMAND,
        price_per_instance_hour=Decimal("55.04"),
        currency="USD",
        effective_from=instant("2025-06-01"),
        seen_on=TODAY.date(),
        source_url=f"{fake.url}/offers/v1.0/aws/AmazonEC2/20260820000000/us-east-1/index.json",
        place=f"{price.sku}.JRTCKXETXF.6YS6EN2CT7",
        gpu_count=Fraction(8),
        vcpus=Fraction(192),
        memory_gib=Fraction(2048),
    )


def test_the_payload_is_the_published_file(fake: FakeAwsPriceList) -> None:
    """Its hash is that of the file at its address, so that anybody can compare."""
    with read_region(fetcher_of(fake, LIMITS), "us-east-1") as download:
        payload, found = download.payload, download.reading
        kept = json.loads(payload.open().read())

        assert kept["terms"]["OnDemand"]
        assert found.url == payload.url == found.claims[0].source_url
        assert found.retrieved_at == payload.retrieved_at == TODAY
        assert payload.raw_bytes > payload.compressed_bytes > 0


@pytest.mark.parametrize("attribute", aws_region_file._PLAIN_MACHINE)  # noqa: SLF001
def test_each_attribute_is_needed(
    fake: FakeAwsPriceList, monkeypatch: pytest.MonkeyPatch, attribute: str
) -> None:
    """Without any one of the filters a trap gets in: the traps are there, and each filter works."""
    others = {
        name: wanted
        for name, wanted in aws_region_file._PLAIN_MACHINE.items()  # noqa: SLF001
        if name != attribute
    }
    monkeypatch.setattr(aws_region_file, "_PLAIN_MACHINE", others)

    assert len(reading(fake).claims) > len(SPOKEN)


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"gpu": None}, "no_gpu"),
        ({"gpu": "NA"}, "no_gpu"),
        ({"gpu": "0"}, "no_gpu"),
        ({"regionCode": "us-east-1-atl-1"}, "other_region"),
        ({"regionCode": None}, "other_region"),
        ({"tenancy": "Reserved"}, "dedicated"),
        ({"operatingSystem": "Linux with SQL"}, "other_operating_system"),
        ({"marketoption": None}, "capacity_block"),
        ({"capacitystatus": "used"}, "unused_capacity"),
    ],
)
def test_a_product_that_is_not_plainly_ours_is_passed_over(
    fake: FakeAwsPriceList, attributes: dict[str, object], reason: str
) -> None:
    """Compared whole and to the letter; what is not said is not assumed."""
    found = reading_of(fake, AwsPrice("g5.xlarge", "1.006", attributes=attributes))

    assert found.claims == []
    assert found.skipped[reason] == 1


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"unit": "Quantity"}, "other_unit"),
        ({"unit": "Days"}, "other_unit"),
        ({"beginRange": "100"}, "tiered"),
        ({"endRange": "750"}, "tiered"),
    ],
)
def test_a_price_that_is_not_by_the_hour_is_passed_over(
    fake: FakeAwsPriceList, row: dict[str, object], reason: str
) -> None:
    """A fee, or a price of some hours only."""
    found = reading_of(fake, AwsPrice("g5.xlarge", "1.006", row=row))

    assert found.claims == []
    assert found.skipped[reason] == 1


@pytest.mark.parametrize(
    ("price", "code"),
    [
        (AwsPrice("g5.xlarge", "1.00000000000000001"), "too_precise"),
        (AwsPrice("g5.xlarge", "\u0660.\u0665"), "not_a_price"),
        (AwsPrice("g5.xlarge", "1,006"), "not_a_price"),
        (AwsPrice("g5.xlarge", ""), "not_a_price"),
        (AwsPrice("g5.xlarge", "1.006", since=None), "no_effective_date"),
        (AwsPrice("g5.xlarge", "1.006", since=""), "no_effective_date"),
        (AwsPrice("g5.xlarge", "1.006", since="2026-08-01"), "invalid_effective_date"),
        (AwsPrice("g5.xlarge", "1.006", gpu="eight"), "unreadable_gpu_count"),
        (AwsPrice("g5.xlarge", "1.006", gpu="-1"), "unreadable_gpu_count"),
        (AwsPrice("g5.xlarge", "1.006", attributes={"gpu": ["1"]}), "unreadable_gpu_count"),
        (AwsPrice("g5 xlarge", "1.006"), "unreadable_instance_type"),
        (
            AwsPrice("g5.xlarge", "1.006", attributes={"instanceType": None}),
            "unreadable_instance_type",
        ),
        (AwsPrice("g5.xlarge", "1.006", currency="usd"), "unreadable_currency"),
        (AwsPrice("g5.xlarge", "1.006", row={"pricePerUnit": {}}), "no_price"),
        (AwsPrice("g5.xlarge", "1.006", row={"pricePerUnit": {"USD": 1.006}}), "not_a_price"),
        (AwsPrice("g5.xlarge", "1.006", row={"pricePerUnit": None}), "unexpected_shape"),
    ],
)
def test_a_row_that_cannot_be_read_is_reported_and_spoils_no_other(
    fake: FakeAwsPriceList, price: AwsPrice, code: str
) -> None:
    """Never rounded, never guessed, never silently gone."""
    found = reading_of(fake, price, AwsPrice("g6.xlarge", "0.8048"))

    assert codes_of(found) == [code]
    assert prices_of(found) == {("g6.xlarge", "on_demand"): "0.8048"}


@pytest.mark.parametrize(
    "price", ["0.0000000000", "-1.0060000000", "100.6", "0.01006", "8.048", "1e-7", "999999999"]
)
def test_a_price_that_is_absurd_is_passed_on_as_it_is(fake: FakeAwsPriceList, price: str) -> None:
    """A feed reads; what to make of it is for the guard to say."""
    (claim,) = reading_of(fake, AwsPrice("g5.xlarge", price)).claims

    assert claim.price_per_instance_hour == Decimal(price)


@pytest.mark.parametrize("since", ["2015-01-01T00:00:00Z", "2031-01-01T00:00:00Z"])
def test_a_date_of_long_ago_or_to_come_is_passed_on(fake: FakeAwsPriceList, since: str) -> None:
    """Whether a price may hold from there is for the guard to say."""
    (claim,) = reading_of(fake, AwsPrice("g5.xlarge", "1.006", since=since)).claims

    assert claim.effective_from == instant(since[:10])


def test_a_price_in_another_currency_alone_bears_that_currency(fake: FakeAwsPriceList) -> None:
    """The same number in euros is another price."""
    (claim,) = reading_of(fake, AwsPrice("g5.xlarge", "1.006", currency="EUR")).claims

    assert (claim.currency, claim.price_per_instance_hour) == ("EUR", Decimal("1.006"))


def test_of_several_currencies_the_dollar_is_read(fake: FakeAwsPriceList) -> None:
    """The others say the same in their own way."""
    row = {"pricePerUnit": {"CNY": "7.2", "USD": "1.006"}}

    (claim,) = reading_of(fake, AwsPrice("g5.xlarge", "0", row=row)).claims

    assert (claim.currency, claim.price_per_instance_hour) == ("USD", Decimal("1.006"))


def test_one_type_twice_at_one_price_is_one_claim_and_at_two_prices_two(
    fake: FakeAwsPriceList,
) -> None:
    """A repetition says nothing new; a contradiction is for the guard."""
    once = AwsPrice("g5.xlarge", "1.006")
    again = replace(once, attributes={"usagetype": "BoxUsage:g5.xlarge:2"})

    same = reading_of(fake, once, again)
    different = reading_of(fake, once, replace(again, price="1.2"))

    assert len(same.claims) == 1
    assert same.skipped["repeated"] == 1
    assert [str(claim.price_per_instance_hour) for claim in different.claims] == ["1.006", "1.2"]


def test_a_type_that_nobody_knows_is_passed_on(fake: FakeAwsPriceList) -> None:
    """It has GPUs: that it is new must be noticed."""
    (claim,) = reading_of(fake, AwsPrice("p9.96xlarge", "200", gpu="16")).claims

    assert (claim.instance_type, claim.gpu_count) == ("p9.96xlarge", Fraction(16))


def test_a_machine_without_a_term_on_demand_is_counted(fake: FakeAwsPriceList) -> None:
    """It may be sold by reservation alone; its price is not known, and not zero."""
    said = region_file(
        [AwsPrice("g5.xlarge", "1.006")], version="1", published="2026-08-20T00:00:00Z"
    )
    said["terms"]["OnDemand"] = {}
    fake.break_with("body", where="us-east-1/", body=json.dumps(said).encode())

    found = reading(fake)

    assert found.claims == []
    assert found.skipped["no_on_demand_term"] == 1


def test_the_order_of_the_file_does_not_matter(fake: FakeAwsPriceList) -> None:
    """JSON has no order: terms before products, head at the end."""
    prices = [AwsPrice(name, price) for name, price in TRUTH.items()]
    said = region_file(prices, version="1", published="2026-08-20T00:00:00Z")
    backwards = {name: said[name] for name in reversed(said)}
    fake.break_with("body", where="us-east-1/", body=json.dumps(backwards).encode())

    assert prices_of(reading(fake)) == SPOKEN


@pytest.mark.parametrize(
    "change",
    [
        {"offerCode": "AmazonRDS"},
        {"offerCode": None},
        {"version": None},
        {"publicationDate": None},
        {"publicationDate": "yesterday"},
    ],
)
def test_a_file_that_is_no_price_list_of_ec2_is_refused(
    fake: FakeAwsPriceList, change: dict[str, Any]
) -> None:
    """Valid JSON is not enough."""
    said = region_file([], version="1", published="2026-08-20T00:00:00Z")
    fake.break_with("body", where="us-east-1/", body=json.dumps({**said, **change}).encode())

    with pytest.raises(FeedError) as refused:
        reading(fake)

    assert refused.value.code == "unexpected_shape"


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("truncated_json", "truncated_json"),
        ("short_body", "truncated"),
        ("html", "wrong_content_type"),
        ("html_as_json", "wrong_content_type"),
        ("empty", "empty_body"),
        ("wrong_content_type", "wrong_content_type"),
        ("slow_loris", "too_slow"),
        ("too_large", "too_large"),
        ("server_error", "server_error"),
        ("rate_limited", "rate_limited"),
    ],
)
@pytest.mark.parametrize("where", ["region_index.json", "us-east-1/"])
def test_a_bad_answer_anywhere_on_the_way_is_no_reading(
    fake: FakeAwsPriceList, kind: str, code: str, where: str
) -> None:
    """All or nothing, no file is left open, and the next good answer heals."""
    before = open_temporary_files()
    fake.break_with(kind, where=where)

    with pytest.raises(FeedError) as refused:
        read_region(fetcher_of(fake, replace(HASTY, file_bytes=2_000_000)), "us-east-1")

    is_index = where == "region_index.json"
    assert refused.value.code == (
        "malformed_json" if is_index and code == "truncated_json" else code
    )
    assert open_temporary_files() == before
    fake.heal()
    assert prices_of(reading(fake)) == SPOKEN


def test_a_region_that_is_not_listed_is_missing(fake: FakeAwsPriceList) -> None:
    """Said as what it is: neither a failure of the network nor a region without GPUs."""
    fake.plant([AwsPrice("g5.xlarge", "1.006", "eu-west-1")])

    with pytest.raises(FeedError) as refused:
        reading(fake)

    assert refused.value.code == "region_missing"
    assert prices_of(reading(fake, "eu-west-1")) == {("g5.xlarge", "on_demand"): "1.006"}


def test_links_may_name_the_providers_own_address_and_no_other(fake: FakeAwsPriceList) -> None:
    """A mirror is read on itself; a link to elsewhere is refused."""
    fake.link_origin = aws.OFFICIAL_URL
    assert prices_of(reading(fake)) == SPOKEN

    fake.link_origin = "https://evil.example"
    with pytest.raises(FeedError) as refused:
        reading(fake)

    assert refused.value.code == "foreign_link"


def test_a_store_may_not_know_that_it_holds_json(fake: FakeAwsPriceList) -> None:
    """Files in an object store often come as bytes of no kind."""
    fake.media_type = "binary/octet-stream"

    assert prices_of(reading(fake)) == SPOKEN


@pytest.mark.parametrize(
    "index",
    [
        b"[]",
        b"{}",
        b'{"regions":[]}',
        b'{"regions":{"us-east-1":"x"}}',
        b'{"regions":{"us-east-1":{}}}',
        b'{"regions":{"us-east-1":{"currentVersionUrl":7}}}',
    ],
)
def test_an_index_of_another_shape_is_refused(fake: FakeAwsPriceList, index: bytes) -> None:
    """With a word on what is missing."""
    fake.break_with("body", where="region_index.json", body=index)

    with pytest.raises(FeedError) as refused:
        reading(fake)

    assert refused.value.code == "unexpected_shape"


@pytest.fixture
def past(fake: FakeAwsPriceList) -> FakeAwsPriceList:
    """Publish three months of the past: the price of a p5.48xlarge fell in the third."""
    for month, price in (("04", "98.32"), ("05", "98.32"), ("06", "55.04")):
        fake.plant([AwsPrice("p5.48xlarge", price, since=f"2025-{month}-01T00:00:00Z")])
        fake.archive(
            f"2025{month}04000000",
            begins=f"2025-{month}-01T00:00:00Z",
            ends=f"2025-{int(month) + 1:02}-01T00:00:00Z",
            published=f"2025-{month}-04T21:15:00Z",
        )
    fake.plant(TRUTH)
    return fake


def test_the_past_is_read_version_by_version(past: FakeAwsPriceList) -> None:
    """Each in its own words, seen on the day on which it was published."""
    claims: list[PriceClaim] = []
    for download in read_history(
        fetcher_of(past, LIMITS), "us-east-1", instant("2025-04-10"), instant("2025-06-10")
    ):
        with download:
            claims += download.reading.claims

    assert [(str(claim.seen_on), str(claim.price_per_instance_hour)) for claim in claims] == [
        ("2025-04-04", "98.32"),
        ("2025-05-04", "98.32"),
        ("2025-06-04", "55.04"),
    ]
    assert claims[2].effective_from == instant("2025-06-01")


@pytest.mark.parametrize(
    ("since", "until", "months"),
    [
        ("2025-05-01", "2025-06-01", ["05"]),
        ("2025-04-30", "2025-05-01 00:00:01", ["04", "05"]),
        ("2024-01-01", "2025-04-01", []),
        ("2025-06-30", "2026-08-20", ["06"]),
        ("2025-07-01", "2026-08-20", []),
        ("2025-07-01", "2026-08-20 00:00:01", ["now"]),
        ("2027-01-01", "2028-01-01", ["now"]),
    ],
)
def test_versions_are_those_whose_window_meets_the_one_asked_for(
    past: FakeAwsPriceList, since: str, until: str, months: list[str]
) -> None:
    """Windows are half-open; the current version's has no end."""
    versions = find_versions(fetcher_of(past, LIMITS), instant(since), instant(until))

    assert [version.version for version in versions] == [
        past.version if month == "now" else f"2025{month}04000000" for month in months
    ]


def test_a_version_without_the_region_says_nothing_of_it(past: FakeAwsPriceList) -> None:
    """Nothing is read from another region's file instead; any other failure is one."""
    asked = (instant("2025-04-10"), instant("2025-04-11"))
    fetcher = fetcher_of(past, LIMITS)

    assert list(read_history(fetcher, "eu-west-1", *asked)) == []
    [version] = find_versions(fetcher, *asked)
    with pytest.raises(FeedError) as refused:
        read_version(fetcher, "eu-west-1", version)
    assert refused.value.code == "not_found"
    past.break_with("html", where="/us-east-1/")
    with pytest.raises(FeedError) as broken:
        next(read_history(fetcher, "us-east-1", *asked))
    assert broken.value.code == "wrong_content_type"


@pytest.mark.parametrize("published", ["2026-08-22T00:00:00Z", "9999-12-31T00:00:00Z"])
def test_an_edition_of_the_future_is_refused(published: str) -> None:
    """No clock is a day ahead; what was seen then would outrank all that is seen until then."""
    with FakeAwsPriceList(published=published) as fake:
        fake.plant(TRUTH)
        with pytest.raises(FeedError) as refused:
            read_region(fetcher_of(fake, LIMITS), "us-east-1")

    assert refused.value.code == "edition_ahead"


@pytest.mark.parametrize(
    "change",
    [
        {"versionEffectiveBeginDate": ""},
        {"versionEffectiveBeginDate": "April"},
        {"versionEffectiveEndDate": "May"},
        {"versionEffectiveEndDate": None},
        {"offerVersionUrl": "/offers/v1.0/aws/AmazonEC2/1/index.csv"},
    ],
)
def test_a_version_without_dates_or_file_is_refused(
    past: FakeAwsPriceList, change: dict[str, Any]
) -> None:
    """One that is not understood could be any part of the past."""
    version = {
        "versionEffectiveBeginDate": "2025-04-01T00:00:00Z",
        "versionEffectiveEndDate": "",
        "offerVersionUrl": "/offers/v1.0/aws/AmazonEC2/1/index.json",
        **change,
    }
    index = json.dumps({"versions": {"1": version}}).encode()
    past.break_with("body", where="AmazonEC2/index.json", body=index)

    with pytest.raises(FeedError) as refused:
        find_versions(fetcher_of(past, LIMITS), instant("2025-04-10"), instant("2025-06-10"))

    assert refused.value.code == "unexpected_shape"
