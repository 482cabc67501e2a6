"""Judgements: what a reading of prices is judged by, and what it comes to."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from dumont_economy.pricing.price_claim import FeedScope, PriceClaim, StatedKey
from dumont_economy.pricing.price_fact import PriceFact
from dumont_economy.pricing.price_guard import Doubt
from dumont_economy.pricing.rate import Rate, SourceKind
from dumont_economy.pricing.sku_catalogue import SkuCatalogue


class Outcome(StrEnum):
    """What became of one row."""

    ADDED = "added"
    CONFIRMED = "confirmed"
    AGREEING = "agreeing"
    REFUSED = "refused"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that was not taken, why, and where it stood."""

    code: str
    subject: str
    place: str
    message: str


@dataclass(frozen=True, slots=True)
class DoubtedClaim:
    """A price that waits for a person."""

    claim: PriceClaim
    doubt: Doubt


@dataclass(frozen=True, slots=True)
class OpenDoubt:
    """A doubted price of an earlier reading: whose it is, and whether a person rejected it.

    `was_of_the_present` says that it was read on the day on which it was seen, and not from an
    old edition.
    """

    number: int
    source_kind: SourceKind
    source: str
    provider: str
    key: StatedKey
    price: Decimal
    seen_on: date
    was_of_the_present: bool
    is_rejected: bool


@dataclass(frozen=True, slots=True)
class Before:
    """What the newest good reading of the same scope was: how many prices, of which edition.

    `stated` are those that became rates, `prices` counts the others too. `edition` is None where
    none was named.
    """

    stated: Collection[StatedKey] = ()
    prices: int = 0
    edition: date | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """All that a reading is judged by.

    `rates` are those known now, of every provider; `doubts` those prices that nobody has accepted;
    `heard` the scopes that were read well within a week. `is_of_the_past` marks an old edition.
    `believes_old_dates` lets a source date prices back by more than a month, `accepts_gone` lets
    it leave out any number of what it stated before: both are for a person to say.
    """

    rates: Sequence[Rate]
    catalogue: SkuCatalogue
    before: Before = Before()
    doubts: Sequence[OpenDoubt] = ()
    heard: Collection[FeedScope] = ()
    is_of_the_past: bool = False
    believes_old_dates: bool = False
    accepts_gone: bool = False


@dataclass
class Judgement:
    """What a reading comes to. `refused_whole` is code and reason where nothing of it is taken.

    `released` and `superseded` number earlier doubts: those that this reading confirms, and those
    that it replaces by what the same source says now.
    """

    facts: list[PriceFact] = field(default_factory=list)
    counts: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(Outcome, 0))
    skipped: Counter[str] = field(default_factory=Counter)
    refused: list[RefusedRow] = field(default_factory=list)
    doubted: list[DoubtedClaim] = field(default_factory=list)
    stated: int = 0
    missing: list[StatedKey] = field(default_factory=list)
    released: list[int] = field(default_factory=list)
    superseded: list[int] = field(default_factory=list)
    refused_whole: tuple[str, str] | None = None
