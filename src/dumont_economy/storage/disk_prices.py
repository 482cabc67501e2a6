"""Queries on disk prices: rows are added, never changed."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert

from dumont_economy.pricing.disk_price import DiskPrice
from dumont_economy.storage.stored_facts import FactTable
from dumont_economy.storage.tables import disk_price

_FACTS = FactTable(disk_price, "disk price", ("provider", "region", "source"))


def disk_prices_known(connection: Connection, as_of: datetime | None = None) -> list[DiskPrice]:
    """Return every disk price known at an instant, or now.

    Raises:
        DamagedFactError: one is not what was written.
    """
    return [
        one for one in every_disk_price(connection) if as_of is None or one.published_at <= as_of
    ]


def every_disk_price(connection: Connection) -> Iterator[DiskPrice]:
    """Return each disk price that was ever learned.

    Raises:
        DamagedFactError: one is not what was written; those before it are.
    """
    for row in connection.execute(_FACTS.select(connection)):
        yield _FACTS.read(row, _disk_price)


def _disk_price(said: Mapping[str, Any]) -> DiskPrice:
    return DiskPrice(
        provider=said["provider"],
        region=said["region"],
        usd_per_gb_month=said["price_per_gb_month"],
        hours_per_month=said["hours_per_month"],
        effective_from=said["effective_from"],
        published_at=said["published_at"],
        source=said["source"],
        source_url=said["source_url"],
        retrieved_at=date.fromisoformat(said["retrieved_at"]),
    )


def append_disk_prices(connection: Connection, prices: Sequence[DiskPrice]) -> None:
    """Add disk prices."""
    rows = [
        {
            "provider": one.provider,
            "region": one.region,
            "price_per_gb_month": one.usd_per_gb_month,
            "hours_per_month": one.hours_per_month,
            "effective_from": one.effective_from,
            "published_at": one.published_at,
            "source": one.source,
            "source_url": one.source_url,
            "retrieved_at": one.retrieved_at.isoformat(),
        }
        for one in prices
    ]
    if rows:
        connection.execute(insert(disk_price), [_FACTS.new_row(row) for row in rows])
