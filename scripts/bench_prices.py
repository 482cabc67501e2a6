"""Times rate look-ups and equivalence answers, as ratios in one run on the same facts.

    make bench-prices            10 thousand and 1 million rates
    make bench-prices RATES=...  other sizes, separated by spaces

Compared are this package's price book, the same question in plain SQL through sqlite3 (in memory,
indexed for it, prepared once), and gpuhunt's `Catalog.query` over a catalogue kept in memory.
gpuhunt knows the present only, so its catalogue holds one price per offer where the others hold the
history too. All take turns of a fraction of a second and are timed in processor time, so that what
else the machine does concerns each of them alike; the figures are medians of the turns.
"""

import argparse
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import cycle, islice
from random import Random
from statistics import median
from typing import Any

from gpuhunt import Catalog, CatalogItem
from gpuhunt._internal.catalog import OFFLINE_PROVIDERS, ProviderCatalog
from gpuhunt._internal.models import AcceleratorVendor

from dumont_economy.data.shipped_rows import shipped_rows
from dumont_economy.pricing.equivalence import GpuDemand, find_equivalent
from dumont_economy.pricing.gpu_model import shipped_gpu_models
from dumont_economy.pricing.matching_rules import newest_matching_rules
from dumont_economy.pricing.policy import Basis, Substitutes
from dumont_economy.pricing.price_book import PriceBook
from dumont_economy.pricing.rate import PricingModel, Rate, SourceKind
from dumont_economy.pricing.sku import Sku

SIZES = (10_000, 1_000_000)
PERIODS = 5
SEED = 7
QUESTIONS = 2_000
TURNS = 15
SECONDS_A_TURN = 0.1
MOST_GROWTH = 1.5
FIRST = datetime(2024, 1, 1, tzinfo=UTC)
MODEL = PricingModel.ON_DEMAND
BOOK, SQL, GPUHUNT = "price book", "sqlite3", "gpuhunt"
LOOK_UPS, MATCHES = "look-ups", "equivalence"
GPUS = ("RTX 4090", "A100-80GB", "H100-80GB-SXM", "T4", "L4", "RTX 3090", "V100-16GB", "A10")


@dataclass(frozen=True)
class Lookup:
    """Which rate of one SKU is in force at an instant."""

    provider: str
    region: str
    instance_type: str
    gpu: str
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
    """Return random questions about these rates.

    Their texts are their own, as with any asker: nobody can tell them by where they are kept.
    """
    rnd = Random(SEED + 1)  # noqa: S311  repeatable, not secret
    present = FIRST + timedelta(days=150 * PERIODS)
    lookups, matchings = [], []
    for _ in range(QUESTIONS):
        sku = rnd.choice(rates).sku
        at = present - timedelta(hours=rnd.randrange(24 * 150 * PERIODS))
        provider, region, instance_type = map(
            _copied, (sku.provider, sku.region, sku.instance_type)
        )
        lookups.append(Lookup(provider, region, instance_type, sku.gpu_model, at))
        gpu, count = rnd.choice(GPUS), rnd.choice((1, 1, 2, 4, 8))
        matchings.append(Matching(gpu, count, provider, region, at))
    return lookups, matchings


