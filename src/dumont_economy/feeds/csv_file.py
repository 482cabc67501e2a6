"""CSV files of prices that an operator brings: a row per machine, in columns that are fixed.

A file whose form is wrong is refused as a whole, with all its lines that are wrong. A value that
cannot be read costs its own row alone.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

from dumont_economy.errors import FeedError, InvalidFileError
from dumont_economy.feeds.csv_table import Columns, TableRow, read_rows
from dumont_economy.feeds.local_file import record_file
from dumont_economy.feeds.raw_payload import FeedDownload, RawPayload
from dumont_economy.feeds.rows import (
    RowError,
    drop_repeats,
    parse_offer_name,
    parse_price,
    parse_region,
    place_of,
    shown,
)
from dumont_economy.pricing.price_claim import FeedReading, FeedScope, PriceClaim, UnreadableRow
from dumont_economy.pricing.rate import PricingModel, SourceKind

T = TypeVar("T")

MOST_BYTES = 64 << 20
_MOST_PROBLEMS = 50
_CURRENCY = "USD"
_PRICE_COLUMNS = {
    "on_demand_usd_per_hour": PricingModel.ON_DEMAND,
    "spot_usd_per_hour": PricingModel.SPOT,
}

_PROVIDER = re.compile(r"[a-z0-9][a-z0-9-]{0,31}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_WEB_ADDRESS = re.compile(r"https?://[A-Za-z0-9][!-~]{0,500}", re.ASCII)
_GITHUB_FILE = re.compile(r"github ([\w.-]+/[\w.-]+) ([\w./+-]+) @([0-9a-f]{7,40})", re.ASCII)
_LONGEST_SOURCE = 500
# What a spreadsheet takes for a formula.
_FORMULA_STARTS = ("=", "+", "-", "@")


class _TooManyProblemsError(Exception):
    """There are more problems than are listed."""


def read_price_file(path: Path, now: datetime) -> FeedDownload:
    """Return what a file says, each row seen on its own day.

    Raises:
        InvalidFileError: it is no such file; every problem names its line.
    """
    try:
        payload = record_file(path, now, MOST_BYTES)
    except FeedError as error:
        raise InvalidFileError([str(error)]) from error
    try:
        return FeedDownload(_reading(path, payload), payload)
    except BaseException:
        payload.close()
        raise


def _reading(path: Path, payload: RawPayload) -> FeedReading:
    source = f"operator file {place_of(path.name)}"
    scope = FeedScope(SourceKind.OPERATOR_FILE, source, "", None)
    reading = FeedReading(scope, payload.retrieved_at, payload.url)
    problems: list[str] = []

    def report(line: int, problem: str) -> None:
        problems.append(f"line {line} {problem}")
        if len(problems) == _MOST_PROBLEMS:
            problems.append(f"There may be more: reading stopped after {_MOST_PROBLEMS} problems.")
            raise _TooManyProblemsError

    try:
        for row in read_rows(payload.open(), Columns(tuple(_READERS), may_be_more=False), report):
            if any("\0" in cell for cell in row.cells.values()):
                report(row.line, "has a NUL character in it")
            else:
                _read_row(row, reading)
    except _TooManyProblemsError as error:
        raise InvalidFileError(problems) from error
    if problems:
        raise InvalidFileError(problems)
    drop_repeats(reading)
    return reading


@dataclass(slots=True)
class _Values:
    """What the cells of a row say by column, and those that say nothing that can be read."""

    said: dict[str, Any] = field(default_factory=dict)
    unreadable: list[UnreadableRow] = field(default_factory=list)


def _read_row(row: TableRow, reading: FeedReading) -> None:
    """Note the prices of a row; none of them where any of its values cannot be read."""
    values = _values(row, reading.retrieved_at.date())
    prices = {
        pricing_model: values.said[column]
        for column, pricing_model in _PRICE_COLUMNS.items()
        if values.said.get(column) is not None
    }
    if not prices and not values.unreadable:
        column = next(iter(_PRICE_COLUMNS))
        message = f"The row states no price. Fill in {' or '.join(_PRICE_COLUMNS)}."
        values.unreadable.append(UnreadableRow(_place(row, column), "no_price", message))
    if values.unreadable:
        reading.unreadable += values.unreadable
        return
    reading.claims += [
        _claim(row, values.said, pricing_model, price) for pricing_model, price in prices.items()
    ]


def _values(row: TableRow, today: date) -> _Values:
    values = _Values()
    for column, read in _READERS.items():
        try:
            values.said[column] = read(row.cells[column])
            if column == "as_of" and values.said[column] > today:
                remedy = "Write the day on which the price was seen."
                raise RowError("date_in_future", f"{row.cells[column]} is yet to come. {remedy}")  # noqa: TRY301
        except RowError as error:
            place = _place(row, column)
            values.unreadable.append(UnreadableRow(place, error.code, error.message))
    return values


def _place(row: TableRow, column: str) -> str:
    return f"line {row.line}, column {column}"


def _claim(
    row: TableRow, said: Mapping[str, Any], pricing_model: PricingModel, price: Decimal
) -> PriceClaim:
    gpu_count, source = said["gpu_count"], said["source"]
    # The memory of a slice says nothing of the GPU that it is cut from.
    is_slice = gpu_count is not None and gpu_count < 1
    return PriceClaim(
        provider=said["provider"],
        region=said["region"],
        instance_type=said["instance_type"],
        pricing_model=pricing_model,
        price_per_instance_hour=price,
        currency=_CURRENCY,
        effective_from=None,
        seen_on=said["as_of"],
        source_url=_url_of(source),
        place=f"line {row.line}",
        gpu_spelling=said["gpu_model"],
        gpu_count=gpu_count,
        gpu_memory_gib=None if is_slice else said["gpu_memory_gib"],
        vcpus=said["vcpus"],
        memory_gib=said["memory_gib"],
        stated_source=source,
    )


def _provider(said: str) -> str:
    if not _PROVIDER.fullmatch(said):
        remedy = "Write its name in lower case, for example aws or genesis-cloud."
        raise RowError("unreadable_provider", f"{shown(said)} is no provider. {remedy}")
    return said


def _region(said: str) -> str:
    return _with_remedy(parse_region, said, "Write the provider's code, or global.")


def _instance_type(said: str) -> str:
    remedy = "Write it in letters, digits, spaces and ()+.:/_-, at most 80 of them."
    return _with_remedy(parse_offer_name, said, remedy)


def _gpu_model(said: str) -> str | None:
    def parse(text: str) -> str:
        return parse_offer_name(text, "unreadable_gpu_name")

    remedy = "Write the GPU's name, for example H100-80GB-SXM."
    return _with_remedy(parse, said, remedy) if said else None


def _price(said: str) -> Decimal | None:
    remedy = "Write US dollars per hour as 0.74, or leave it empty where it is not known."
    return _with_remedy(parse_price, said, remedy) if said else None


def _gpu_count(said: str) -> Fraction | None:
    count = _quantity(said)
    if count == 0:
        raise RowError("unreadable_gpu_count", "0 is no number of GPUs. Write 1, 8 or 0.5.")
    return count


def _quantity(said: str) -> Fraction | None:
    if said and not _NUMBER.fullmatch(said):
        remedy = "Write digits with a point, as 0.5 or 192, or leave it empty."
        raise RowError("not_a_number", f"{shown(said)} is no number. {remedy}")
    return Fraction(said) if said else None


def _size(said: str) -> Decimal | None:
    return None if _quantity(said) is None else Decimal(said)


def _day(said: str) -> date:
    refusal = RowError("invalid_date", f"{shown(said)} is no day. Write it as 2026-07-30.")
    if not _DAY.fullmatch(said):
        raise refusal
    try:
        return date.fromisoformat(said)
    except ValueError as error:
        raise refusal from error


def _source(said: str) -> str | None:
    is_plain = said.isprintable() and not said.startswith(_FORMULA_STARTS)
    if not is_plain or len(said) > _LONGEST_SOURCE:
        remedy = f"Write plain text of at most {_LONGEST_SOURCE} characters."
        raise RowError("unreadable_source", f"{shown(said)} names no source. {remedy}")
    return said or None


def _any_text(said: str) -> str:
    """Return a note, which is for the reader of the file alone."""
    return said


def _with_remedy(parse: Callable[[str], T], said: str, remedy: str) -> T:
    try:
        return parse(said)
    except RowError as error:
        raise RowError(error.code, f"{error.message} {remedy}") from error


def _url_of(source: str | None) -> str | None:
    """Return the address of the first file that a source names, or the one that it is."""
    if source is None:
        return None
    found = _GITHUB_FILE.search(source)
    if found is not None:
        repository, path, commit = found.groups()
        return f"https://github.com/{repository}/blob/{commit}/{path}"
    return source if _WEB_ADDRESS.fullmatch(source) else None


_READERS: Mapping[str, Callable[[str], Any]] = {
    "provider": _provider,
    "region": _region,
    "instance_type": _instance_type,
    "gpu_model": _gpu_model,
    "gpu_count": _gpu_count,
    "gpu_memory_gib": _size,
    "vcpus": _quantity,
    "memory_gib": _quantity,
    "on_demand_usd_per_hour": _price,
    "spot_usd_per_hour": _price,
    "as_of": _day,
    "source": _source,
    "note": _any_text,
}
