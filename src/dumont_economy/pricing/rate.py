"""A rate: the price of one SKU from one source, with the dates that make it checkable."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from dumont_economy.pricing.sku import Sku


class PricingModel(StrEnum):
    """How a SKU is bought (FOCUS, PricingCategory: Standard, Dynamic, Committed)."""

    ON_DEMAND = "on_demand"
    SPOT = "spot"
    RESERVED_1Y = "reserved_1y"
    RESERVED_3Y = "reserved_3y"


class SourceKind(StrEnum):
    """Where a rate comes from; at equal dates the first of these wins (R-PRICE)."""

    PROVIDER_FEED = "provider_feed"
    OPERATOR_FILE = "operator_file"
    SHIPPED_BOOK = "shipped_book"
    OTHER = "other"

    @property
    def rank(self) -> int:
        """Return the place of the kind: the lesser one wins."""
        return _SOURCE_RANK[self]


_SOURCE_RANK = {kind: rank for rank, kind in enumerate(SourceKind)}


@dataclass(frozen=True, slots=True)
class Rate:
    """The price of one SKU from `effective_from` until a later rate takes over.

    `published_at` is when this installation learned it, `retrieved_at` the date on which its
    source was last seen to say so. `previous_last_seen` and `first_seen` bracket the true date of
    a change that is only known from snapshots (R-BRACKET).
    """

    sku: Sku
    pricing_model: PricingModel
    usd_per_instance_hour: Decimal
    effective_from: datetime
    published_at: datetime
    source_kind: SourceKind
    source: str
    source_url: str | None
    retrieved_at: date
    first_seen: date | None = None
    previous_last_seen: date | None = None

    @property
    def usd_per_gpu_hour(self) -> Fraction:
        """Return the price of one GPU's share, exact."""
        return Fraction(self.usd_per_instance_hour) / self.sku.gpu_count

    def wins_over(self, other: "Rate") -> bool:
        """Say whether, both in effect and known, this rate is the one in force (R-PRICE)."""
        if self.effective_from != other.effective_from:
            return self.effective_from > other.effective_from
        if self.published_at != other.published_at:
            return self.published_at > other.published_at
        return self.source_rank < other.source_rank

    @property
    def source_rank(self) -> tuple[int, str]:
        """Return the order of sources at equal dates: the lesser one wins."""
        return (self.source_kind.rank, self.source)
