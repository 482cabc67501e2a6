"""Price claims: what a source says a SKU costs, before anybody has judged it."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from dumont_economy.pricing.rate import PricingModel, SourceKind


@dataclass(frozen=True, slots=True)
class PriceClaim:
    """One price as a source states it: well-formed, but not believed yet.

    `effective_from` is since when the source says that the price holds; None where it only says
    what the price is on `seen_on` (a snapshot, dated by R-BRACKET). `gpu_spelling`, `gpu_count`
    and `cpu_architecture` are None where the source leaves them to the instance type.
    `place` is where in the payload it stands, for a person: a line, a page and item, a rate code.
    `stated_source` is where the row itself says that it comes from; None where the feed is the
    source.
    """

    provider: str
    region: str
    instance_type: str
    pricing_model: PricingModel
    price_per_instance_hour: Decimal
    currency: str
    effective_from: datetime | None
    seen_on: date
    source_url: str | None
    place: str
    gpu_spelling: str | None = None
    gpu_count: Fraction | None = None
    gpu_memory_gib: Decimal | None = None
    cpu_architecture: str | None = None
    vcpus: Fraction | None = None
    memory_gib: Fraction | None = None
    stated_source: str | None = None


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    """A row that states no price that could be judged; `code` is stable, in snake case."""

    place: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class StatedKey:
    """What a source has stated a price of."""

    region: str
    instance_type: str
    pricing_model: PricingModel


@dataclass(frozen=True, slots=True)
class FeedScope:
    """What one reading covers, all of it or nothing: a source, a provider, one of its regions.

    `region` is None where a reading spans regions. `source` is the name that the rates will bear;
    it stays the same from one reading to the next.
    """

    source_kind: SourceKind
    source: str
    provider: str
    region: str | None


@dataclass
class FeedReading:
    """Everything that one complete reading of a feed or file found.

    `edition` is the day on which the source says that it published it; None where it does not.

    `skipped` counts rows that are not of our kind (Windows, reserved, dedicated, ...), by reason:
    they are filtered by attribute and no error.
    """

    scope: FeedScope
    retrieved_at: datetime
    url: str
    claims: list[PriceClaim] = field(default_factory=list)
    unreadable: list[UnreadableRow] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    edition: date | None = None
