"""Times rate look-ups and equivalence answers, as ratios in one run on the same facts.

    make bench-prices            10 thousand and 1 million rates
    make bench-prices RATES=...  other sizes, separated by spaces

Compared are this package's price book, the same question in plain SQL through sqlite3 (in memory,
indexed for it), and gpuhunt's `Catalog.query` over a catalogue kept in memory. gpuhunt knows the
present only, so its catalogue holds one price per offer where the others hold the history too.
"""

import argparse
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import cycle, islice
from random import Random

from gpuhunt import Catalog, CatalogItem
from gpuhunt._internal.catalog import OFFLINE_PROVIDERS, ProviderCatalog
from gpuhunt._internal.models import AcceleratorVendor

from dumont_economy.data.shipped_rows import shipped_rows
from dumont_economy.pricing.equivalence import GpuDemand, find_equivalent
from dumont_economy.pricing.gpu_model import shipped_gpu_models
from dumont_economy.pricing.policy import Basis, Substitutes
from dumont_economy.pricing.price_book import PriceBook
from dumont_economy.pricing.rate import PricingModel, Rate, SourceKind
from dumont_economy.pricing.sku import Sku

SIZES = (10_000, 1_000_000)
PERIODS = 5
SEED = 7
QUESTIONS = 2_000
SECONDS = 2.0
_UNTIMED = 64
FIRST = datetime(2024, 1, 1, tzinfo=UTC)
MODEL = PricingModel.ON_DEMAND
GPUS = ("RTX 4090", "A100-80GB", "H100-80GB-SXM", "T4", "L4", "RTX 3090", "V100-16GB", "A10")


@dataclass(frozen=True)
class Lookup:
    """Which rate of one SKU is in force at an instant."""

    sku: Sku
    at: datetime


@dataclass(frozen=True)
class Matching:
    """What some GPUs are compared with in one region at an instant."""

    gpu: str
    count: int
    provider: str
    region: str
    at: datetime


