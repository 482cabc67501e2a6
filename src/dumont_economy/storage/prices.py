"""Queries on the price book and billing rules: rows are added, never changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from sqlalchemy import Connection, func, insert, select

from dumont_economy.pricing.billing_rule import BillingRule, Rounding
from dumont_economy.pricing.rate import PricingModel, Rate, SourceKind
from dumont_economy.pricing.sku import Sku
from dumont_economy.storage.tables import billing_rule, provider_pricing

_CURRENCY = "USD"


@dataclass(frozen=True, slots=True)
class PriceFact:
    """A rate as its source states it, before this installation has learned it."""

    sku: Sku
    pricing_model: PricingModel
    usd_per_instance_hour: Decimal
    effective_from: datetime
    source_kind: SourceKind
    source: str
    source_url: str | None
    retrieved_at: date
    first_seen: date | None
    previous_last_seen: date | None


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


def all_rates(connection: Connection) -> list[Rate]:
    """Return every rate that this installation has learned."""
    rates = []
    skus: dict[Sku, Sku] = {}
    for row in connection.execute(select(provider_pricing).order_by(provider_pricing.c.number)):
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


def append_prices(
    connection: Connection, facts: Sequence[PriceFact], *, now: datetime, payload_sha256: str
) -> None:
    """Add price facts, learned now (R-KNOWN)."""
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
            "published_at": now,
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
