"""Builders: each makes one thing of the domain and asks only for what matters to the case."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import TypedDict, Unpack

from dumont_economy.data.shipped_rows import shipped_rows
from dumont_economy.instant import EPOCH
from dumont_economy.ledger.rating import RatingTerms
from dumont_economy.metering.gpu_session import (
    Disk,
    DiskSpan,
    GpuRun,
    GpuSession,
    RateChange,
    Shape,
)
from dumont_economy.metering.usage_event import CpuArchitecture, EventType, UsageEvent
from dumont_economy.pricing.billing_rule import BillingRule, Rounding
from dumont_economy.pricing.bracket import Contradiction, Sighting, dated
from dumont_economy.pricing.dated_fact import ALWAYS
from dumont_economy.pricing.disk_price import NOT_COMPARED, DiskPrice, DiskSegment
from dumont_economy.pricing.equivalence import Equivalent, Grade, Reach
from dumont_economy.pricing.exchange_rate import ExchangeRate, ExchangeRates
from dumont_economy.pricing.gpu_identity import shipped_identifier
from dumont_economy.pricing.gpu_model import shipped_gpu_models
from dumont_economy.pricing.match_timeline import (
    Match,
    Matcher,
    MatchSegment,
    RequestedGpu,
    Unpriced,
    UnpricedReason,
)
from dumont_economy.pricing.matching_rules import newest_matching_rules
from dumont_economy.pricing.offer_end import OfferEnd
from dumont_economy.pricing.price_book import PriceBook
from dumont_economy.pricing.price_claim import PriceClaim
from dumont_economy.pricing.rate import PricingModel, Rate, SourceKind
from dumont_economy.pricing.reference_card import ReferenceCard
from dumont_economy.pricing.sku import Sku

NINE = datetime(2026, 5, 4, 9, tzinfo=UTC)
EMPTY_CARD = ReferenceCard(source="none", published="", usd_per_gpu_hour={}, gpu_of_chip={})


def instant(text: str) -> datetime:
    """Return the UTC instant that a text such as `2026-05-04` or `2026-05-04 09:30` writes."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def after(seconds: int, microseconds: int = 0) -> datetime:
    """Return the instant so long after nine o'clock, when most stories begin."""
    return NINE + timedelta(seconds=seconds, microseconds=microseconds)


class SetClock:
    """A clock that shows what the test says."""

    def __init__(self, present: datetime) -> None:
        self.present = present

    def now(self) -> datetime:
        """Return the present that was set."""
        return self.present


class EventFields(TypedDict, total=False):
    """What a case may say about an event."""

    id: str
    source: str
    instance: str
    provider: str
    gpu: str
    gpu_count: int
    currency: str
    name: str
    arch: CpuArchitecture
    void_of: str
    disk_gb: Decimal
    disk_rate_running: Decimal
    disk_rate_stopped: Decimal
    disk_hours_per_month: int


def event(
    kind: str, time: datetime = NINE, *, rate: str | None = None, **fields: Unpack[EventFields]
) -> UsageEvent:
    """Return an event of instance `i-1`; its id says what and when, so that no two are alike.

    A void needs no instance, so it has none.
    """
    said: EventFields = {"id": f"{kind} {time.isoformat()}", "source": "push"}
    if kind != "void":
        said["instance"] = "i-1"
    said = {**said, **fields}
    paid = None if rate is None else Decimal(rate)
    return UsageEvent(type=EventType(kind), time=time, rate=paid, **said)


def start(
    time: datetime = NINE, *, rate: str = "0.74", **fields: Unpack[EventFields]
) -> UsageEvent:
    """Return the start of one RTX 4090 at $0.74 an hour."""
    said: EventFields = {
        "provider": "vast",
        "gpu": "RTX 4090",
        "gpu_count": 1,
        "currency": "USD",
        "arch": CpuArchitecture.X86_64,
        **fields,
    }
    return event("start", time, rate=rate, **said)


def exchange(currency: str, rate: str, since: datetime, *, into: str = "USD") -> ExchangeRate:
    """Return what a unit of a currency is worth from an instant on."""
    return ExchangeRate(currency, into, Decimal(rate), since, since, "test", None, since.date())


def disk_price(usd_per_gb_month: str, since: datetime = EPOCH) -> DiskPrice:
    """Return what AWS asks for a GB of disk in us-east-1 a month of 720 hours."""
    price = Decimal(usd_per_gb_month)
    return DiskPrice("aws", "us-east-1", price, 720, since, since, "test", None, since.date())


def shape(gpu: str = "RTX 4090", count: int = 1, currency: str | None = "USD") -> Shape:
    """Return what `start` rents."""
    return Shape("vast", gpu, count, None, CpuArchitecture.X86_64, currency)


