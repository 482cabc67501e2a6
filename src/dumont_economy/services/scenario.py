"""Scenario files: a price book, deliveries of usage events and queries (RATING.md, section 3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from dumont_economy.errors import EconomyError, InvalidEventError, InvalidFileError
from dumont_economy.instant import parse_instant
from dumont_economy.metering.event_input import read_event
from dumont_economy.metering.usage_event import UsageEvent
from dumont_economy.money import parse_amount
from dumont_economy.pricing.billing_rule import BillingRule, Rounding
from dumont_economy.pricing.disk_price import DiskPrice
from dumont_economy.pricing.exchange_rate import ExchangeRate
from dumont_economy.savings.local_day import parse_zone

_DEFAULT_TENANT = "t1"
_DEFAULT_CURRENCY = "USD"
_SOURCE = "the scenario"


@dataclass(frozen=True, slots=True)
class GpuPrice:
    """One price per GPU-hour of the scenario's price book."""

    cloud: str
    region: str
    gpu: str
    price_per_gpu_hour: Fraction
    currency: str
    effective_from: datetime
    published_at: datetime
    source: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """A usage event as it arrived."""

    received_at: datetime
    tenant: str
    event: UsageEvent


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked of a scenario; `expected` is the answer it should have, where it says so."""

    name: str
    tenant: str
    starts_at: datetime
    ends_at: datetime
    zone: ZoneInfo
    currency: str
    cloud: str
    region: str
    now: datetime
    as_of: datetime
    by_day: bool
    adjustment_since: datetime | None
    expected: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario: a price book, usage events as they arrived, and queries."""

    id: str
    prices: tuple[GpuPrice, ...]
    billing_rules: tuple[BillingRule, ...]
    disk_prices: tuple[DiskPrice, ...]
    exchange_rates: tuple[ExchangeRate, ...]
    deliveries: tuple[Delivery, ...]
    queries: tuple[Query, ...]


def read_scenarios(document: object) -> list[Scenario]:
    """Return the scenarios of a decoded file: a list of them, or an object that holds one.

    Raises:
        InvalidFileError: a part is missing or has no usable value; it is named.
    """
    found = document.get("scenarios") if isinstance(document, dict) else document
    if not isinstance(found, list):
        raise InvalidFileError(["The file holds no list of scenarios."])
    return [_scenario(raw, number) for number, raw in enumerate(found, start=1)]


def _scenario(raw: Any, number: int) -> Scenario:  # noqa: ANN401  JSON
    named = raw.get("id", f"number {number}") if isinstance(raw, dict) else f"number {number}"
    try:
        return _read_scenario(raw)
    except KeyError as error:
        raise InvalidFileError([f"scenario {named}: {error.args[0]} is missing"]) from error
    except (TypeError, ValueError, AttributeError) as error:
        raise InvalidFileError([f"scenario {named}: {error}"]) from error
    except EconomyError as error:
        raise InvalidFileError([f"scenario {named}: {error}"]) from error


def _read_scenario(raw: Mapping[str, Any]) -> Scenario:
    book = raw["price_book"]
    deliveries = tuple(delivery for one in raw["deliveries"] for delivery in _deliveries(one))
    return Scenario(
        id=str(raw["id"]),
        prices=tuple(_price(one) for one in book["prices"]),
        billing_rules=tuple(_billing_rule(one) for one in book.get("billing_rules", ())),
        disk_prices=tuple(_disk_price(one) for one in book.get("disk_prices", ())),
        exchange_rates=tuple(_exchange_rate(one) for one in book.get("fx", ())),
        deliveries=deliveries,
        queries=tuple(_query(one) for one in raw["queries"]),
    )


def _deliveries(raw: Mapping[str, Any]) -> list[Delivery]:
    received_at = parse_instant(raw["received_at"])
    tenant = str(raw.get("tenant", _DEFAULT_TENANT))
    events = []
    for sent in raw["events"]:
        try:
            event = read_event(sent, default_currency=_DEFAULT_CURRENCY)
        except InvalidEventError as error:
            named = sent.get("id") if isinstance(sent, dict) else sent
            raise InvalidFileError([f"event {named}: {error}"]) from error
        events.append(Delivery(received_at, tenant, event))
    return events


def _price(raw: Mapping[str, Any]) -> GpuPrice:
    return GpuPrice(
        cloud=str(raw["cloud"]),
        region=str(raw["region"]),
        gpu=str(raw["gpu"]),
        price_per_gpu_hour=Fraction(parse_amount(str(raw["price_per_gpu_hour"]))),
        currency=str(raw.get("currency", _DEFAULT_CURRENCY)),
        effective_from=parse_instant(raw["effective_from"]),
        published_at=parse_instant(raw["published_at"]),
        source=_SOURCE,
    )


def _disk_price(raw: Mapping[str, Any]) -> DiskPrice:
    effective_from = parse_instant(raw["effective_from"])
    return DiskPrice(
        provider=str(raw["cloud"]),
        region=str(raw["region"]),
        usd_per_gb_month=parse_amount(str(raw["price_gb_month"])),
        hours_per_month=_hours_per_month(raw["hours_per_month"]),
        effective_from=effective_from,
        published_at=parse_instant(raw["published_at"]),
        source=_SOURCE,
        source_url=None,
        retrieved_at=effective_from.date(),
    )


def _hours_per_month(value: object) -> int:
    hours = int(str(value))
    if hours < 1:
        message = "hours_per_month must be 1 or more"
        raise ValueError(message)
    return hours


def _exchange_rate(raw: Mapping[str, Any]) -> ExchangeRate:
    effective_from = parse_instant(raw["effective_from"])
    return ExchangeRate(
        currency=str(raw["from"]),
        into=str(raw["to"]),
        rate=parse_amount(str(raw["rate"])),
        effective_from=effective_from,
        published_at=parse_instant(raw["published_at"]),
        source=_SOURCE,
        source_url=None,
        retrieved_at=effective_from.date(),
    )


def _billing_rule(raw: Mapping[str, Any]) -> BillingRule:
    return BillingRule(
        provider=str(raw["party"]),
        min_seconds=int(raw["min_seconds"]),
        increment_seconds=int(raw["increment_seconds"]),
        rounding=Rounding(raw["rounding"]),
        effective_from=parse_instant(raw["effective_from"]),
        published_at=parse_instant(raw["published_at"]),
        source=_SOURCE,
    )


def _query(raw: Mapping[str, Any]) -> Query:
    since = raw.get("adjustment_since")
    return Query(
        name=str(raw["name"]),
        tenant=str(raw.get("tenant", _DEFAULT_TENANT)),
        starts_at=parse_instant(raw["from"]),
        ends_at=parse_instant(raw["to"]),
        zone=parse_zone(str(raw.get("timezone", "UTC"))),
        currency=str(raw.get("currency", _DEFAULT_CURRENCY)),
        cloud=str(raw["compare"]["cloud"]),
        region=str(raw["compare"]["region"]),
        now=parse_instant(raw["now"]),
        as_of=parse_instant(raw["as_of"]),
        by_day=bool(raw.get("by_day", False)),
        adjustment_since=None if since is None else parse_instant(since),
        expected=raw.get("expected"),
    )


def as_number(value: object) -> Decimal | None:
    """Return what a value of an answer is as a number, None where it is none."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    try:
        return Decimal(value)
    except ArithmeticError:
        return None
