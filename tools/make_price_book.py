"""Makes the shipped price facts from a folder of dated price tables, and proves them against it.

    python tools/make_price_book.py FOLDER           writes the derived files
    python tools/make_price_book.py --check FOLDER   derives them again and compares, then asks
                                                     the written book for every price of the tables

FOLDER holds `gpu_instances_DATE.csv` tables, `gpu_specs.csv` and `not_offered.csv`. What is kept by
hand beside the derived files (aliases, billing rules, reference card) is left alone. Exit codes:
0 done, 1 a difference was found, 2 wrong use, 3 a table cannot be read.
"""

import argparse
import csv
import io
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby, pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "src" / "dumont_economy" / "data"
SAMPLE = ROOT / "tests" / "unit" / "pricing" / "price_facts_sample.csv"
SAMPLE_SIZE = 300

CLOUDS = ("aws", "azure", "gcp")
PRICE_COLUMN = {"on_demand": "on_demand_usd_per_hour", "spot": "spot_usd_per_hour"}

# Models that are one chip in several form factors or memory sizes. Every other model is a chip of
# its own: an L40 is no L40S, an A10 no A10G, an H200 no H100.
CHIP = {
    "A100-40GB": "A100",
    "A100-40GB-PCIe": "A100",
    "A100-80GB": "A100",
    "A100-80GB-PCIe": "A100",
    "H100-80GB-PCIe": "H100",
    "H100-80GB-SXM": "H100",
    "H100-94GB-NVL": "H100",
    "V100-16GB": "V100",
    "V100-32GB": "V100",
}

# GPUs that only sit in machines with Arm processors (Graviton hosts, Grace superchips).
ARM_GPU_MODELS = frozenset({"GB200", "GB300", "GH200", "T4G"})

# Rental offers that the demonstration rents at; some cost more than a big cloud asks.
RENTAL_OFFERS = (
    "digitalocean-mi300x-on-demand",
    "hyperstack-h100-pcie-on-demand",
    "hyperstack-l40-on-demand",
    "lambda-a10-on-demand",
    "lambda-a100-sxm-40gb-on-demand",
    "lambda-b200-sxm6-on-demand",
    "modal-t4-on-demand",
    "runpod-a100-sxm-secure",
    "runpod-h100-nvl-secure",
    "runpod-h100-sxm-secure",
    "runpod-h200-secure",
    "runpod-l4-community",
    "runpod-l40s-community",
    "runpod-rtx-3090-community",
    "runpod-rtx-4090-secure",
    "runpod-rtx-5090-community",
    "runpod-rtx-6000-ada-community",
    "runpod-rtx-a5000-community",
    "runpod-rtx-a6000-community",
    "runpod-rtx-pro-6000-community",
    "tensordock-a100-pcie-on-demand",
    "vast-ai-rtx-3080-on-demand",
    "vast-ai-rtx-4090-on-demand",
    "verda-v100-on-demand",
)

_DECIMAL = re.compile(r"[0-9]+(?:\.[0-9]+)?", re.ASCII)
_GITHUB_FILE = re.compile(r"github ([^/ ]+/[^/ ]+) (\S+) @([0-9a-f]{7,40})", re.ASCII)


class TableError(Exception):
    """A table does not hold what it should; says in which file, line and column."""


@dataclass(frozen=True)
class Row:
    """One row of a table, with the place to name when a value is wrong."""

    file_name: str
    line: int
    values: dict[str, str]

    def text(self, column: str) -> str:
        """Return a value that must not be empty."""
        value = self.values.get(column, "")
        if not value:
            raise self.error(column, "is missing")
        return value

    def optional(self, column: str) -> str:
        """Return a value that may be empty."""
        return self.values.get(column, "")

    def decimal(self, column: str) -> Decimal:
        """Return an exact decimal, 0 or greater."""
        text = self.text(column)
        if not _DECIMAL.fullmatch(text):
            raise self.error(column, f"{text!r} is no plain decimal number")
        return Decimal(text)

    def day(self, column: str) -> date:
        """Return a date."""
        text = self.text(column)
        try:
            return date.fromisoformat(text)
        except ValueError as error:
            raise self.error(column, f"{text!r} is no date") from error

    def error(self, column: str, problem: str) -> TableError:
        """Return the error that names this row's place."""
        return TableError(f"{self.file_name}, line {self.line}, column {column}: {problem}")


