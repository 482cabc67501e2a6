"""The price report: what the price book covers, how old it is, and where it may be wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from sqlalchemy import Connection

from dumont_economy.data.shipped_rows import shipped_rows
from dumont_economy.pricing.card_check import CardFinding, CardRow, check_row
from dumont_economy.pricing.equivalence import Equivalent
from dumont_economy.pricing.match_timeline import RequestedGpu, ask
from dumont_economy.pricing.policy import Policy
from dumont_economy.pricing.price_book import PriceBook
from dumont_economy.pricing.price_claim import FeedScope
from dumont_economy.pricing.rate import PricingModel, Rate
from dumont_economy.pricing.sku import ComparisonProvider
from dumont_economy.services.look_up_rates import default_region
from dumont_economy.services.market import Market, market_known_at
from dumont_economy.services.price_health import PriceHealth, read_price_health
from dumont_economy.services.region_coverage import RegionCoverage, coverage_of_regions
from dumont_economy.storage import gpu_spellings, price_imports, prices
from dumont_economy.storage.database import Database
from dumont_economy.storage.gpu_spellings import UsedSpelling
from dumont_economy.storage.price_imports import RefusedRows
from dumont_economy.storage.price_quarantine import QuarantinedPrice

_ON_DEMAND = PricingModel.ON_DEMAND
_POLICY = Policy()
_ANY_VERSION = 0
_UNKNOWN_NAME = frozenset({"unknown_gpu", "unknown_instance_type", "gpu_variant_unknown"})


@dataclass(frozen=True, slots=True)
class GpuCoverage:
    """One GPU at one provider: in how many regions it is sold, and what one of it costs.

    `match` is what one such GPU is compared with in the provider's baseline region, None where
    the GPU is not sold there, or only in slices.
    """

    provider: str
    gpu_model: str
    regions: int
    match: Equivalent | None


@dataclass(frozen=True, slots=True)
class PricedConflict:
    """A price that another source contradicts, beside the rate in force; None where none is."""

    waiting: QuarantinedPrice
    in_force: Rate | None


@dataclass(frozen=True, slots=True)
class OwnPrice:
    """A row of the reference card that is its operator's own price, in USD per GPU-hour."""

    gpu: str
    usd_per_gpu_hour: Fraction


@dataclass(frozen=True, slots=True)
class ShippedRefusal:
    """A row that the shipped book does not hold, and why. USD per instance-hour."""

    provider: str
    region: str
    instance_type: str
    usd_per_instance_hour: Decimal
    as_of: date
    reason: str


@dataclass(frozen=True, slots=True)
class UnknownInSource:
    """A name in the newest reading of a source that means no machine that is known."""

    scope: FeedScope
    rows: RefusedRows


@dataclass(frozen=True)
class PriceReport:
    """Everything that can be said of the price book at an instant.

    `regions` are all places and pricing models with a price; `conflicts` are among what waits in
    `health`; `unknown_in_usage` are the names in usage that mean no GPU that is known.
    """

    at: datetime
    regions: list[RegionCoverage]
    gpus: list[GpuCoverage]
    health: PriceHealth
    conflicts: list[PricedConflict]
    unknown_in_sources: list[UnknownInSource]
    unknown_in_usage: list[UsedSpelling]
    findings: list[CardFinding]
    own_prices: list[OwnPrice]
    shipped_refusals: list[ShippedRefusal]

    def age_days(self, day: date) -> int:
        """Return how many days before the report a source was last seen; never less than none."""
        return max(0, (self.at.date() - day).days)


