"""Loads the facts that the package ships into the database; loading twice changes nothing."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import cache
from hashlib import sha256
from importlib.resources import files

from dumont_economy.clock import Clock
from dumont_economy.data.shipped_rows import shipped_rows
from dumont_economy.pricing.billing_rule import Rounding
from dumont_economy.pricing.gpu_identity import shipped_identifier
from dumont_economy.pricing.gpu_model import shipped_gpu_models
from dumont_economy.pricing.price_book import OfferEnd
from dumont_economy.pricing.price_fact import PriceFact
from dumont_economy.pricing.rate import PricingModel, SourceKind
from dumont_economy.pricing.reference_card import ReferenceCard
from dumont_economy.pricing.sku import ComparisonProvider, Sku
from dumont_economy.storage import accounts, prices
from dumont_economy.storage.database import Database
from dumont_economy.storage.prices import BillingRuleFact

_PRICE_BOOK = "price_book.csv"
_ALL_PRICING_MODELS = "*"
_LOADED = "shipped_facts_sha256"
_LOADED_FILES = (_PRICE_BOOK, "skus.csv", "billing_rules.csv")


def load_shipped_facts(database: Database, clock: Clock) -> int:
    """Add what the package ships and the database lacks; return how many prices were added.

    The hash of what was loaded last is kept, so that a start with the same files reads none.
    """
    shipped = _shipped_sha256()
    with database.read() as connection:
        if accounts.read_setting(connection, _LOADED) == shipped:
            return 0
    with database.write() as connection:
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
        now = clock.now()
        prices.append_prices(
            connection,
            new,
            published_at=prices.next_publication(connection, now),
            payload_sha256=_price_book_sha256(),
        )
        held = {
            (
                rule.provider,
                rule.effective_from,
                rule.min_seconds,
                rule.increment_seconds,
                rule.rounding,
            )
            for rule in prices.all_billing_rules(connection)
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
        prices.append_billing_rules(connection, rules, now=now)
        accounts.replace_setting(connection, _LOADED, shipped)
    return len(new)


def _key(fact: PriceFact) -> tuple[Sku, PricingModel, datetime, Decimal, date]:
    return (
        fact.sku,
        fact.pricing_model,
        fact.effective_from,
        fact.usd_per_instance_hour,
        fact.retrieved_at,
    )


def _shipped_sha256() -> str:
    digest = sha256()
    for name in _LOADED_FILES:
        digest.update(files("dumont_economy.data").joinpath(name).read_bytes())
    return digest.hexdigest()


def _price_book_sha256() -> str:
    payload = files("dumont_economy.data").joinpath(_PRICE_BOOK).read_bytes()
    return sha256(payload).hexdigest()


def _shipped_prices() -> list[PriceFact]:
    types = {(row["provider"], row["instance_type"]): row for row in shipped_rows("skus.csv")}
    return [
        PriceFact(
            sku=_sku(types[row["provider"], row["instance_type"]], row["region"]),
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
        for row in shipped_rows(_PRICE_BOOK)
    ]


def _sku(row: Mapping[str, str], region: str) -> Sku:
    return Sku(
        provider=row["provider"],
        region=region,
        instance_type=row["instance_type"],
        gpu_model=row["gpu_model"],
        gpu_count=Fraction(row["gpu_count"]),
        cpu_architecture=row["cpu_architecture"],
        vcpus=Fraction(row["vcpus"]) if row["vcpus"] else None,
        memory_gib=Fraction(row["memory_gib"]) if row["memory_gib"] else None,
    )


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


@cache
def shipped_offer_ends() -> tuple[OfferEnd, ...]:
    """Return which instance types providers do not sell any more, from when on."""
    return tuple(
        OfferEnd(
            provider=row["provider"],
            instance_type_pattern=row["instance_type_pattern"],
            pricing_model=None
            if row["pricing_model"] == _ALL_PRICING_MODELS
            else PricingModel(row["pricing_model"]),
            not_offered_from=_midnight(row["not_offered_from"]),
            reason=row["reason"],
        )
        for row in shipped_rows("not_offered.csv")
    )


@cache
def shipped_reference_card() -> ReferenceCard:
    """Return the reference rate card that the package ships."""
    rows = [row for row in shipped_rows("reference_rate_card.csv") if row["provider"] != "dumont"]
    rates: dict[ComparisonProvider, dict[str, Fraction]] = {}
    for row in rows:
        provider = ComparisonProvider(row["provider"])
        rates.setdefault(provider, {})[row["gpu"]] = Fraction(row["usd_per_gpu_hour"])
    models = shipped_gpu_models()
    gpu_of_chip = {}
    for gpu in {row["gpu"] for row in rows}:
        identity = shipped_identifier().identify(gpu)
        if identity is not None:
            gpu_of_chip[models[identity.gpu_model].chip] = gpu
    return ReferenceCard(
        source=rows[0]["source"],
        published=rows[0]["published"],
        usd_per_gpu_hour=rates,
        gpu_of_chip=gpu_of_chip,
    )


def _midnight(text: str) -> datetime:
    return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)


def _date(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