@dataclass(frozen=True, order=True)
class OfferKey:
    """What one series of prices belongs to."""

    provider: str
    region: str
    instance_type: str
    pricing_model: str


@dataclass(frozen=True)
class PriceFact:
    """One price as one table saw it, in USD per instance-hour."""

    key: OfferKey
    seen: date
    usd_per_instance_hour: str
    source: str

    @property
    def amount(self) -> Decimal:
        """Return the price as a number, to compare it with another."""
        return Decimal(self.usd_per_instance_hour)


@dataclass(frozen=True)
class PricePeriod:
    """One price and how long it is known to have held; the newest fact that confirms it."""

    fact: PriceFact
    effective_from: date
    first_seen: date
    last_seen: date
    previous_last_seen: date | None
    bracket_source: str


@dataclass(frozen=True)
class RefusedPrice:
    """A price that is in a table and not in the book, because it is wrong."""

    key: OfferKey
    seen: date
    usd_per_instance_hour: str
    reason: str

    def is_of(self, fact: PriceFact) -> bool:
        """Say whether this refuses the fact."""
        return (self.key, self.seen, self.usd_per_instance_hour) == (
            fact.key,
            fact.seen,
            fact.usd_per_instance_hour,
        )


@dataclass(frozen=True)
class NarrowBracket:
    """What other sources know of one price cut: seen last before it, and first after it."""

    provider: str
    instance_type: str
    last_seen: date
    first_seen: date
    source: str

    def is_of(self, old: PricePeriod, new: PriceFact) -> bool:
        """Say whether this lies inside the bracket of a fall that the tables show."""
        return (
            (self.provider, self.instance_type) == (new.key.provider, new.key.instance_type)
            and new.amount < old.fact.amount
            and old.last_seen <= self.last_seen
            and self.first_seen <= new.seen
        )


_TWO_HISTORIES = "change bracketed by two dated histories of the AWS price list"
_AWS_CUT_OF_2025 = date(2025, 4, 29)
# Not p5en: its cut is only known to lie between two tables.
NARROW_BRACKETS = (
    NarrowBracket("aws", "p5.48xlarge", _AWS_CUT_OF_2025, date(2025, 6, 5), _TWO_HISTORIES),
    NarrowBracket("aws", "p4d.24xlarge", _AWS_CUT_OF_2025, date(2025, 6, 23), _TWO_HISTORIES),
    NarrowBracket("aws", "p4de.24xlarge", _AWS_CUT_OF_2025, date(2025, 6, 23), _TWO_HISTORIES),
)

REFUSED_PRICES = tuple(
    RefusedPrice(
        OfferKey("azure", "polandcentral", instance_type, "on_demand"),
        date(2025, 5, 16),
        "7.692",
        "wrong in the source: eight A100 for 7.692, where it says 46.89 a year later",
    )
    for instance_type in ("Standard_ND96ams_A100_v4", "Standard_ND96amsr_A100_v4")
)


@dataclass(frozen=True)
class Tables:
    """Everything that is read from the folder."""

    dated: dict[str, list[Row]]
    gpu_specs: list[Row]
    not_offered: list[Row]

    def cloud_rows(self) -> Iterator[Row]:
        """Yield the rows of the clouds that usage is compared with."""
        for rows in self.dated.values():
            yield from filter(is_cloud_row, rows)

    def rental_rows(self) -> Iterator[Row]:
        """Yield the rows of the rental clouds."""
        for rows in self.dated.values():
            yield from (row for row in rows if not is_cloud_row(row))


def is_cloud_row(row: Row) -> bool:
    """Say whether a row is of a cloud that usage is compared with."""
    return row.text("provider") in CLOUDS


def read_tables(folder: Path) -> Tables:
    """Read the folder's tables."""
    paths = sorted(folder.glob("gpu_instances_[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9].csv"))
    if not paths:
        raise TableError(f"{folder}: no gpu_instances_DATE.csv there")
    return Tables(
        dated={path.name: read_table(path) for path in paths},
        gpu_specs=read_table(folder / "gpu_specs.csv", rejoin_last_column=True),
        not_offered=read_table(folder / "not_offered.csv"),
    )


