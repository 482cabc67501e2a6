"""Price health: how well prices are known at present, so that no figure seems surer than it is."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from dumont_economy.pricing.price_claim import FeedScope
from dumont_economy.storage import price_imports, price_quarantine
from dumont_economy.storage.price_imports import ImportOutcome, RefusedRows, StoredImport
from dumont_economy.storage.price_quarantine import QuarantinedPrice

CONFLICT = "conflict"

# These say that a source has machines that we do not compare with: for the report, not for totals.
_UNKNOWN_MACHINE = frozenset(
    {"unknown_gpu", "unknown_gpu_count", "unknown_instance_type", "gpu_variant_unknown"}
)


@dataclass(frozen=True, slots=True)
class FeedHealth:
    """How the newest attempt to read a feed ended, and when it last went well.

    `refused` are the rows of that attempt that were not taken, by reason.
    """

    scope: FeedScope
    outcome: ImportOutcome
    code: str
    detail: str
    tried_at: datetime
    last_good_at: datetime | None
    refused: tuple[RefusedRows, ...]

    @property
    def is_good(self) -> bool:
        """Say whether the newest attempt was taken."""
        return self.outcome is ImportOutcome.TAKEN

    @property
    def refused_rows(self) -> Counter[str]:
        """Return how many rows were not taken, by code."""
        counts: Counter[str] = Counter()
        for one in self.refused:
            counts[one.code] += one.rows
        return counts

    @property
    def refused_prices(self) -> Counter[str]:
        """Return how many prices of machines that we know were refused, by code."""
        rows = self.refused_rows
        return Counter({code: rows[code] for code in rows.keys() - _UNKNOWN_MACHINE})

    @property
    def unknown_machines(self) -> list[RefusedRows]:
        """Return the names that the source uses and we do not know, with how often and where."""
        return [one for one in self.refused if one.code in _UNKNOWN_MACHINE]


@dataclass(frozen=True, slots=True)
class PriceHealth:
    """The health of all feeds, and what waits for a person; another `version` is another health."""

    version: tuple[int, int]
    feeds: tuple[FeedHealth, ...]
    waiting: tuple[QuarantinedPrice, ...]

    def of(self, provider: str, region: str) -> "PriceHealth":
        """Return what of it concerns one provider's region."""
        return PriceHealth(
            self.version,
            tuple(
                feed
                for feed in self.feeds
                if feed.scope.provider == provider and feed.scope.region in (None, region)
            ),
            tuple(
                one
                for one in self.waiting
                if (one.price.provider, one.price.region) == (provider, region)
            ),
        )

    @property
    def waiting_by_code(self) -> Counter[tuple[str, str]]:
        """Return how many prices wait, by provider and code."""
        return Counter((one.price.provider, one.price.code) for one in self.waiting)

    @property
    def conflicts(self) -> list[QuarantinedPrice]:
        """Return the prices that wait because another source states another one."""
        return [one for one in self.waiting if one.price.code == CONFLICT]


UNTOLD = PriceHealth((0, 0), (), ())
"""What an answer as known earlier says of health, which is of the present."""


class PriceHealthReader:
    """Reads the health from the database, again only when something was tried or decided."""

    def __init__(self) -> None:
        self._health: PriceHealth | None = None

    def held(self, version: tuple[int, int]) -> PriceHealth | None:
        """Return the health of a version, where it is the one that was read last."""
        health = self._health
        return health if health is not None and health.version == version else None

    def current(self, connection: Connection) -> PriceHealth:
        """Return the health as the database knows it now."""
        version = price_imports.imports_version(connection)
        if self._health is None or self._health.version != version:
            self._health = read_price_health(connection, version)
        return self._health


def read_price_health(connection: Connection, version: tuple[int, int]) -> PriceHealth:
    """Return the health of all feeds that were ever read, and everything that waits."""
    newest = price_imports.newest_imports(connection)
    return PriceHealth(
        version,
        tuple(_feed_health(connection, one) for one in _of_feeds(newest)),
        tuple(price_quarantine.waiting_prices(connection)),
    )


def _of_feeds(imports: Sequence[StoredImport]) -> list[StoredImport]:
    """Return the imports of feeds; a file that was imported once is not one that can be late."""
    return [one for one in imports if one.record.scope.provider]


def _feed_health(connection: Connection, newest: StoredImport) -> FeedHealth:
    record = newest.record
    return FeedHealth(
        scope=record.scope,
        outcome=record.outcome,
        code=record.code,
        detail=record.detail,
        tried_at=record.retrieved_at,
        last_good_at=price_imports.newest_taken_at(connection, record.scope),
        refused=tuple(price_imports.refusals_of(connection, newest.number)),
    )