def run(
    starts_at: datetime,
    ends_at: datetime | None,
    *rates: tuple[datetime, str],
    of: Shape | None = None,
    rate: str = "3.6",
) -> GpuRun:
    """Return a run at $3.60 an hour, a tenth of a cent a second; `rates` are later changes."""
    changes = [RateChange(starts_at, Fraction(rate))]
    changes += [RateChange(since, Fraction(amount)) for since, amount in rates]
    return GpuRun(of or shape(), starts_at, ends_at, tuple(changes))


def disk(starts_at: datetime, ends_at: datetime | None, of: Shape | None = None) -> DiskSpan:
    """Return 90 GB of a running instance at $0.10 a month of 720 hours: 1.25 cents an hour."""
    held = Disk(Decimal(90), Decimal("0.1"), Decimal("0.2"), 720)
    return DiskSpan(
        of or shape(), held, Fraction(90), is_running=True, starts_at=starts_at, ends_at=ends_at
    )


def session(*runs: GpuRun) -> GpuSession:
    """Return the session that consists of these runs."""
    return GpuSession("i-1", runs[0].starts_at, runs[-1].ends_at, runs)


def billing(
    minimum: int = 0, increment: int = 1, rounding: str = "ceil", *, provider: str = "aws"
) -> BillingRule:
    """Return a billing rule that has always held, times in seconds; by the second unless told."""
    return BillingRule(provider, minimum, increment, Rounding(rounding), EPOCH, EPOCH, "test rule")


def equivalent(usd_per_hour: str, grade: Grade = Grade.A, rate: Rate | None = None) -> Equivalent:
    """Return a comparison at a price for the whole instance."""
    return Equivalent(
        grade=grade,
        reach=Reach.WHOLE,
        gpu_model="RTX 4090",
        gpu_count=1,
        machines=Fraction(1),
        usd_per_hour=Fraction(usd_per_hour),
        smallest_instance_usd_per_hour=Fraction(usd_per_hour),
        ratios=None,
        rate=rate,
        source="test book",
    )


def unpriced() -> Unpriced:
    """Return what stands where there is no comparison."""
    return Unpriced(UnpricedReason.NO_PRICE_AT_THAT_TIME, "No prices are known.")


def matches(first: Match, *later: tuple[datetime, Match]) -> list[MatchSegment]:
    """Return a match timeline: what holds from the beginning, and what takes over when."""
    return [MatchSegment(ALWAYS, first), *(MatchSegment(since, match) for since, match in later)]


def terms(
    timeline: Sequence[MatchSegment] | None = None,
    *,
    actual: BillingRule | None = None,
    comparison: BillingRule | None = None,
    exchange: Sequence[ExchangeRate] = (),
    disk_prices: Sequence[DiskSegment] = NOT_COMPARED,
) -> RatingTerms:
    """Return rating terms in USD: compared at $7.20 an hour, billed by the second unless told."""
    held = matches(equivalent("7.2")) if timeline is None else timeline
    return RatingTerms(
        currency="USD",
        matches_of=lambda _: held,
        actual_rule=lambda _provider, _at: actual or billing(),
        comparison_rule=lambda _at: comparison or billing(),
        exchange_of=lambda currency: ExchangeRates(exchange).timeline(currency, "USD"),
        disk_prices=disk_prices,
    )


def sku(instance_type: str, gpu: str, gpus: str = "1", arch: str = "x86_64") -> Sku:
    """Return an AWS instance type in us-east-1."""
    return Sku("aws", "us-east-1", instance_type, gpu, Fraction(gpus), arch)


def rate(
    of: Sku,
    usd_per_hour: str,
    since: str = "2020-01-01",
    *,
    known_since: str = "2020-01-01",
    source_kind: SourceKind = SourceKind.SHIPPED_BOOK,
    source: str = "test book",
) -> Rate:
    """Return an on-demand rate, known since it can be, from the shipped book."""
    return Rate(
        sku=of,
        pricing_model=PricingModel.ON_DEMAND,
        usd_per_instance_hour=Decimal(usd_per_hour),
        effective_from=instant(since),
        published_at=instant(known_since),
        source_kind=source_kind,
        source=source,
        source_url=None,
        retrieved_at=date.fromisoformat(since),
    )


def known_at(as_of: str, *rates: Rate) -> list[Rate]:
    """Return the rates that were known at an instant."""
    return [one for one in rates if one.published_at <= instant(as_of)]