def read_table(path: Path, *, rejoin_last_column: bool = False) -> list[Row]:
    """Read one CSV table.

    Args:
        path: The file.
        rejoin_last_column: Whether the last column is text whose commas were left unquoted, so
            that surplus fields belong to it.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise TableError(f"{path.name}: cannot be read ({error.strerror})") from error
    reader = csv.reader(io.StringIO(text), strict=True)
    header = next(reader, [])
    rows = []
    for fields in reader:
        if rejoin_last_column:
            tail = ",".join(fields[len(header) - 1 :])
            cells = [*fields[: len(header) - 1], tail]
        else:
            cells = fields
        if len(cells) != len(header):
            place = f"{path.name}, line {reader.line_num}"
            raise TableError(f"{place}: {len(cells)} fields where the header has {len(header)}")
        rows.append(Row(path.name, reader.line_num, dict(zip(header, cells, strict=True))))
    return rows


def price_facts(rows: Iterable[Row]) -> Iterator[PriceFact]:
    """Yield every price of the rows, on demand and spot."""
    for row in rows:
        for pricing_model, column in PRICE_COLUMN.items():
            if not row.optional(column):
                continue
            if row.decimal(column) == 0:
                raise row.error(column, "a price of 0 is no price")
            key = OfferKey(
                row.text("provider"),
                row.text("region"),
                row.text("instance_type"),
                pricing_model,
            )
            yield PriceFact(key, row.day("as_of"), row.text(column), source_of(row))


def source_of(row: Row) -> str:
    """Return a row's source, with the doubt about its date where the table notes one."""
    source = row.text("source")
    if "as_of is +/- 2 weeks" in row.optional("note"):
        return f"{source}; date within two weeks"
    return source


def refusal_of(fact: PriceFact) -> RefusedPrice | None:
    """Return why a fact is not in the book, or None where it is."""
    return next((refused for refused in REFUSED_PRICES if refused.is_of(fact)), None)


def price_periods(facts: Iterable[PriceFact]) -> Iterator[PricePeriod]:
    """Yield the periods of every series of prices, in order."""
    accepted = sorted(
        (fact for fact in facts if refusal_of(fact) is None), key=lambda fact: (fact.key, fact.seen)
    )
    for _, series in groupby(accepted, key=lambda fact: fact.key):
        yield from _periods_of_one(list(series))


def _periods_of_one(series: Sequence[PriceFact]) -> list[PricePeriod]:
    for earlier, later in pairwise(series):
        if earlier.seen == later.seen:
            raise TableError(f"{later.key}: two prices on {later.seen}")
    periods = [_first_period(series[0])]
    for fact in series[1:]:
        newest = periods[-1]
        if fact.amount == newest.fact.amount:
            periods[-1] = replace(newest, fact=fact, last_seen=fact.seen)
        else:
            periods[-1:] = _change(newest, fact)
    return periods


def _first_period(fact: PriceFact) -> PricePeriod:
    return PricePeriod(fact, fact.seen, fact.seen, fact.seen, None, "")


def _change(old: PricePeriod, fact: PriceFact) -> tuple[PricePeriod, PricePeriod]:
    """Return the old price and the one that took over, by R-BRACKET.

    Inside the bracket the lower price holds: a fall from the day after the old price was last
    seen, a rise from the day the new one was first seen. So doubt never flatters a saving.
    """
    narrow = next((bracket for bracket in NARROW_BRACKETS if bracket.is_of(old, fact)), None)
    if narrow is None:
        last_seen, first_seen, source = old.last_seen, fact.seen, ""
    else:
        last_seen, first_seen, source = narrow.last_seen, narrow.first_seen, narrow.source
    is_fall = fact.amount < old.fact.amount
    effective_from = last_seen + timedelta(days=1) if is_fall else first_seen
    new = PricePeriod(fact, effective_from, first_seen, fact.seen, last_seen, source)
    return replace(old, last_seen=last_seen, bracket_source=source or old.bracket_source), new


def source_url(source: str) -> str:
    """Return the address of the first file that a source names, empty where it names none."""
    found = _GITHUB_FILE.search(source)
    if found is None:
        return ""
    repository, path, commit = found.groups()
    return f"https://github.com/{repository}/blob/{commit}/{path}"


def price_book_csv(tables: Tables) -> str:
    """Return the price book: one row per price period."""
    header = (
        "provider,region,instance_type,pricing_model,usd_per_instance_hour,effective_from,"
        "first_seen,last_seen,previous_last_seen,source,source_url,retrieved_at"
    )
    rows = [
        (
            period.fact.key.provider,
            period.fact.key.region,
            period.fact.key.instance_type,
            period.fact.key.pricing_model,
            period.fact.usd_per_instance_hour,
            period.effective_from.isoformat(),
            period.first_seen.isoformat(),
            period.last_seen.isoformat(),
            period.previous_last_seen.isoformat() if period.previous_last_seen else "",
            "; ".join(filter(None, (period.fact.source, period.bracket_source))),
            source_url(period.fact.source),
            # When the named source said so, even where another one saw the price later.
            period.fact.seen.isoformat(),
        )
        for period in price_periods(price_facts(tables.cloud_rows()))
    ]
    return _csv_text(header, rows)


