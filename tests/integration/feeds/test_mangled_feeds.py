"""Feeds that are mangled anywhere: read, or refused by name; never a crash, never a stray type."""

import json
import random
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from dumont_economy.errors import FeedError
from dumont_economy.feeds import aws, azure, gpuhunt
from dumont_economy.feeds.limits import FetchLimits
from dumont_economy.feeds.raw_payload import FeedDownload
from dumont_economy.pricing.price_claim import FeedReading
from tests.fakes.aws_price_list import FakeAwsPriceList
from tests.fakes.aws_region_file import AwsPrice, region_file
from tests.fakes.azure_retail_prices import AzurePrice, FakeAzureRetailPrices, row
from tests.fakes.feed_server import FeedServer
from tests.fakes.gpuhunt_catalogue import CatalogueRow, FakeGpuhuntCatalogue, archive_of, table_of
from tests.integration.feeds.harness import fetcher_of, open_temporary_files

LIMITS = FetchLimits(page_bytes=200_000, file_bytes=200_000, window_bytes=1_000)
JUNK: list[Any] = [
    None,
    True,
    -1,
    0,
    10**17,
    0.1,
    "",
    "NA",
    "\ud800",
    "\x00",
    "1e-7",
    "9" * 400,
    "<script>",
    "https://evil.example/",
    [],
    {},
    [[]],
    {"USD": "1"},
    ["Consumption"],
]
MANGLED = 250


def places(said: object) -> Iterator[tuple[Any, Any]]:
    """Yield every container in a JSON value with every index or name in it."""
    if isinstance(said, dict | list):
        for place in list(said) if isinstance(said, dict) else range(len(said)):
            yield said, place
            yield from places(said[place])


def mangled(said: object, chance: random.Random) -> bytes:
    """Return a JSON value with up to three of its parts replaced, removed, renamed or cut."""
    copy = json.loads(json.dumps(said))
    for _ in range(chance.randint(1, 3)):
        container, place = chance.choice(list(places(copy)) or [({}, None)])
        if place is None:
            break
        if chance.random() < 0.2:
            del container[place]
        elif chance.random() < 0.2 and isinstance(container, dict):
            container[str(chance.choice(JUNK))] = container.pop(place)
        else:
            container[place] = chance.choice(JUNK)
    text = json.dumps(copy).encode()
    if chance.random() < 0.1:
        text = text[: chance.randrange(len(text))]
    if chance.random() < 0.1:
        at = chance.randrange(len(text) + 1)
        text = text[:at] + bytes([chance.randrange(256)]) + text[at:]
    return text


def assert_sound(reading: FeedReading) -> None:
    """Check that everything in a reading is of its type, finite, plain and short."""
    for claim in reading.claims:
        assert isinstance(claim.price_per_instance_hour, Decimal)
        assert claim.price_per_instance_hour.is_finite()
        assert claim.instance_type.isascii()
        assert len(claim.currency) == 3
        # A snapshot has only its day.
        assert claim.effective_from is None or claim.effective_from.tzinfo is not None
        assert claim.place.isprintable()
    for unreadable in reading.unreadable:
        assert unreadable.place.isascii()
        assert unreadable.message.isprintable()
        assert len(unreadable.message) < 300


def outcomes(fake: FeedServer, said: object, read: Any, where: str) -> set[str]:  # noqa: ANN401
    """Return what became of many mangled answers: `read`, or the code of the refusal."""
    chance = random.Random(7)
    return outcomes_of(fake, [mangled(said, chance) for _ in range(MANGLED)], read, where)


def outcomes_of(
    fake: FeedServer,
    bodies: Sequence[bytes],
    read: Any,  # noqa: ANN401
    where: str,
) -> set[str]:
    """Return what became of these answers."""
    found = set[str]()
    before = open_temporary_files()
    for body in bodies:
        fake.break_with("body", where=where, body=body)
        try:
            download: FeedDownload = read()
        except FeedError as error:
            found.add(error.code)
            continue
        with download:
            assert_sound(download.reading)
            found.add("unreadable" if download.reading.unreadable else "read")
    assert open_temporary_files() == before
    return found