def matcher(rates: Iterable[Rate], offer_ends: Iterable[OfferEnd] = ()) -> Matcher:
    """Return a matcher over these rates and the shipped GPU models."""
    book = PriceBook(rates, offer_ends, version=1)
    return Matcher(
        book, shipped_gpu_models(), shipped_identifier(), EMPTY_CARD, newest_matching_rules()
    )


def gpus(spelling: str, count: int = 1, arch: str = "x86_64") -> RequestedGpu:
    """Return GPUs as a report names them."""
    return RequestedGpu(spelling, None, count, arch)


@cache
def shipped_matcher() -> Matcher:
    """Return a matcher over the prices and the offer dates that the package ships."""
    types = {(row["provider"], row["instance_type"]): row for row in shipped_rows("skus.csv")}
    return matcher(
        [_shipped_rate(row, types) for row in shipped_rows("price_book.csv")],
        [
            OfferEnd(
                provider=row["provider"],
                instance_type_pattern=row["instance_type_pattern"],
                pricing_model=None
                if row["pricing_model"] == "*"
                else PricingModel(row["pricing_model"]),
                not_offered_from=instant(row["not_offered_from"]),
                reason=row["reason"],
            )
            for row in shipped_rows("not_offered.csv")
        ],
    )


def _shipped_rate(row: dict[str, str], types: dict[tuple[str, str], dict[str, str]]) -> Rate:
    kind = types[row["provider"], row["instance_type"]]
    return Rate(
        sku=Sku(
            provider=row["provider"],
            region=row["region"],
            instance_type=row["instance_type"],
            gpu_model=kind["gpu_model"],
            gpu_count=Fraction(kind["gpu_count"]),
            cpu_architecture=kind["cpu_architecture"],
        ),
        pricing_model=PricingModel(row["pricing_model"]),
        usd_per_instance_hour=Decimal(row["usd_per_instance_hour"]),
        effective_from=instant(row["effective_from"]),
        published_at=instant(row["retrieved_at"]),
        source_kind=SourceKind.SHIPPED_BOOK,
        source=row["source"],
        source_url=row["source_url"],
        retrieved_at=date.fromisoformat(row["retrieved_at"]),
    )


def claim(
    instance_type: str = "g4dn.xlarge",
    price: str = "0.526",
    *,
    seen_on: str = "2026-08-20",
    since: str | None = None,
    region: str = "us-east-1",
    provider: str = "aws",
    pricing_model: PricingModel = PricingModel.ON_DEMAND,
) -> PriceClaim:
    """Return what a source says a SKU costs, per instance-hour in US dollars."""
    return PriceClaim(
        provider=provider,
        region=region,
        instance_type=instance_type,
        pricing_model=pricing_model,
        price_per_instance_hour=Decimal(price),
        currency="USD",
        effective_from=None if since is None else instant(since),
        seen_on=date.fromisoformat(seen_on),
        source_url=None,
        place=f"row of {instance_type}",
    )


def day(number: int) -> date:
    """Return a day of a story that begins with day 1."""
    return date(2025, 12, 31) + timedelta(days=number)


def seen(number: int, usd_per_hour: str, *, since: int | None = None) -> Sighting:
    """Return a price seen on a day; `since` is the day from which its source says it holds."""
    holds_since = None if since is None else instant(day(since).isoformat())
    return Sighting(day(number), Decimal(usd_per_hour), holds_since)


def learn(known: Sequence[Rate], sighting: Sighting, source: str = "test feed") -> list[Rate]:
    """Return the rates in force, in order, once a sighting is known too; it must fit to them."""
    additions = dated(known, sighting)
    assert not isinstance(additions, Contradiction)
    published_at = max((one.published_at for one in known), default=NINE) + timedelta(days=1)
    rates = [
        *known,
        *(
            Rate(
                sku=sku("g4dn.xlarge", "T4"),
                pricing_model=PricingModel.ON_DEMAND,
                usd_per_instance_hour=one.price,
                effective_from=one.effective_from,
                published_at=published_at,
                source_kind=SourceKind.OTHER,
                source=source if one.restates is None else one.restates.source,
                source_url=None,
                retrieved_at=one.retrieved_at,
                first_seen=one.first_seen,
                previous_last_seen=one.previous_last_seen,
            )
            for one in additions
        ),
    ]
    offer = PriceBook(rates, [], 1).offer("aws", "us-east-1", "g4dn.xlarge", PricingModel.ON_DEMAND)
    return [] if offer is None else list(offer.rates)


def price_on(known: Sequence[Rate], number: int) -> str | None:
    """Return the price in force when a day begins, None where there is none."""
    begun = [one for one in known if one.effective_from.date() <= day(number)]
    return f"{begun[-1].usd_per_instance_hour:f}" if begun else None
