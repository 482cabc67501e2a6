"""Loads the facts that the package ships into the database; loading twice changes nothing."""

from datetime import UTC, date, datetime
from decimal import Decimal

from sqlalchemy import Connection

from dumont_economy.clock import Clock
from dumont_economy.data.shipped_rows import shipped_rows
from dumont_economy.pricing.billing_rule import Rounding
from dumont_economy.pricing.price_fact import PriceFact
from dumont_economy.pricing.rate import PricingModel, SourceKind
from dumont_economy.pricing.sku import Sku
from dumont_economy.pricing.sku_catalogue import shipped_sku
from dumont_economy.services import shipped_files
from dumont_economy.storage import prices
from dumont_economy.storage.database import Database
from dumont_economy.storage.prices import BillingRuleFact


def load_shipped_facts(database: Database, clock: Clock) -> int:
    """Add what the package ships and the database lacks; return how many prices were added."""

    def add(connection: Connection) -> int:
        known = {
            (
                rate.sku,
                rate.pricing_model,
                rate.effective_from,
                rate.usd_per_instance_hour,
                rate.retrieved_at,
            )
            for rate in prices.rates_known(connection)
            if rate.source_kind is SourceKind.SHIPPED_BOOK
        }
        new = [fact for fact in _shipped_prices() if _key(fact) not in known]
        published_at = prices.next_publication(connection, clock.now())
        prices.append_prices(
            connection,
            new,
            published_at=published_at,
            payload_sha256=shipped_files.shipped_sha256(shipped_files.PRICE_BOOK),
        )
        held = {
            (
                rule.provider,
                rule.effective_from,
                rule.min_seconds,
                rule.increment_seconds,
                rule.rounding,
            )
            for rule in prices.every_billing_rule(connection)
        }
        rules = [
            rule
            for rule in _shipped_billing_rules()
            if (
                rule.provider,
                rule.effective_from,
                rule.min_seconds,
                rule.increment_seconds,
                rule.rounding,
            )
            not in held
        ]
        prices.append_billing_rules(connection, rules, published_at=published_at)
        shipped_files.note_learned(connection)
        return len(new)

    return database.transact(add)


def _key(fact: PriceFact) -> tuple[Sku, PricingModel, datetime, Decimal, date]:
    return (
        fact.sku,
        fact.pricing_model,
        fact.effective_from,
        fact.usd_per_instance_hour,
        fact.retrieved_at,
    )


def _shipped_prices() -> list[PriceFact]:
    types = {(row["provider"], row["instance_type"]): row for row in shipped_rows("skus.csv")}
    return [
        PriceFact(
            sku=shipped_sku(types[row["provider"], row["instance_type"]], row["region"]),
            pricing_model=PricingModel(row["pricing_model"]),
            usd_per_instance_hour=Decimal(row["usd_per_instance_hour"]),
            effective_from=_midnight(row["effective_from"]),
            source_kind=SourceKind.SHIPPED_BOOK,
            source=row["source"],
            source_url=row["source_url"] or None,
            retrieved_at=date.fromisoformat(row["retrieved_at"]),
            first_seen=_date(row["first_seen"]),
            previous_last_seen=_date(row["previous_last_seen"]),
        )
        for row in shipped_rows(shipped_files.PRICE_BOOK)
    ]


def _shipped_billing_rules() -> list[BillingRuleFact]:
    return [
        BillingRuleFact(
            provider=row["provider"],
            min_seconds=int(row["min_seconds"]),
            increment_seconds=int(row["increment_seconds"]),
            rounding=Rounding(row["rounding"]),
            effective_from=_midnight(row["effective_from"]),
            source=row["source"],
            sureness=row["sureness"],
        )
        for row in shipped_rows("billing_rules.csv")
    ]


def _midnight(text: str) -> datetime:
    return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)


def _date(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
