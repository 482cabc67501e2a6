"""Queries on closed periods. Rows are only ever added, and each of an account is closed once."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select

from dumont_economy.storage.event_chain import OF_ACCOUNT
from dumont_economy.storage.tables import closed_period

# Asked with every batch of usage, and so built once.
NEWEST_CLOSING = select(func.max(closed_period.c.as_of)).where(
    closed_period.c.account_id == bindparam(OF_ACCOUNT)
)


@dataclass(frozen=True, slots=True)
class ClosedPeriod:
    """A period whose figures were taken as final, as they were known at `as_of`.

    `period` is written as `2026`, `2026-05` or `2026-05-04`; `[starts_at, ends_at)` is what it
    was in the account's time zone when it was closed.
    """

    period: str
    timezone: str
    starts_at: datetime
    ends_at: datetime
    as_of: datetime
    closed_at: datetime
    closed_by: str


def append_closed_period(connection: Connection, account_id: str, closed: ClosedPeriod) -> None:
    """Add a closed period."""
    connection.execute(insert(closed_period).values(account_id=account_id, **asdict(closed)))


def closed_period_named(
    connection: Connection, account_id: str, period: str
) -> ClosedPeriod | None:
    """Return how a period was closed, None where it was not."""
    statement = select(closed_period).where(
        closed_period.c.account_id == account_id, closed_period.c.period == period
    )
    row = connection.execute(statement).first()
    return None if row is None else _closed(row)


def closed_periods(
    connection: Connection, account_id: str, *, start: int, limit: int
) -> list[ClosedPeriod]:
    """Return an account's closed periods, the latest and of those the shortest first."""
    statement = (
        select(closed_period)
        .where(closed_period.c.account_id == account_id)
        .order_by(closed_period.c.starts_at.desc(), closed_period.c.ends_at)
        .offset(start)
        .limit(limit)
    )
    return [_closed(row) for row in connection.execute(statement)]


def newest_closing(connection: Connection, account_id: str) -> datetime | None:
    """Return the latest `as_of` of an account's closed periods, None where it has none."""
    return connection.execute(NEWEST_CLOSING, {OF_ACCOUNT: account_id}).scalar()


def _closed(row: Row[Any]) -> ClosedPeriod:
    return ClosedPeriod(
        period=row.period,
        timezone=row.timezone,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        as_of=row.as_of,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
    )
