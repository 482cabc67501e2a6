"""Queries on usage events and on what was refused at the door. Every one names one account."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from dumont_economy.metering.usage_event import CpuArchitecture, EventType, UsageEvent
from dumont_economy.storage.tables import account, refused_event, usage_event

_EVENT_FIELDS = tuple(field.name for field in fields(UsageEvent))
_EVENT_COLUMNS = tuple(usage_event.c[name] for name in _EVENT_FIELDS)
_KEYS_PER_QUERY = 400
_REFUSED_KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """A usage event as the ledger holds it."""

    seq: int
    received_at: datetime
    reporter: str
    event: UsageEvent


@dataclass(frozen=True, slots=True)
class RefusedEvent:
    """What was not taken into the ledger: a conflict or a rejection, with its reason."""

    number: int
    received_at: datetime
    status: str
    code: str
    detail: str
    content: str


def lock_ledger(connection: Connection, account_id: str) -> int:
    """Lock the account's ledger for this transaction and return its newest sequence number."""
    statement = select(account.c.last_seq).where(account.c.id == account_id).with_for_update()
    return int(connection.execute(statement).scalar_one())


def events_by_key(
    connection: Connection, account_id: str, keys: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], UsageEvent]:
    """Return the account's stored events among the keys (source, id)."""
    found: dict[tuple[str, str], UsageEvent] = {}
    ids_of: dict[str, list[str]] = {}
    for source, event_id in keys:
        ids_of.setdefault(source, []).append(event_id)
    for source, ids in ids_of.items():
        for start in range(0, len(ids), _KEYS_PER_QUERY):
            statement = select(*_EVENT_COLUMNS).where(
                usage_event.c.account_id == account_id,
                usage_event.c.source == source,
                usage_event.c.id.in_(ids[start : start + _KEYS_PER_QUERY]),
            )
            for row in connection.execute(statement):
                found[(row.source, row.id)] = _event(row)
    return found


def append_events(
    connection: Connection,
    account_id: str,
    last_seq: int,
    events: Sequence[UsageEvent],
    *,
    received_at: datetime,
    reporter: str,
) -> None:
    """Add events to the account's ledger after `last_seq`, in the order given."""
    if not events:
        return
    rows = [
        {
            "account_id": account_id,
            "seq": last_seq + offset,
            "received_at": received_at,
            "reporter": reporter,
            **{name: getattr(event, name) for name in _EVENT_FIELDS},
        }
        for offset, event in enumerate(events, start=1)
    ]
    connection.execute(insert(usage_event), rows)
    moved = update(account).where(account.c.id == account_id)
    connection.execute(moved.values(last_seq=last_seq + len(events)))


def append_refused(
    connection: Connection, account_id: str, refused: Sequence[RefusedEvent], now: datetime
) -> None:
    """Keep what was refused, for 30 days; numbers are given here."""
    if not refused:
        return
    outdated = refused_event.c.received_at < now - _REFUSED_KEPT
    connection.execute(
        delete(refused_event).where(refused_event.c.account_id == account_id, outdated)
    )
    newest = select(func.max(refused_event.c.number)).where(
        refused_event.c.account_id == account_id
    )
    last = connection.execute(newest).scalar() or 0
    rows = [
        {
            "account_id": account_id,
            "number": last + offset,
            "received_at": one.received_at,
            "status": one.status,
            "code": one.code,
            "detail": one.detail,
            "content": one.content,
        }
        for offset, one in enumerate(refused, start=1)
    ]
    connection.execute(insert(refused_event), rows)


def ledger_version(connection: Connection, account_id: str) -> int:
    """Return the sequence number of the account's newest event, 0 where it has none."""
    statement = select(account.c.last_seq).where(account.c.id == account_id)
    return int(connection.execute(statement).scalar_one())


def newest_received_at(connection: Connection, account_id: str) -> datetime | None:
    """Return when the account's newest event was received, None where it has none."""
    statement = (
        select(usage_event.c.received_at)
        .where(usage_event.c.account_id == account_id)
        .order_by(usage_event.c.seq.desc())
        .limit(1)
    )
    return connection.execute(statement).scalar()


def instances_touched_since(
    connection: Connection, account_id: str, seq: int
) -> tuple[set[str], bool]:
    """Return the instances with events after `seq`, and whether a void is among the events."""
    statement = (
        select(usage_event.c.instance, usage_event.c.type)
        .where(usage_event.c.account_id == account_id, usage_event.c.seq > seq)
        .distinct()
    )
    rows = connection.execute(statement).all()
    instances = {row.instance for row in rows if row.instance is not None}
    return instances, any(row.type == EventType.VOID for row in rows)


def events_of_account(connection: Connection, account_id: str) -> Iterator[UsageEvent]:
    """Return all events of an account, in the order received."""
    statement = (
        select(*_EVENT_COLUMNS)
        .where(usage_event.c.account_id == account_id)
        .order_by(usage_event.c.seq)
    )
    return map(_event, connection.execute(statement))


def events_of_instances(
    connection: Connection, account_id: str, instances: Iterable[str]
) -> Iterator[UsageEvent]:
    """Return the events of some instances of an account, in the order received per instance."""
    names = sorted(instances)
    for start in range(0, len(names), _KEYS_PER_QUERY):
        statement = (
            select(*_EVENT_COLUMNS)
            .where(
                usage_event.c.account_id == account_id,
                usage_event.c.instance.in_(names[start : start + _KEYS_PER_QUERY]),
            )
            .order_by(usage_event.c.seq)
        )
        yield from map(_event, connection.execute(statement))


def voids_of_account(connection: Connection, account_id: str) -> list[UsageEvent]:
    """Return the voids of an account, in the order received."""
    statement = (
        select(*_EVENT_COLUMNS)
        .where(usage_event.c.account_id == account_id, usage_event.c.type == EventType.VOID)
        .order_by(usage_event.c.seq)
    )
    return [_event(row) for row in connection.execute(statement)]


def newest_events(
    connection: Connection, account_id: str, *, before_seq: int | None, limit: int
) -> list[StoredEvent]:
    """Return the account's newest stored events, newest first, from `before_seq` downwards."""
    statement = select(usage_event).where(usage_event.c.account_id == account_id)
    if before_seq is not None:
        statement = statement.where(usage_event.c.seq < before_seq)
    statement = statement.order_by(usage_event.c.seq.desc()).limit(limit)
    return [
        StoredEvent(row.seq, row.received_at, row.reporter, _event(row))
        for row in connection.execute(statement)
    ]


def newest_refused(
    connection: Connection, account_id: str, *, before_number: int | None, limit: int
) -> list[RefusedEvent]:
    """Return what was last refused, newest first, from `before_number` downwards."""
    statement = select(refused_event).where(refused_event.c.account_id == account_id)
    if before_number is not None:
        statement = statement.where(refused_event.c.number < before_number)
    statement = statement.order_by(refused_event.c.number.desc()).limit(limit)
    return [
        RefusedEvent(row.number, row.received_at, row.status, row.code, row.detail, row.content)
        for row in connection.execute(statement)
    ]


def _event(row: Row[Any]) -> UsageEvent:
    held = row._mapping  # noqa: SLF001  SQLAlchemy's documented name for a row as a mapping.
    values = {name: held[name] for name in _EVENT_FIELDS}
    values["type"] = EventType(values["type"])
    values["arch"] = None if values["arch"] is None else CpuArchitecture(values["arch"])
    return UsageEvent(**values)