def test_a_mangled_region_file_is_read_or_refused() -> None:
    """250 files, each wrong in its own way."""
    prices = [AwsPrice("p5.48xlarge", "55.0400000000"), AwsPrice("g6.xlarge", "0.8048000000")]
    said = region_file(prices, version="1", published="2026-08-20T00:00:00Z", has_traps=False)
    with FakeAwsPriceList() as fake:
        fake.plant(prices)

        found = outcomes(
            fake,
            said,
            lambda: aws.read_region(fetcher_of(fake, LIMITS), "us-east-1"),
            "us-east-1/",
        )

    assert found >= {"read", "unreadable", "truncated_json", "malformed_json", "unexpected_shape"}


def test_a_mangled_index_is_read_or_refused() -> None:
    """It leads to the file that it names, or nowhere."""
    link = "/offers/v1.0/aws/AmazonEC2/20260820000000/us-east-1/index.json"
    said = {"regions": {"us-east-1": {"regionCode": "us-east-1", "currentVersionUrl": link}}}
    with FakeAwsPriceList() as fake:
        fake.plant({"p5.48xlarge": "55.0400000000"})

        found = outcomes(
            fake,
            said,
            lambda: aws.read_region(fetcher_of(fake, LIMITS), "us-east-1"),
            "region_index.json",
        )

    assert found >= {"read", "malformed_json", "unexpected_shape", "foreign_link"}


def test_a_mangled_page_is_read_or_refused() -> None:
    """The rows of a walk, its count and its link."""
    prices = [
        AzurePrice("Standard_NC24ads_A100_v4", "3.673"),
        AzurePrice("Standard_NC24ads_A100_v4", "0.7346", is_spot=True),
    ]
    said = {
        "BillingCurrency": "USD",
        "Items": [json.loads(row(price)) for price in prices],
        "NextPageLink": None,
        "Count": 2,
    }
    with FakeAzureRetailPrices() as fake:
        found = outcomes(
            fake, said, lambda: azure.read_region(fetcher_of(fake, LIMITS), "eastus"), ""
        )

    assert found >= {"read", "unreadable", "malformed_json", "inconsistent_page", "foreign_link"}


def bytes_changed(text: bytes, chance: random.Random) -> bytes:
    """Return bytes of which up to three were replaced, and the end cut now and then."""
    changed = bytearray(text)
    for _ in range(chance.randint(1, 3)):
        changed[chance.randrange(len(changed))] = chance.choice([0, 10, 34, 44, 255])
    if chance.random() < 0.1:
        del changed[chance.randrange(len(changed)) :]
    return bytes(changed)


CATALOGUE = [
    CatalogueRow("a2-highgpu-1g", "3.673477"),
    CatalogueRow("n1-standard-4", "0.54", gpu_name="T4", gpu_memory="16.0", spot="True"),
]


def test_a_mangled_archive_is_read_or_refused() -> None:
    """Its directory, its headers, what is packed."""
    chance = random.Random(7)
    archive = archive_of({"gcp.csv": table_of(CATALOGUE)})
    with FakeGpuhuntCatalogue() as fake:
        fake.plant(CATALOGUE)
        bodies = [bytes_changed(archive, chance) for _ in range(4 * MANGLED)]

        found = outcomes_of(
            fake,
            bodies,
            lambda: gpuhunt.read_catalogue(fetcher_of(fake, LIMITS), "gcp"),
            "catalog.zip",
        )

    assert found >= {"read", "bad_archive", "unexpected_shape"}


def test_a_mangled_table_is_read_or_refused() -> None:
    """In an archive that is whole."""
    chance = random.Random(7)
    table = table_of(CATALOGUE)
    with FakeGpuhuntCatalogue() as fake:
        fake.plant(CATALOGUE)
        bodies = [archive_of({"gcp.csv": bytes_changed(table, chance)}) for _ in range(MANGLED)]

        found = outcomes_of(
            fake,
            bodies,
            lambda: gpuhunt.read_catalogue(fetcher_of(fake, LIMITS), "gcp"),
            "catalog.zip",
        )

    assert found >= {"read", "unreadable", "unexpected_shape"}