def read_price_report(database: Database, at: datetime) -> PriceReport:
    """Return the report on all that is known now, for prices in force at `at`, from one read."""
    with database.read() as connection:
        market = market_known_at(connection, None, _ANY_VERSION)
        version = price_imports.imports_version(connection)
        health = read_price_health(connection, version)
        places = _places(connection, market.matcher.book)
        unknown = _unknown_in_sources(connection)
        used = gpu_spellings.used_spellings(connection)
    findings, own_prices = _card(market, at)
    return PriceReport(
        at=at,
        regions=coverage_of_regions(market.matcher.book, places, at),
        gpus=_gpus(market, places, at),
        health=health,
        conflicts=[_priced_conflict(market.matcher.book, one, at) for one in health.conflicts],
        unknown_in_sources=unknown,
        unknown_in_usage=[one for one in used if not _is_known(market, one)],
        findings=findings,
        own_prices=own_prices,
        shipped_refusals=[
            ShippedRefusal(
                row["provider"],
                row["region"],
                row["instance_type"],
                Decimal(row["usd_per_instance_hour"]),
                date.fromisoformat(row["as_of"]),
                row["reason"],
            )
            for row in shipped_rows("refused_prices.csv")
        ],
    )


def _places(connection: Connection, book: PriceBook) -> list[tuple[str, str]]:
    """Return every provider with each region in which it has a price; compared ones first."""
    compared = [provider.value for provider in ComparisonProvider]
    others = [one for one in prices.providers_known(connection) if one not in compared]
    return [
        (provider, region) for provider in (*compared, *others) for region in book.regions(provider)
    ]


def _gpus(market: Market, places: Sequence[tuple[str, str]], at: datetime) -> list[GpuCoverage]:
    """Return the GPUs that are sold on demand, by provider and name."""
    book = market.matcher.book
    sold: dict[tuple[str, str], dict[str, list[Rate]]] = {}
    for provider, region in places:
        for rate in book.rates_on_offer(provider, region, _ON_DEMAND, at):
            regions = sold.setdefault((provider, rate.sku.gpu_model), {})
            regions.setdefault(region, []).append(rate)
    return [
        GpuCoverage(provider, gpu, len(regions), _match(market, provider, gpu, regions, at))
        for (provider, gpu), regions in sorted(sold.items(), key=lambda one: _by_name(*one[0]))
    ]


def _by_name(provider: str, gpu: str) -> tuple[str, str]:
    return (provider, gpu.lower())


def _match(
    market: Market, provider: str, gpu: str, regions: dict[str, list[Rate]], at: datetime
) -> Equivalent | None:
    """Return what one GPU is compared with where it is sold, on its own CPU architecture."""
    region = default_region(provider, _POLICY.regions)
    if region is None:
        return None
    for architecture in sorted({r.sku.cpu_architecture for r in regions.get(region, ())})[::-1]:
        asked = RequestedGpu(gpu, None, 1, architecture)
        found = market.matcher.match_at(asked, ask(_POLICY, ComparisonProvider(provider)), at)
        if isinstance(found, Equivalent) and found.gpu_model == gpu:
            return found
    return None


def _priced_conflict(book: PriceBook, waiting: QuarantinedPrice, at: datetime) -> PricedConflict:
    price = waiting.price
    offer = book.offer(price.provider, price.region, price.instance_type, price.pricing_model)
    return PricedConflict(waiting, None if offer is None else offer.rate_at(at))


def _unknown_in_sources(connection: Connection) -> list[UnknownInSource]:
    """Return the unknown names in the newest reading of each source, files among them."""
    return [
        UnknownInSource(one.record.scope, rows)
        for one in price_imports.newest_imports(connection)
        if one.record.counts.refused
        for rows in price_imports.refusals_of(connection, one.number)
        if rows.code in _UNKNOWN_NAME
    ]


def _is_known(market: Market, used: UsedSpelling) -> bool:
    asked = RequestedGpu(used.spelling, used.memory_gib, 1, "x86_64")
    return market.matcher.identify(asked) is not None


def _card(market: Market, at: datetime) -> tuple[list[CardFinding], list[OwnPrice]]:
    """Return each row of the reference card beside list prices, by GPU; its own prices apart."""
    findings, own_prices = [], []
    providers = {provider.value: provider for provider in ComparisonProvider}
    for row in shipped_rows("reference_rate_card.csv"):
        figure = Fraction(row["usd_per_gpu_hour"])
        provider = providers.get(row["provider"])
        if provider is None:
            own_prices.append(OwnPrice(row["gpu"], figure))
            continue
        asked = ask(_POLICY, provider)
        findings.append(check_row(CardRow(row["gpu"], figure), asked, market.matcher, at))
    return findings, own_prices
