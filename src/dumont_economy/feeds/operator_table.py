"""Small tables that an operator brings: exchange rates, and what providers ask for disks.

A file is taken whole or not at all: every line that is wrong is named.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from dumont_economy.errors import (
    FeedError,
    InvalidAmountError,
    InvalidFileError,
    InvalidInstantError,
)
from dumont_economy.feeds.csv_table import Columns, read_rows
from dumont_economy.feeds.local_file import record_file
from dumont_economy.instant import parse_instant
from dumont_economy.money import parse_amount
from dumont_economy.pricing.currency import CURRENCIES
from dumont_economy.pricing.disk_price import DiskPrice
from dumont_economy.pricing.exchange_rate import ExchangeRate

MOST_BYTES = 16 << 20
MAX_AMOUNT = Decimal(1_000_000_000)
MAX_HOURS_PER_MONTH = 744
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
MAX_AHEAD = timedelta(days=366)

_MOST_PROBLEMS = 50
_LONGEST_TEXT = 255
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}", re.ASCII)
_REGION = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}", re.ASCII)
_HOURS = re.compile(r"[0-9]{1,3}", re.ASCII)

_EXCHANGE_COLUMNS = ("from", "to", "rate", "effective_from", "source")
_DISK_COLUMNS = (
    "provider",
    "region",
    "usd_per_gb_month",
    "hours_per_month",
    "effective_from",
    "source",
)

_Fact = TypeVar("_Fact", ExchangeRate, DiskPrice)


class _CellError(Exception):
    """A cell does not say what its column holds."""


def read_exchange_rates(path: Path, now: datetime) -> list[ExchangeRate]:
    """Return the exchange rates of a file, known from `now` on.

    Raises:
        InvalidFileError: any part of it is wrong; every problem names its line.
    """
    return _read(path, now, _EXCHANGE_COLUMNS, _exchange_rate)


def read_disk_prices(path: Path, now: datetime) -> list[DiskPrice]:
    """Return the disk prices of a file, known from `now` on.

    Raises:
        InvalidFileError: any part of it is wrong; every problem names its line.
    """
    return _read(path, now, _DISK_COLUMNS, _disk_price)


def _read(
    path: Path,
    now: datetime,
    columns: tuple[str, ...],
    fact_of: Callable[[Mapping[str, str], datetime], _Fact],
) -> list[_Fact]:
    problems: list[str] = []
    first_of: dict[_Fact, tuple[int, _Fact]] = {}

    def report(line: int, problem: str) -> None:
        if len(problems) < _MOST_PROBLEMS:
            problems.append(f"line {line} {problem}")

    try:
        payload = record_file(path, now, MOST_BYTES)
    except FeedError as error:
        raise InvalidFileError([str(error)]) from error
    with payload, payload.open() as file:
        for row in read_rows(file, Columns(columns, may_be_more=False), report):
            try:
                fact = fact_of(row.cells, now)
            except _CellError as error:
                report(row.line, str(error))
                continue
            line, first = first_of.setdefault(_subject(fact), (row.line, fact))
            if first != fact:
                report(row.line, f"says otherwise than line {line} of the same thing and time")
    if problems:
        raise InvalidFileError(problems)
    return [fact for _, fact in first_of.values()]


def _subject(fact: _Fact) -> _Fact:
    """Return what a fact is about, without what it says of it."""
    if isinstance(fact, ExchangeRate):
        return replace(fact, rate=Decimal(1), source="")
    return replace(fact, usd_per_gb_month=Decimal(1), hours_per_month=1, source="")


def _exchange_rate(cells: Mapping[str, str], now: datetime) -> ExchangeRate:
    currency, into = _currency(cells, "from"), _currency(cells, "to")
    if currency == into:
        message = f"to: {into} is what it is converted from; name another currency"
        raise _CellError(message)
    return ExchangeRate(
        currency=currency,
        into=into,
        rate=_amount(cells, "rate"),
        effective_from=_since(cells, now),
        published_at=now,
        source=_source(cells),
        source_url=None,
        retrieved_at=now.date(),
    )


def _disk_price(cells: Mapping[str, str], now: datetime) -> DiskPrice:
    return DiskPrice(
        provider=_name(cells, "provider", _NAME, "a name in lower case, as aws"),
        region=_name(cells, "region", _REGION, "the provider's code, as us-east-1"),
        usd_per_gb_month=_amount(cells, "usd_per_gb_month"),
        hours_per_month=_hours_per_month(cells),
        effective_from=_since(cells, now),
        published_at=now,
        source=_source(cells),
        source_url=None,
        retrieved_at=now.date(),
    )


def _currency(cells: Mapping[str, str], column: str) -> str:
    if cells[column] not in CURRENCIES:
        message = f"{column}: {cells[column]!a:.40} is no ISO 4217 code in upper case, as USD"
        raise _CellError(message)
    return cells[column]


def _amount(cells: Mapping[str, str], column: str) -> Decimal:
    try:
        amount = parse_amount(cells[column])
    except InvalidAmountError as error:
        message = f"{column}: {cells[column]!a:.40}: {error}"
        raise _CellError(message) from error
    if not 0 < amount <= MAX_AMOUNT:
        message = f"{column}: {cells[column]} must be over 0 and at most {MAX_AMOUNT:,}"
        raise _CellError(message)
    return amount


def _hours_per_month(cells: Mapping[str, str]) -> int:
    said = cells["hours_per_month"]
    if not _HOURS.fullmatch(said) or not 1 <= int(said) <= MAX_HOURS_PER_MONTH:
        message = f"hours_per_month: {said!a:.40} is no whole number from 1 to 744, as 730"
        raise _CellError(message)
    return int(said)


def _since(cells: Mapping[str, str], now: datetime) -> datetime:
    """Return the instant that a cell names; a day alone begins at midnight UTC."""
    said = cells["effective_from"]
    remedy = "write a day as 2026-07-30, or an instant as 2026-07-30T00:00:00Z"
    try:
        if _DAY.fullmatch(said):
            since = datetime.combine(date.fromisoformat(said), datetime.min.time(), UTC)
        else:
            since = parse_instant(said)
    except (ValueError, InvalidInstantError) as error:
        message = f"effective_from: {said!a:.40} is no day; {remedy}"
        raise _CellError(message) from error
    if not EARLIEST <= since <= now + MAX_AHEAD:
        message = f"effective_from: {said} lies before the year 2000 or more than a year ahead"
        raise _CellError(message)
    return since


def _source(cells: Mapping[str, str]) -> str:
    said = cells["source"]
    if not said or not said.isprintable() or len(said) > _LONGEST_TEXT:
        message = f"source: say who states it, in 1 to {_LONGEST_TEXT} characters of plain text"
        raise _CellError(message)
    return said


def _name(cells: Mapping[str, str], column: str, form: re.Pattern[str], remedy: str) -> str:
    if not form.fullmatch(cells[column]):
        message = f"{column}: {cells[column]!a:.40} is none; write {remedy}"
        raise _CellError(message)
    return cells[column]
