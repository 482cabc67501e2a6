"""A region file of true size: exactly the planted truth, in little memory."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from dumont_economy.data.shipped_rows import shipped_rows
from dumont_economy.feeds import aws_region_file
from dumont_economy.feeds.aws_region_file import read_region_file
from dumont_economy.feeds.raw_payload import PayloadRecorder
from dumont_economy.pricing.price_claim import FeedReading, FeedScope
from dumont_economy.pricing.rate import PricingModel, SourceKind
from dumont_economy.storage import price_imports, prices
from dumont_economy.storage.database import Database
from tests.fakes.aws_price_list import FakeAwsPriceList
from tests.fakes.aws_region_file import AwsPrice, write_true_size
from tests.integration.feeds import import_one_region
from tests.integration.feeds.harness import TODAY

SEED = 20_260_820
TRUE_SIZE = 400_000_000  # bytes
SMALL_SIZE = 3_000_000  # bytes
MOST_MEMORY = 300  # MB
REGION = "us-east-1"
SCOPE = FeedScope(SourceKind.PROVIDER_FEED, "AWS Price List", "aws", REGION)


def last_prices() -> dict[str, Decimal]:
    """Return what the shipped book says last of every GPU type of AWS in the region."""
    return {
        row["instance_type"]: Decimal(row["usd_per_instance_hour"])
        for row in sorted(shipped_rows("price_book.csv"), key=lambda row: row["effective_from"])
        if (row["provider"], row["region"], row["pricing_model"]) == ("aws", REGION, "on_demand")
    }


# Every GPU type that is sold there, each at a price of its own, a little above the last one.
TRUTH = [
    AwsPrice(instance_type, f"{last * (107 + number) / 100:.10f}")
    for number, (instance_type, last) in enumerate(sorted(last_prices().items()))
]


@pytest.fixture
def true_size(tmp_path: Path) -> Iterator[Path]:
    """Write a region file of true size, and take it away again."""
    path = tmp_path / "index.json"
    write_true_size(path, TRUTH, size=TRUE_SIZE, seed=SEED)
    yield path
    path.unlink()


def test_a_file_of_true_size_gives_the_truth_in_little_memory(
    true_size: Path, tmp_path: Path
) -> None:
    """Over 400 MB and a hundred thousand other products, imported whole in under 300 MB."""
    url = f"sqlite:///{tmp_path / 'economy.db'}"
    with FakeAwsPriceList(files={REGION: true_size}) as fake:
        finished = subprocess.run(
            [sys.executable, import_one_region.__file__, fake.url, REGION, url],
            capture_output=True,
            check=True,
            timeout=240,
        )
    answer = json.loads(finished.stdout)

    truth = {price.instance_type: Decimal(price.price) for price in TRUTH}
    gpu_counts = {row["instance_type"]: row["gpu_count"] for row in shipped_rows("skus.csv")}
    assert {name: (Decimal(price), Fraction(gpus)) for name, price, gpus in answer["prices"]} == {
        name: (price, Fraction(gpu_counts[name])) for name, price in truth.items()
    }
    assert len(answer["prices"]) == len(truth)
    assert (answer["outcome"], answer["added"]) == ("taken", len(truth))
    assert (answer["refused"], answer["quarantined"]) == (0, 0)
    assert learned(url, answer["sha256"]) == truth
    assert sum(answer["skipped"].values()) > 100_000
    with true_size.open("rb") as file:
        assert answer["sha256"] == hashlib.file_digest(file, "sha256").hexdigest()
    assert answer["file_mb"] >= 400
    assert answer["peak_mb"] < MOST_MEMORY
    # The control: the measure sees the file where it is held.
    assert answer["peak_mb_holding_the_file"] > MOST_MEMORY


def learned(url: str, payload_sha256: str) -> dict[str, Decimal]:
    """Return the prices now in force that were read from those bytes, which have to be kept."""
    database, now = Database(url), datetime.now(UTC)
    with database.read() as connection:
        assert price_imports.has_payload(connection, payload_sha256)
        rates = prices.rates_in_force(
            connection,
            provider="aws",
            region=REGION,
            pricing_model=PricingModel.ON_DEMAND,
            at=now,
            as_of=now,
        )
    database.close()
    return {
        rate.sku.instance_type: rate.usd_per_instance_hour
        for rate in rates
        if rate.source == SCOPE.source
    }


def reading_of(path: Path) -> FeedReading:
    """Return what a file on disk says."""
    with PayloadRecorder("https://prices.example/index.json", TODAY) as recorder:
        recorder.write(path.read_bytes())
        with recorder.finish() as payload:
            return read_region_file(payload, SCOPE, is_current=True)


def test_one_seed_makes_one_file(tmp_path: Path) -> None:
    """What fails once can be looked at again."""
    paths = [tmp_path / name for name in ("one", "two", "other")]
    for path, seed in zip(paths, (SEED, SEED, SEED + 1), strict=True):
        write_true_size(path, TRUTH, size=SMALL_SIZE, seed=seed)
    one, two, other = (path.read_bytes() for path in paths)

    assert one == two != other
    assert len(one) >= SMALL_SIZE
    assert json.loads(one)["offerCode"] == "AmazonEC2"


@pytest.mark.parametrize("attribute", aws_region_file._PLAIN_MACHINE)  # noqa: SLF001
def test_the_traps_are_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, attribute: str
) -> None:
    """The control of the truth: with any one attribute not looked at, something else is told."""
    path = tmp_path / "index.json"
    write_true_size(path, TRUTH, size=SMALL_SIZE, seed=SEED)
    wanted = aws_region_file._PLAIN_MACHINE  # noqa: SLF001
    others = {name: value for name, value in wanted.items() if name != attribute}

    truth = reading_of(path)
    monkeypatch.setattr(aws_region_file, "_PLAIN_MACHINE", others)
    trapped = reading_of(path)

    assert len(truth.claims) == len(TRUTH)
    assert len(trapped.claims) > len(TRUTH)
