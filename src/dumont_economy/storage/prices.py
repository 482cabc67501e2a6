"""Queries on the price book and billing rules: rows are added, never changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, case, func, insert, select

from dumont_economy.pricing.billing_rule import BillingRule, Rounding
from dumont_economy.pricing.price_fact import PriceFact
from dumont_economy.pricing.rate import PricingModel, Rate, SourceKind
from dumont_economy.pricing.sku import Sku
from dumont_economy.storage.tables import billing_rule, provider_pricing

_CURRENCY = "USD"
_RESOLUTION = timedelta(microseconds=1)
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
    """Return a number that grows with every price and billing rule learned."""
    newest = connection.execute(select(func.max(provider_pricing.c.number))).scalar() or 0
    rules = connection.execute(select(func.count()).select_from(billing_rule)).scalar_one()
    return newest + rules


def rates_known(connection: Connection, as_of: datetime | None = None) -> list[Rate]:
    """Return every rate known at an instant, or now, as each of its sources stated it last.

    A rate that a source has seen again is there once, with the date on which it was seen last.
    """
    known = select(provider_pricing)
    if as_of is not None:
        known = known.where(provider_pricing.c.published_at <= as_of)
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
    statement = select(sightings).where(sightings.c.age == 1).order_by(sightings.c.number)
    return _rates(connection.execute(statement).all())


def rates_in_force(
    connection: Connection,
    *,
    provider: str,
    region: str,
    pricing_model: PricingModel,
    at: datetime,
    as_of: datetime,
    instance_type: str | None = None,
) -> list[Rate]:
    """Return the rate of each SKU in force at `at`, as known at `as_of` (R-PRICE), in one query.

    `instance_type` None asks for all that the region has.
    """
    column = provider_pricing.c
    in_order_of_precedence = func.row_number().over(
        partition_by=column.instance_type,
        order_by=(
            column.effective_from.desc(),
            column.published_at.desc(),
            _source_rank(),
            column.source,
        ),
    )
    statement = select(provider_pricing, in_order_of_precedence.label("precedence")).where(
        column.provider == provider,
        column.region == region,
        column.pricing_model == pricing_model,
        column.effective_from <= at,
        column.published_at <= as_of,
    )
    if instance_type is not None:
        statement = statement.where(column.instance_type == instance_type)
    ranked = statement.subquery()
    in_force = select(ranked).where(ranked.c.precedence == 1).order_by(ranked.c.instance_type)
    return _rates(connection.execute(in_force).all())


def rate_history(
    connection: Connection, *, provider: str, region: str, instance_type: str, as_of: datetime
) -> list[Rate]:
    """Return everything that every source has ever stated of a SKU, oldest knowledge first."""
    column = provider_pricing.c
    statement = (
        select(provider_pricing)
        .where(
            column.provider == provider,
            column.region == region,
            column.instance_type == instance_type,
            column.published_at <= as_of,
        )
        .order_by(column.published_at, column.number)
    )
    return _rates(connection.execute(statement).all())


def _source_rank() -> ColumnElement[int]:
    ranks = {kind.value: rank for rank, kind in enumerate(SourceKind)}
    return case(ranks, value=provider_pricing.c.source_kind)


def _rates(rows: Sequence[Row[Any]]) -> list[Rate]:
    skus: dict[Sku, Sku] = {}
    rates = []
    for row in rows:
        sku = Sku(
            provider=row.provider,
            region=row.region,
            instance_type=row.instance_type,
            gpu_model=row.gpu_model,
            gpu_count=Fraction(row.gpu_count),
            cpu_architecture=row.cpu_architecture,
            vcpus=None if row.vcpus is None else Fraction(row.vcpus),
            memory_gib=None if row.memory_gib is None else Fraction(row.memory_gib),
        )
        rates.append(
            Rate(
                sku=skus.setdefault(sku, sku),
                pricing_model=PricingModel(row.pricing_model),
                usd_per_instance_hour=row.price_per_instance_hour,
                effective_from=row.effective_from,
                published_at=row.published_at,
                source_kind=SourceKind(row.source_kind),
                source=row.source,
                source_url=row.source_url,
                retrieved_at=date.fromisoformat(row.retrieved_at),
                first_seen=_date(row.first_seen),
                previous_last_seen=_date(row.previous_last_seen),
            )
        )
    return rates


def next_publication(connection: Connection, now: datetime) -> datetime:
    """Return the instant at which facts of this transaction become known (R-KNOWN).

    It is now, but never an instant at which a price was published before: if the clock was set
    back, an answer with an older `as_of` stays as it was.
    """
    newest = connection.execute(select(func.max(provider_pricing.c.published_at))).scalar()
    return now if newest is None else max(now, newest + _RESOLUTION)


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
    connection.execute(insert(provider_pricing), rows)


def all_billing_rules(connection: Connection) -> list[BillingRule]:
    """Return every billing rule that this installation has learned."""
    return [
        BillingRule(
            provider=row.provider,
            min_seconds=row.min_seconds,
            increment_seconds=row.increment_seconds,
            rounding=Rounding(row.rounding),
            effective_from=row.effective_from,
            published_at=row.published_at,
            source=row.source,
        )
        for row in connection.execute(select(billing_rule))
    ]


def append_billing_rules(
    connection: Connection, facts: Sequence[BillingRuleFact], *, now: datetime
) -> None:
    """Add billing rules, learned now (R-KNOWN)."""
    if not facts:
        return
    rows = [
        {
            "provider": fact.provider,
            "effective_from": fact.effective_from,
            "published_at": now,
            "min_seconds": fact.min_seconds,
            "increment_seconds": fact.increment_seconds,
            "rounding": fact.rounding,
            "source": fact.source,
            "sureness": fact.sureness,
        }
        for fact in facts
    ]
    connection.execute(insert(billing_rule), rows)


def _date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _date_text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _decimal(value: Fraction | None) -> Decimal | None:
    """Return a count or size exactly; they come from decimal text, so the division ends."""
    return None if value is None else Decimal(value.numerator) / value.denominator