def book_answers(
    rates: Sequence[Rate],
) -> tuple[Callable[[Lookup], Decimal], Callable[[Matching], Fraction | None]]:
    """Return how this package answers."""
    book, models = PriceBook(rates, [], 1), shipped_gpu_models()
    rules = newest_matching_rules()

    def look_up(asked: Lookup) -> Decimal:
        rate = book.rate_at(asked.provider, asked.region, asked.instance_type, MODEL, asked.at)
        return rate.usd_per_instance_hour

    def match(asked: Matching) -> Fraction | None:
        found = find_equivalent(
            GpuDemand(models[asked.gpu], asked.count, "x86_64"),
            book.rates_on_offer(asked.provider, asked.region, MODEL, asked.at),
            models,
            rules,
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
        at = _seconds(asked.at)
        row = connection.execute(
            _LOOK_UP, (asked.provider, asked.region, asked.instance_type, at, known)
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
        found = catalog.query(provider=asked.provider, gpu_name=asked.gpu, spot=False)
        return next(
            item.price
            for item in found
            if item.instance_name == asked.instance_type and item.location == asked.region
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


@dataclass(frozen=True)
class Contender:
    """One that answers questions of one kind, and how many a second it gave in each turn."""

    answer: Callable[[Any], object]
    questions: Iterator[object]
    speeds: list[float] = field(default_factory=list)

    @property
    def speed(self) -> float:
        """Return the answers a second of processor time."""
        return median(self.speeds)

    def take_turn(self) -> None:
        """Answer for a turn; the clock is read seldom, as it costs as much as a look-up."""
        started, given, more = time.process_time(), 0, 1
        while (elapsed := time.process_time() - started) < SECONDS_A_TURN:
            for question in islice(self.questions, more):
                self.answer(question)
            given += more
            more = given
        self.speeds.append(given / elapsed)

    def times_as_fast_as(self, other: "Contender") -> float:
        """Return the ratio of the speeds, turn by turn, so that both met the same load."""
        return median(mine / theirs for mine, theirs in zip(self.speeds, other.speeds, strict=True))


def contenders(rates: Sequence[Rate]) -> dict[tuple[str, str], Contender]:
    """Return who answers what about these rates, by name and kind of question."""
    lookups, matchings = made_questions(rates)
    makers = {BOOK: book_answers, SQL: sql_answers, GPUHUNT: gpuhunt_answers}
    answers = {name: make(rates) for name, make in makers.items()}
    if any(answers[BOOK][0](asked) != answers[SQL][0](asked) for asked in lookups):
        raise SystemExit("The price book and SQL find different rates.")
    found = {}
    for name, (look_up, match) in answers.items():
        found[name, LOOK_UPS] = Contender(look_up, cycle(lookups))
        found[name, MATCHES] = Contender(match, cycle(matchings))
    return found


def print_table(size: int, found: Mapping[tuple[str, str], Contender]) -> None:
    """Print the answers a second of each, and the ratios to the price book's."""
    print(f"{size:,} rates".ljust(26) + f"{'look-ups/s':>14} {'equivalence/s':>16}")
    for name in (BOOK, SQL, GPUHUNT):
        speeds = (found[name, LOOK_UPS].speed, found[name, MATCHES].speed)
        print(f"  {name:24}" + f"{speeds[0]:14,.1f} {speeds[1]:16,.1f}")
    for name in (SQL, GPUHUNT):
        ratios = [
            found[BOOK, kind].times_as_fast_as(found[name, kind]) for kind in (LOOK_UPS, MATCHES)
        ]
        print(f"  {'ratio to ' + name:24}" + f"{ratios[0]:14,.1f} {ratios[1]:16,.1f}")


def print_goals(
    smallest: Mapping[tuple[str, str], Contender], largest: Mapping[tuple[str, str], Contender]
) -> None:
    """Print each goal beside what was measured at the largest size."""
    looked_up, matched = largest[BOOK, LOOK_UPS], largest[BOOK, MATCHES]
    growth = smallest[BOOK, MATCHES].times_as_fast_as(matched)
    least = (
        ("look-ups, times sqlite3", 5, looked_up.times_as_fast_as(largest[SQL, LOOK_UPS])),
        ("look-ups, times gpuhunt", 1_000, looked_up.times_as_fast_as(largest[GPUHUNT, LOOK_UPS])),
        ("equivalence, times gpuhunt", 100, matched.times_as_fast_as(largest[GPUHUNT, MATCHES])),
    )
    print(f"{'goal at the largest size':44} {'goal':>14} {'measured':>12}")
    for what, goal, found in least:
        _print_goal(what, f"at least {goal:,}", f"{found:,.1f}", reached=found >= goal)
    what = "equivalence, growth from the smallest size"
    _print_goal(what, f"at most {MOST_GROWTH}", f"{growth:.2f}", reached=growth <= MOST_GROWTH)


def _print_goal(what: str, goal: str, found: str, *, reached: bool) -> None:
    print(f"  {what:42} {goal:>14} {found:>12}  {'reached' if reached else 'MISSED'}")


def _copied(text: str) -> str:
    return text.encode().decode()


def _seconds(instant: datetime) -> int:
    return (instant - FIRST) // timedelta(seconds=1)


def main() -> None:
    """Print one table a size, then the goals."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("sizes", nargs="*", type=int, default=SIZES)
    sizes = sorted(parser.parse_args().sizes)
    found = {size: contenders(made_rates(size)) for size in sizes}
    for _ in range(TURNS):
        for of_size in found.values():
            for one in of_size.values():
                one.take_turn()
    for size, of_size in found.items():
        print_table(size, of_size)
    print_goals(found[sizes[0]], found[sizes[-1]])


if __name__ == "__main__":
    main()
