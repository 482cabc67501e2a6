"""Open doubts: prices that nobody has accepted, and what a new reading does to them.

Invariants: a price that a person rejected stays rejected for its source and for lesser ones; only
an independent source that said the same lately confirms; what is said of the past settles nothing
of the present.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta

from dumont_economy.pricing import price_guard
from dumont_economy.pricing.price_claim import FeedScope, PriceClaim, StatedKey
from dumont_economy.pricing.price_judgement import OpenDoubt
from dumont_economy.pricing.rate import SourceKind

# How long what a source stated counts as what it says now.
FRESH = timedelta(days=7)


class OpenDoubts:
    """The doubts that a reading of one scope meets."""

    def __init__(
        self, doubts: Iterable[OpenDoubt], scope: FeedScope, *, is_of_the_past: bool
    ) -> None:
        self._scope = scope
        self._is_of_the_past = is_of_the_past
        self._doubts: dict[tuple[str, StatedKey], list[OpenDoubt]] = defaultdict(list)
        for doubt in doubts:
            self._doubts[doubt.provider, doubt.key].append(doubt)

    def is_rejected(self, claim: PriceClaim) -> bool:
        """Say whether a person has rejected this price, of this source or of a better one."""
        return any(
            doubt.is_rejected
            and doubt.price == claim.price_per_instance_hour
            and doubt.source_kind.rank <= self._scope.source_kind.rank
            for doubt in self._of(claim)
        )

    def already_waits(self, claim: PriceClaim) -> bool:
        """Say whether the source's price waits since an earlier reading."""
        return any(
            doubt.price == claim.price_per_instance_hour
            for doubt in self._open(claim)
            if doubt.source == self._scope.source
        )

    def confirmed_by(self, claim: PriceClaim) -> list[int]:
        """Return the doubts, by number, that a claim confirms and that confirm it."""
        return [
            doubt.number
            for doubt in self._open(claim)
            if self._is_independent(doubt)
            and abs(claim.seen_on - doubt.seen_on) <= FRESH
            and price_guard.agree(
                doubt.price, claim.price_per_instance_hour, price_guard.CONFIRMATION
            )
        ]

    def replaced_by(self, claim: PriceClaim) -> list[int]:
        """Return the doubts, by number, that are past once their source says something else."""
        if self._is_of_the_past:
            return []
        return [
            doubt.number
            for doubt in self._open(claim)
            if doubt.source == self._scope.source
            and doubt.was_of_the_present
            and doubt.seen_on <= claim.seen_on
        ]

    def _is_independent(self, doubt: OpenDoubt) -> bool:
        """Say whether a doubt is of another source; all files of the operator are one."""
        if doubt.source_kind is self._scope.source_kind is SourceKind.OPERATOR_FILE:
            return False
        return doubt.source != self._scope.source

    def _open(self, claim: PriceClaim) -> list[OpenDoubt]:
        return [doubt for doubt in self._of(claim) if not doubt.is_rejected]

    def _of(self, claim: PriceClaim) -> list[OpenDoubt]:
        key = StatedKey(claim.region, claim.instance_type, claim.pricing_model)
        return self._doubts[claim.provider, key]