def made_rates(size: int) -> list[Rate]:
    """Return so many rates: the shipped instance types in as many regions as it takes."""
    rnd = Random(SEED)  # noqa: S311  repeatable, not secret
    rates: list[Rate] = []
    for sku in islice(_skus(), size // PERIODS):
        base = Decimal(rnd.randrange(50, 9_000)) / 100
        rates += [
            Rate(
                sku=sku,
                pricing_model=MODEL,
                usd_per_instance_hour=base - Decimal(period) / 100,
                effective_from=FIRST + timedelta(days=150 * period),
                published_at=FIRST + timedelta(days=150 * period),
                source_kind=SourceKind.PROVIDER_FEED,
                source="made",
                source_url=None,
                retrieved_at=date(2026, 8, 1),
            )
            for period in range(PERIODS)
        ]
    return rates


def _skus() -> Iterator[Sku]:
    rows = shipped_rows("skus.csv")
    for number in range(1_000_000):
        for row in rows:
            yield Sku(
                row["provider"],
                f"region-{number}",
                row["instance_type"],
                row["gpu_model"],
                Fraction(row["gpu_count"]),
                row["cpu_architecture"],
            )


def made_questions(rates: Sequence[Rate]) -> tuple[list[Lookup], list[Matching]]:
    """Return random questions about these rates."""
    rnd = Random(SEED + 1)  # noqa: S311  repeatable, not secret
    present = FIRST + timedelta(days=150 * PERIODS)
    lookups, matchings = [], []
    for _ in range(QUESTIONS):
        sku = rnd.choice(rates).sku
        lookups.append(Lookup(sku, present - timedelta(hours=rnd.randrange(24 * 150 * PERIODS))))
        matchings.append(
            Matching(
                rnd.choice(GPUS),
                rnd.choice((1, 1, 2, 4, 8)),
                sku.provider,
                sku.region,
                lookups[-1].at,
            )
        )
    return lookups, matchings


def book_answers(
    rates: Sequence[Rate],
) -> tuple[Callable[[Lookup], Decimal], Callable[[Matching], Fraction | None]]:
    """Return how this package answers."""
    book, models = PriceBook(rates, [], 1), shipped_gpu_models()

    def look_up(asked: Lookup) -> Decimal:
        sku = asked.sku
        rate = book.rate_at(sku.provider, sku.region, sku.instance_type, MODEL, asked.at)
        return rate.usd_per_instance_hour

    def match(asked: Matching) -> Fraction | None:
        found = find_equivalent(
            GpuDemand(models[asked.gpu], asked.count, "x86_64"),
            book.rates_on_offer(asked.provider, asked.region, MODEL, asked.at),
            models,
            basis=Basis.PER_GPU,
            substitutes=Substitutes.COUNT,
        )
        return None if found is None else found.usd_per_hour

    return look_up, match


_SCHEMA = """
CREATE TABLE rate (
    provider TEXT, region TEXT, instance_type TEXT, gpu_model TEXT, gpu_count REAL,
    architecture TEXT, price TEXT, effective_from INTEGER, published_at INTEGER
);
CREATE TABLE model (
    name TEXT PRIMARY KEY, chip TEXT, vendor TEXT, memory REAL, fp16 REAL, bandwidth REAL
);
"""
_INDEX = """
CREATE INDEX in_force ON rate
    (provider, region, instance_type, effective_from, published_at, price)
"""
_LOOK_UP = """
SELECT price FROM rate
WHERE provider = ? AND region = ? AND instance_type = ? AND effective_from <= ?
    AND published_at <= ?
ORDER BY effective_from DESC, published_at DESC LIMIT 1
"""
# The rules of the price book in one statement: grade, whole machines before a share, then price.
_MATCH = """
WITH in_force AS (
    SELECT *, row_number() OVER (
        PARTITION BY instance_type ORDER BY effective_from DESC, published_at DESC
    ) AS precedence
    FROM rate
    WHERE provider = :provider AND region = :region AND effective_from <= :at
        AND published_at <= :known
), alike AS (
    SELECT f.*, CASE WHEN o.name = w.name THEN 'A' WHEN o.chip = w.chip THEN 'C' ELSE 'D' END grade
    FROM in_force f JOIN model o ON o.name = f.gpu_model JOIN model w ON w.name = :gpu
    WHERE f.precedence = 1 AND f.architecture = 'x86_64' AND f.gpu_count >= 1
        AND (o.name = w.name OR (o.memory >= w.memory AND (o.chip = w.chip OR (
            o.vendor = w.vendor AND o.fp16 * 2 >= w.fp16 AND o.bandwidth * 2 >= w.bandwidth))))
)
SELECT price * :count / gpu_count FROM alike
WHERE gpu_count >= :count OR :count % gpu_count = 0
ORDER BY CASE WHEN grade = 'A' AND gpu_count <> :count THEN 'B' ELSE grade END,
    gpu_count > :count, price * :count / gpu_count, instance_type LIMIT 1
"""


def sql_answers(
    rates: Sequence[Rate],
) -> tuple[Callable[[Lookup], object], Callable[[Matching], object]]:
    """Return how the same questions are answered in plain SQL."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(_SCHEMA)
    connection.executemany(
        "INSERT INTO rate VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                rate.sku.provider,
                rate.sku.region,
                rate.sku.instance_type,
                rate.sku.gpu_model,
                str(Decimal(rate.sku.gpu_count.numerator) / rate.sku.gpu_count.denominator),
                rate.sku.cpu_architecture,
                str(rate.usd_per_instance_hour),
                _seconds(rate.effective_from),
                _seconds(rate.published_at),
            )
            for rate in rates
        ),
    )
    connection.executemany(
        "INSERT INTO model VALUES (?, ?, ?, ?, ?, ?)",
        (
            (
                model.name,
                model.chip,
                model.vendor,
                str(model.memory_gib),
                None if model.fp16_dense_tflops is None else str(model.fp16_dense_tflops),
                None if model.memory_bandwidth_gbps is None else str(model.memory_bandwidth_gbps),
            )
            for model in shipped_gpu_models().values()
        ),
    )
    connection.execute(_INDEX)
    known = _seconds(FIRST + timedelta(days=3650))

    def look_up(asked: Lookup) -> object:
        sku = asked.sku
        row = connection.execute(
            _LOOK_UP, (sku.provider, sku.region, sku.instance_type, _seconds(asked.at), known)
        ).fetchone()
        return Decimal(row[0])

    def match(asked: Matching) -> object:
        named = {
            "provider": asked.provider,
            "region": asked.region,
            "gpu": asked.gpu,
            "count": asked.count,
            "at": _seconds(asked.at),
            "known": known,
        }
        row = connection.execute(_MATCH, named).fetchone()
        return None if row is None else row[0]

    return look_up, match


def gpuhunt_answers(
    rates: Sequence[Rate],
) -> tuple[Callable[[Lookup], object], Callable[[Matching], object]]:
    """Return how gpuhunt answers, from a catalogue in memory."""
    models = shipped_gpu_models()
    newest = {rate.sku: rate for rate in rates}
    items: dict[str, list[CatalogItem]] = {name: [] for name in OFFLINE_PROVIDERS}
    for sku, rate in newest.items():
        model = models[sku.gpu_model]
        items[sku.provider].append(
            CatalogItem(
                provider=sku.provider,
                instance_name=sku.instance_type,
                location=sku.region,
                price=rate.usd_per_instance_hour,
                cpu=8,
                memory=32,
                gpu_count=max(1, int(sku.gpu_count)),
                gpu_name=sku.gpu_model,
                gpu_memory=int(model.memory_gib),
                spot=False,
                disk_size=None,
                gpu_vendor=AcceleratorVendor(model.vendor.lower()),
            )
        )
    catalog = Catalog(auto_reload=False)
    catalog.catalog = {name: ProviderCatalog("made", held) for name, held in items.items()}
    catalog.loaded_at = time.monotonic()

    def look_up(asked: Lookup) -> object:
        sku = asked.sku
        found = catalog.query(provider=sku.provider, gpu_name=sku.gpu_model, spot=False)
        return next(
            item.price
            for item in found
            if item.instance_name == sku.instance_type and item.location == sku.region
        )

    def match(asked: Matching) -> object:
        memory = int(models[asked.gpu].memory_gib)
        found = catalog.query(
            provider=asked.provider,
            min_gpu_count=asked.count,
            min_gpu_memory=memory,
            gpu_vendor="nvidia",
            spot=False,
        )
        return next((item.price for item in found if item.location == asked.region), None)

    return look_up, match


def per_second(answer: Callable[[object], object], questions: Sequence[object]) -> float:
    """Return how many answers a second are given, over about two seconds."""
    started = time.perf_counter()
    for given, question in enumerate(cycle(questions), start=1):
        answer(question)
        # The clock costs as much as a look-up, so it is not read at each.
        if given % _UNTIMED == 0 or given < _UNTIMED:
            elapsed = time.perf_counter() - started
            if elapsed > SECONDS:
                return given / elapsed
    raise AssertionError


def _seconds(instant: datetime) -> int:
    return (instant - FIRST) // timedelta(seconds=1)


def main() -> None:
    """Print one table a size, and how answers change with the size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("sizes", nargs="*", type=int, default=SIZES)
    equivalence_of_size = {}
    for size in parser.parse_args().sizes:
        rates = made_rates(size)
        lookups, matchings = made_questions(rates)
        speeds = {}
        for name, answers in (
            ("price book", book_answers),
            ("sqlite3", sql_answers),
            ("gpuhunt", gpuhunt_answers),
        ):
            look_up, match = answers(rates)
            speeds[name] = (per_second(look_up, lookups), per_second(match, matchings))  # type: ignore[arg-type]
        equivalence_of_size[size] = speeds["price book"][1]
        print(f"{len(rates):,} rates                 look-ups/s    equivalence/s")
        for name, (looked_up, matched) in speeds.items():
            print(f"  {name:24} {looked_up:14,.1f} {matched:16,.1f}")
        ours = speeds["price book"]
        for name in ("sqlite3", "gpuhunt"):
            theirs = speeds[name]
            print(f"  ratio to {name:15} {ours[0] / theirs[0]:14,.1f} {ours[1] / theirs[1]:16,.1f}")
    smallest, largest = min(equivalence_of_size), max(equivalence_of_size)
    growth = equivalence_of_size[smallest] / equivalence_of_size[largest]
    print(
        f"an equivalence answer over {largest:,} rates takes {growth:.2f} x that over {smallest:,}"
    )


if __name__ == "__main__":
    main()