def skus_csv(tables: Tables) -> str:
    """Return one row per instance type; the tables have to agree on what it is made of."""
    columns = ("gpu_model", "gpu_count", "gpu_memory_gib", "vcpus", "memory_gib")
    found: dict[tuple[str, str], Row] = {}
    for row in tables.cloud_rows():
        key = (row.text("provider"), row.text("instance_type"))
        known = found.get(key, row)
        for column in columns:
            if row.optional(column) != known.optional(column):
                raise row.error(column, f"differs from {known.file_name}, line {known.line}")
        if row.day("as_of") >= known.day("as_of"):
            found[key] = row
    header = f"provider,instance_type,{','.join(columns)},cpu_architecture,source,as_of"
    rows = [
        (
            *key,
            *(row.optional(column) for column in columns),
            "arm64" if row.text("gpu_model") in ARM_GPU_MODELS else "x86_64",
            row.text("source"),
            row.text("as_of"),
        )
        for key, row in found.items()
    ]
    return _csv_text(header, sorted(rows))


def refused_prices_csv(tables: Tables) -> str:
    """Return the prices of the tables that are not in the book, each with the reason."""
    header = "provider,region,instance_type,pricing_model,usd_per_instance_hour,as_of,reason,source"
    rows = []
    for fact in price_facts(tables.cloud_rows()):
        refused = refusal_of(fact)
        if refused is not None:
            key = fact.key
            rows.append(
                (
                    key.provider,
                    key.region,
                    key.instance_type,
                    key.pricing_model,
                    fact.usd_per_instance_hour,
                    fact.seen.isoformat(),
                    refused.reason,
                    fact.source,
                )
            )
    if len(rows) != len(REFUSED_PRICES):
        raise TableError(f"{len(REFUSED_PRICES)} prices are to be refused, {len(rows)} were found")
    return _csv_text(header, sorted(rows))


def gpu_models_csv(tables: Tables) -> str:
    """Return the GPU models with their chips."""
    columns = (
        "vendor",
        "architecture",
        "memory_gib",
        "memory_bandwidth_gbps",
        "fp16_dense_tflops",
        "form_factor",
        "release_year",
        "source",
    )
    rows = []
    for row in tables.gpu_specs:
        name = row.text("gpu_model")
        row.decimal("memory_gib")
        for column in ("memory_bandwidth_gbps", "fp16_dense_tflops"):
            if row.optional(column):
                row.decimal(column)
        row.text("source")
        rows.append((name, CHIP.get(name, name), *(row.optional(column) for column in columns)))
    return _csv_text(f"gpu_model,chip,{','.join(columns)}", sorted(rows))


def not_offered_csv(tables: Tables) -> str:
    """Return the instance types that are no longer, or never, sold under a pricing model."""
    columns = (
        "provider",
        "instance_type_pattern",
        "pricing_model",
        "not_offered_from",
        "reason",
        "source",
        "sureness",
    )
    rows = []
    for row in tables.not_offered:
        row.day("not_offered_from")
        rows.append(tuple(row.text(column) for column in columns))
    return _csv_text(",".join(columns), sorted(rows))


def rental_prices_csv(tables: Tables) -> str:
    """Return the prices that the demonstration rents at."""
    columns = ("provider", "gpu_model", "gpu_count", "on_demand_usd_per_hour", "as_of")
    offers = {row.text("instance_type"): row for row in tables.rental_rows()}
    rows = []
    for offer in RENTAL_OFFERS:
        if offer not in offers:
            raise TableError(f"no table has the rental offer {offer}")
        row = offers[offer]
        row.decimal("on_demand_usd_per_hour")
        rows.append((*(row.text(column) for column in columns), f"{row.text('source')} ({offer})"))
    header = "provider,gpu_model,gpu_count,usd_per_instance_hour,as_of,source"
    return _csv_text(header, sorted(rows))


