"""Queries on the price book and billing rules: rows are added, never changed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    bindparam,
    case,
    func,
    insert,
    select,
)

from dumont_economy.pricing.billing_rule import BillingRule, Rounding
from dumont_economy.pricing.price_fact import PriceFact
from dumont_economy.pricing.rate import PricingModel, Rate, SourceKind
from dumont_economy.pricing.sku import Sku
from dumont_economy.storage.known_from import known_from
from dumont_economy.storage.row_security import each_account
from dumont_economy.storage.stored_facts import (
    FactTable,
    UnreadableRowError,
    as_kept,
    as_kept_on,
    kept_in_order,
)
from dumont_economy.storage.tables import (
    billing_rule,
    closed_period,
    disk_price,
    exchange_rate,
    provider_pricing,
)

_CURRENCY = "USD"
_PRICES = FactTable(
    provider_pricing,
    "price",
    ("number", "provider", "region", "instance_type", "pricing_model"),
    numbered_by="number",
)
_BILLING_RULES = FactTable(billing_rule, "billing rule", ("provider", "source"))
_IN_ORDER = select(billing_rule.c.row_hash).order_by(billing_rule.c.row_hash).subquery()
BILLING_RULES_VERSION: ColumnElement[str] = func.coalesce(
    select(func.aggregate_strings(_IN_ORDER.c.row_hash, " ")).scalar_subquery(), ""
)
"""The digests of all billing rules, by which what is made of them can be told."""
_READ_BILLING_RULES_VERSION = select(BILLING_RULES_VERSION)
# All that a market is made of.
_FACTS = (provider_pricing, billing_rule, exchange_rate, disk_price)
_SKU_COLUMNS = (
    provider_pricing.c.provider,
    provider_pricing.c.region,
    provider_pricing.c.instance_type,
)


@dataclass(frozen=True, slots=True)
class BillingRuleFact:
    """A billing rule as its source states it. Times in seconds."""

    provider: str
    min_seconds: int
    increment_seconds: int
    rounding: Rounding
    effective_from: datetime
    source: str
    sureness: str


def price_facts_version(connection: Connection) -> int:
    """Return a number that grows with every price, billing rule and exchange rate learned."""
    return connection.execute(_READ_VERSION).scalar_one()


_NEWEST_CLOSED = select(func.max(closed_period.c.as_of)).where(
    closed_period.c.account_id == bindparam("account_id")
)
# Asked for by every poll: one statement, and no count of the rows that are many.
PRICE_FACTS_VERSION: ColumnElement[int] = sum(
    (
        select(func.count()).select_from(table).scalar_subquery()
        for table in _FACTS
        if table is not provider_pricing
    ),
    start=select(func.coalesce(func.max(provider_pricing.c.number), 0)).scalar_subquery(),
)
_READ_VERSION = select(PRICE_FACTS_VERSION)


def facts_known(connection: Connection, as_of: datetime | None = None) -> tuple[int, ...]:
    """Return how many facts of each kind were known at an instant, or are now."""
    return tuple(_count_known(connection, table, as_of) for table in _FACTS)


def _count_known(connection: Connection, table: Table, as_of: datetime | None) -> int:
    known = select(func.count()).select_from(table)
    if as_of is not None:
        known = known.where(table.c.published_at <= as_of)
    return connection.execute(known).scalar_one()


def rates_known(
    connection: Connection,
    as_of: datetime | None = None,
    *,
    offered: tuple[str, str, PricingModel] | None = None,
) -> list[Rate]:
    """Return every rate known at an instant, or now, as each of its sources stated it last.

    A rate that a source has seen again is there once, with the date on which it was seen last.
    `offered` narrows that to a provider's region under one pricing model.

    Raises:
        DamagedFactError: one of them is not what was written.
    """
    known = select(provider_pricing)
    if as_of is not None:
        known = known.where(provider_pricing.c.published_at <= as_of)
    if offered is not None:
        provider, region, pricing_model = offered
        known = known.where(
            provider_pricing.c.provider == provider,
            provider_pricing.c.region == region,
            provider_pricing.c.pricing_model == pricing_model,
        )
    newest_first = func.row_number().over(
        partition_by=(
            *_SKU_COLUMNS,
            provider_pricing.c.pricing_model,
            provider_pricing.c.effective_from,
            provider_pricing.c.source_kind,
            provider_pricing.c.source,
        ),
        order_by=(provider_pricing.c.published_at.desc(), provider_pricing.c.number.desc()),
    )
    sightings = known.add_columns(newest_first.label("age")).subquery()
    newest = select(*as_kept(connection, sightings.c)).where(sightings.c.age == 1)
    return _rates(connection.execute(newest.order_by(sightings.c.number)))


def rates_in_force(
    connection: Connection,
    *,
    provider: str,
    region: str | None,
    pricing_model: PricingModel,
    at: datetime,
    as_of: datetime,
    instance_type: str | None = None,
) -> list[Rate]:
    """Return the rate of each SKU in force at `at`, as known at `as_of` (R-PRICE), in one query.

    `region` None asks for all regions, `instance_type` None for all that a region has.

    Raises:
        DamagedFactError: one of them is not what was written.
    """
    statement = _select_in_force(
        connection.dialect.name,
        is_of_region=region is not None,
        is_of_type=instance_type is not None,
    )
    sought = {
        "of_provider": provider,
        "under_model": pricing_model,
        "at": at,
        "as_of": as_of,
        "in_region": region,
        "of_type": instance_type,
    }
    return _rates(connection.execute(statement, sought))


@cache
def _select_in_force(dialect: str, *, is_of_region: bool, is_of_type: bool) -> Select[Any]:
    # Made once: making it took five times as long as asking it.
    column = provider_pricing.c
    in_order_of_precedence = func.row_number().over(
        partition_by=(column.region, column.instance_type),
        order_by=(
            column.effective_from.desc(),
            column.published_at.desc(),
            _source_rank(),
            column.source,
        ),
    )
    statement = select(provider_pricing, in_order_of_precedence.label("precedence")).where(
        column.provider == bindparam("of_provider"),
        column.pricing_model == bindparam("under_model"),
        column.effective_from <= bindparam("at"),
        column.published_at <= bindparam("as_of"),
    )
    if is_of_region:
        statement = statement.where(column.region == bindparam("in_region"))
    if is_of_type:
        statement = statement.where(column.instance_type == bindparam("of_type"))
    ranked = statement.subquery()
    in_force = select(*as_kept_on(dialect, ranked.c)).where(ranked.c.precedence == 1)
    return in_force.order_by(ranked.c.region, ranked.c.instance_type)


def providers_known(connection: Connection) -> list[str]:
    """Return the providers of which any price was ever learned, by name."""
    statement = select(provider_pricing.c.provider).distinct()
    return sorted(connection.execute(statement).scalars())


def places_of(
    connection: Connection, instance_type: str, *, provider: str | None, as_of: datetime
) -> list[tuple[str, str]]:
    """Return each provider and region in which a price of an instance type was known, in order.

    `provider` None asks for all providers.
    """
    column = provider_pricing.c
    statement = (
        select(column.provider, column.region)
        .distinct()
        .where(column.instance_type == instance_type, column.published_at <= as_of)
    )
    if provider is not None:
        statement = statement.where(column.provider == provider)
    return sorted((row.provider, row.region) for row in connection.execute(statement))


def rate_history(
    connection: Connection, *, provider: str, region: str, instance_type: str, as_of: datetime
) -> list[Rate]:
    """Return everything that every source has ever stated of a SKU, oldest knowledge first.

    Raises:
        DamagedFactError: some of it is not what was written.
    """
    column = provider_pricing.c
    statement = (
        _PRICES.select(connection)
        .where(
            column.provider == provider,
            column.region == region,
            column.instance_type == instance_type,
            column.published_at <= as_of,
        )
        .order_by(column.published_at, column.number)
    )
    return _rates(connection.execute(statement))


def every_price(connection: Connection, *, after: int = 0) -> Iterator[tuple[int, Rate]]:
    """Return each price with a number greater than `after`, with it, in the order learned.

    A look-up checks what it finds, but one that was damaged might not be found any more: this
    passes over none.

    Raises:
        DamagedFactError: a price is not what was written; those before it are.
    """
    rows = _PRICES.select(connection)
    try:
        for values in kept_in_order(connection, rows, provider_pricing.c.number, after=after):
            yield values["place"], _PRICES.read_values(values, _rate)
    except UnreadableRowError as error:
        raise _PRICES.unreadable(number=error.place) from error


def _source_rank() -> ColumnElement[int]:
    ranks = {kind.value: rank for rank, kind in enumerate(SourceKind)}
    return case(ranks, value=provider_pricing.c.source_kind)


def _rates(rows: Iterable[Row[Any, *tuple[Any, ...]]]) -> list[Rate]:
    skus: dict[Sku, Sku] = {}
    rates = []
    for row in rows:
        rate = _PRICES.read(row, _rate)
        rates.append(replace(rate, sku=skus.setdefault(rate.sku, rate.sku)))
    return rates


def _rate(said: Mapping[str, Any]) -> Rate:
    vcpus, memory_gib = said["vcpus"], said["memory_gib"]
    return Rate(
        sku=Sku(
            provider=said["provider"],
            region=said["region"],
            instance_type=said["instance_type"],
            gpu_model=said["gpu_model"],
            gpu_count=Fraction(said["gpu_count"]),
            cpu_architecture=said["cpu_architecture"],
            vcpus=None if vcpus is None else Fraction(vcpus),
            memory_gib=None if memory_gib is None else Fraction(memory_gib),
        ),
        pricing_model=PricingModel(said["pricing_model"]),
        usd_per_instance_hour=said["price_per_instance_hour"],
        effective_from=said["effective_from"],
        published_at=said["published_at"],
        source_kind=SourceKind(said["source_kind"]),
        source=said["source"],
        source_url=said["source_url"],
        retrieved_at=date.fromisoformat(said["retrieved_at"]),
        first_seen=_date(said["first_seen"]),
        previous_last_seen=_date(said["previous_last_seen"]),
    )


def newest_publication(connection: Connection) -> datetime | None:
    """Return when the newest fact of the market became known, None where there is none."""
    newest = [connection.execute(select(func.max(one.c.published_at))).scalar() for one in _FACTS]
    return max((instant for instant in newest if instant is not None), default=None)


def next_publication(connection: Connection, now: datetime) -> datetime:
    """Return the instant at which facts of this transaction become known (R-KNOWN).

    It is after every other fact of the market, and after what any account has closed a period as
    of.
    """
    closed = [
        connection.execute(_NEWEST_CLOSED, {"account_id": account_id}).scalar()
        for account_id in each_account(connection)
    ]
    return known_from(now, (newest_publication(connection), *closed))


def append_prices(
    connection: Connection,
    facts: Sequence[PriceFact],
    *,
    published_at: datetime,
    payload_sha256: str,
) -> None:
    """Add price facts, known from `published_at` on."""
    if not facts:
        return
    rows = [
        {
            "provider": fact.sku.provider,
            "region": fact.sku.region,
            "instance_type": fact.sku.instance_type,
            "gpu_model": fact.sku.gpu_model,
            "gpu_count": _decimal(fact.sku.gpu_count),
            "cpu_architecture": fact.sku.cpu_architecture,
            "vcpus": _decimal(fact.sku.vcpus),
            "memory_gib": _decimal(fact.sku.memory_gib),
            "pricing_model": fact.pricing_model,
            "price_per_instance_hour": fact.usd_per_instance_hour,
            "currency": _CURRENCY,
            "effective_from": fact.effective_from,
            "published_at": published_at,
            "source_kind": fact.source_kind,
            "source": fact.source,
            "source_url": fact.source_url,
            "retrieved_at": fact.retrieved_at.isoformat(),
            "first_seen": _date_text(fact.first_seen),
            "previous_last_seen": _date_text(fact.previous_last_seen),
            "payload_sha256": payload_sha256,
        }
        for fact in facts
    ]
    connection.execute(insert(provider_pricing), [_PRICES.new_row(row) for row in rows])


def billing_rules_version(connection: Connection) -> str:
    """Return by what that which is made of all billing rules can be told."""
    return connection.execute(_READ_BILLING_RULES_VERSION).scalar_one()


def every_billing_rule(connection: Connection) -> Iterator[BillingRule]:
    """Return each billing rule that this installation has learned.

    Raises:
        DamagedFactError: a rule is not what was written; those before it are.
    """
    for row in connection.execute(_BILLING_RULES.select(connection)):
        yield _BILLING_RULES.read(row, _billing_rule)


def _billing_rule(said: Mapping[str, Any]) -> BillingRule:
    return BillingRule(
        provider=said["provider"],
        min_seconds=said["min_seconds"],
        increment_seconds=said["increment_seconds"],
        rounding=Rounding(said["rounding"]),
        effective_from=said["effective_from"],
        published_at=said["published_at"],
        source=said["source"],
    )


def append_billing_rules(
    connection: Connection, facts: Sequence[BillingRuleFact], *, published_at: datetime
) -> None:
    """Add billing rules, known from `published_at` on."""
    if not facts:
        return
    rows = [
        {
            "provider": fact.provider,
            "effective_from": fact.effective_from,
            "published_at": published_at,
            "min_seconds": fact.min_seconds,
            "increment_seconds": fact.increment_seconds,
            "rounding": fact.rounding,
            "source": fact.source,
            "sureness": fact.sureness,
        }
        for fact in facts
    ]
    connection.execute(insert(billing_rule), [_BILLING_RULES.new_row(row) for row in rows])


def _date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _date_text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _decimal(value: Fraction | None) -> Decimal | None:
    """Return a count or size exactly; they come from decimal text, so the division ends."""
    return None if value is None else Decimal(value.numerator) / value.denominator
