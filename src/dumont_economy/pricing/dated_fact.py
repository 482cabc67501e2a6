"""Facts with two dates, and which of them is in force (R-PRICE)."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Protocol, TypeVar

ALWAYS = datetime(1, 1, 1, tzinfo=UTC)
# As of when everything is known that is known at all.
KNOWN_NOW = datetime.max.replace(tzinfo=UTC)


class DatedFact(Protocol):
    """Something that holds from `effective_from` on, and is known since `published_at`."""

    @property
    def effective_from(self) -> datetime:
        """From when it holds."""
        ...

    @property
    def published_at(self) -> datetime:
        """Since when this installation knows it (R-KNOWN)."""
        ...

    @property
    def source(self) -> str:
        """Who stated it."""
        ...


_Fact = TypeVar("_Fact", bound=DatedFact)


def in_force_from(facts: Iterable[_Fact]) -> dict[datetime, _Fact]:
    """Return from when which fact is in force, in order; all of one subject, and known.

    Of those that begin at one instant the one published last holds, then the first by source.
    """
    by_source = sorted(facts, key=lambda fact: fact.source, reverse=True)
    in_order = sorted(by_source, key=lambda fact: (fact.effective_from, fact.published_at))
    return {fact.effective_from: fact for fact in in_order}