def sample_csv(tables: Tables) -> str:
    """Return prices evenly taken from all the tables, for tests that do without the folder."""
    facts = sorted(
        (fact for fact in price_facts(tables.cloud_rows()) if refusal_of(fact) is None),
        key=lambda fact: (fact.key, fact.seen),
    )
    taken = (facts[index * len(facts) // SAMPLE_SIZE] for index in range(SAMPLE_SIZE))
    rows = [
        (
            fact.key.provider,
            fact.key.region,
            fact.key.instance_type,
            fact.key.pricing_model,
            fact.seen.isoformat(),
            fact.usd_per_instance_hour,
        )
        for fact in taken
    ]
    header = "provider,region,instance_type,pricing_model,date,usd_per_instance_hour"
    return _csv_text(header, rows)


def _csv_text(header: str, rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header.split(","))
    writer.writerows(rows)
    return out.getvalue()


DERIVED: dict[Path, Callable[[Tables], str]] = {
    DATA / "gpu_models.csv": gpu_models_csv,
    DATA / "not_offered.csv": not_offered_csv,
    DATA / "price_book.csv": price_book_csv,
    DATA / "refused_prices.csv": refused_prices_csv,
    DATA / "rental_prices.csv": rental_prices_csv,
    DATA / "skus.csv": skus_csv,
    SAMPLE: sample_csv,
}


def write_derived(tables: Tables) -> None:
    """Write the derived files and say how many rows each has."""
    texts = {path: derive(tables) for path, derive in DERIVED.items()}
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8", newline="")
        print(f"{path.relative_to(ROOT)}: {text.count(chr(10)) - 1} rows")


def differing_files(tables: Tables) -> list[Path]:
    """Return the derived files that are not what the tables give now."""
    return [
        path
        for path, derive in DERIVED.items()
        if not path.exists() or path.read_bytes() != derive(tables).encode()
    ]


def read_book(path: Path) -> dict[OfferKey, list[tuple[date, Decimal]]]:
    """Return the written book: per series of prices, from when each one holds."""
    book: dict[OfferKey, list[tuple[date, Decimal]]] = {}
    for row in read_table(path):
        key = OfferKey(
            row.text("provider"),
            row.text("region"),
            row.text("instance_type"),
            row.text("pricing_model"),
        )
        entry = (row.day("effective_from"), row.decimal("usd_per_instance_hour"))
        book.setdefault(key, []).append(entry)
    return book


def price_on(entries: Iterable[tuple[date, Decimal]], day: date) -> Decimal | None:
    """Return the price in force on a day, None before the first."""
    begun = [entry for entry in entries if entry[0] <= day]
    return max(begun)[1] if begun else None


def prove(tables: Tables) -> bool:
    """Ask the written book for every price of every table; print the counts, say if all agree."""
    book = read_book(DATA / "price_book.csv")
    agree = True
    for file_name, rows in tables.dated.items():
        cloud_rows = list(filter(is_cloud_row, rows))
        answered = refused = 0
        for fact in price_facts(cloud_rows):
            answer = price_on(book.get(fact.key, ()), fact.seen)
            if refusal_of(fact) is not None:
                refused += 1
                agree &= answer is None
            elif answer == fact.amount:
                answered += 1
            else:
                agree = False
                print(f"{file_name}: {fact.key} on {fact.seen}: {fact.amount}, book: {answer}")
        print(
            f"{file_name}: {len(cloud_rows)} cloud rows, {answered} prices answered exactly, "
            f"{refused} refused; {len(rows) - len(cloud_rows)} rental rows"
        )
    return agree


def check(tables: Tables) -> bool:
    """Say whether the written files are what the tables give, and answer with their prices."""
    if not all(path.exists() for path in DERIVED):
        missing = [str(path.relative_to(ROOT)) for path in DERIVED if not path.exists()]
        print(f"missing: {', '.join(missing)}")
        return False
    differing = differing_files(tables)
    for path in differing:
        print(f"{path.relative_to(ROOT)}: differs from what the tables give")
    agree = prove(tables)
    if agree and not differing:
        print(f"{len(DERIVED)} derived files equal what the tables give")
    return agree and not differing


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Make or check the shipped price facts.")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="where the price tables are")
    parser.add_argument("--check", action="store_true", help="compare, prove, write nothing")
    arguments = parser.parse_args()
    try:
        tables = read_tables(arguments.folder)
        if arguments.check:
            return 0 if check(tables) else 1
        write_derived(tables)
    except (TableError, csv.Error) as error:
        print(error, file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
