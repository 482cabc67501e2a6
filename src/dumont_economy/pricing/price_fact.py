"""Price facts: rates as their source states them, accepted, not yet learned by an installation."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from dumont_economy.pricing.rate import PricingModel, SourceKind
from dumont_economy.pricing.sku import Sku


@dataclass(frozen=True, slots=True)
class PriceFact:
    """A rate as its source states it; learning it adds `published_at` (R-KNOWN).

    `first_seen` is None where the source itself dates the rate, else the day on which the price
    was first seen; `previous_last_seen` is the last day on which the price before it was.
    """

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
