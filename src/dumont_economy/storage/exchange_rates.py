"""Queries on exchange rates: rows are added, never changed."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert

from dumont_economy.pricing.exchange_rate import ExchangeRate
from dumont_economy.storage.stored_facts import FactTable
from dumont_economy.storage.tables import exchange_rate

_FACTS = FactTable(exchange_rate, "exchange rate", ("currency", "into", "source"))


def exchange_rates_known(
    connection: Connection, as_of: datetime | None = None
) -> list[ExchangeRate]:
    """Return every exchange rate known at an instant, or now.

    Raises:
        DamagedFactError: one is not what was written.
    """
    return [
        one for one in every_exchange_rate(connection) if as_of is None or one.published_at <= as_of
    ]


def every_exchange_rate(connection: Connection) -> Iterator[ExchangeRate]:
    """Return each exchange rate that was ever learned.

    Raises:
        DamagedFactError: one is not what was written; those before it are.
    """
    for row in connection.execute(_FACTS.select(connection)):
        yield _FACTS.read(row, _exchange_rate)


def _exchange_rate(said: Mapping[str, Any]) -> ExchangeRate:
    return ExchangeRate(
        currency=said["currency"],
        into=said["into"],
        rate=said["rate"],
        effective_from=said["effective_from"],
        published_at=said["published_at"],
        source=said["source"],
        source_url=said["source_url"],
        retrieved_at=date.fromisoformat(said["retrieved_at"]),
    )


def append_exchange_rates(connection: Connection, rates: Sequence[ExchangeRate]) -> None:
    """Add exchange rates."""
    rows = [
        {
            "currency": one.currency,
            "into": one.into,
            "rate": one.rate,
            "effective_from": one.effective_from,
            "published_at": one.published_at,
            "source": one.source,
            "source_url": one.source_url,
            "retrieved_at": one.retrieved_at.isoformat(),
        }
        for one in rates
    ]
    if rows:
        connection.execute(insert(exchange_rate), [_FACTS.new_row(row) for row in rows])
