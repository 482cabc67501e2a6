"""Queries on usage events and on what was refused at the door. Every one names one account."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import accumulate
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from dumont_economy.fact_digest import chained
from dumont_economy.instant import from_microseconds
from dumont_economy.metering.usage_event import EventType, UsageEvent
from dumont_economy.storage.closed_periods import NEWEST_CLOSING
from dumont_economy.storage.event_chain import (
    EVENT_FIELDS,
    OF_ACCOUNT,
    LedgerHead,
    StoredEvent,
    all_checked_by_previous,
    check_is_newest,
    check_length,
    check_newest,
    checked_by_previous,
    head_before,
    head_columns,
    head_of,
    read_head,
    select_with_previous,
)
from dumont_economy.storage.inserted_rows import bound, insert_bound
from dumont_economy.storage.known_from import known_from
from dumont_economy.storage.sought_values import SOUGHT, as_parameter, is_sought
from dumont_economy.storage.stored_facts import (
    CHAIN_HASH,
    as_kept_on,
    encoded_rows,
    kept_values,
)
from dumont_economy.storage.tables import account, refused_event, usage_event

_KEYS_PER_QUERY = 400
_INSTANCE, _FROM, _UP_TO = "of_instance", "from_seq", "up_to"
_ROWS_AT_A_TIME = 1_000
_SOURCE = "of_source"
_MOVE_HEAD = update(account).where(account.c.id == bindparam(OF_ACCOUNT))
_NEWEST_RECEIPT = (
    select(usage_event.c.received_at)
    .where(usage_event.c.account_id == bindparam(OF_ACCOUNT))
    .order_by(usage_event.c.seq.desc())
    .limit(1)
)
_LAST_REFUSED = select(func.max(refused_event.c.number)).where(
    refused_event.c.account_id == bindparam(OF_ACCOUNT)
)
# In the order of the index of voids, so that no database goes through all events instead.
_FIRST_VOID = (
    select(usage_event.c.seq)
    .where(usage_event.c.account_id == bindparam(OF_ACCOUNT), usage_event.c.void_of.is_not(None))
    .order_by(usage_event.c.source, usage_event.c.void_of)
    .limit(1)
)
# As many as a batch may hold, so that a flood is removed as fast as it comes.
_PRUNED_AT_ONCE = 1_000

REFUSED_KEPT = timedelta(days=30)
MAX_REFUSED_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class RefusedEvent:
    """What was not taken into the ledger: a conflict or a rejection, with its reason."""

    number: int
    received_at: datetime
    status: str
    code: str
    detail: str
    content: str


@dataclass(frozen=True, slots=True)
class EventsSought:
    """Which events are meant: of an instance, in `[starts_at, ends_at)`, and known at an instant.

    None leaves each of them open.
    """

    starts_at: datetime | None = None
    ends_at: datetime | None = None
    instance: str | None = None
    known_at: datetime | None = None

    @property
    def is_of_use(self) -> bool:
        """Say whether use is meant, which what was refused is no part of."""
        return (self.starts_at, self.ends_at, self.instance) != (None, None, None)


ALL_EVENTS = EventsSought()


@dataclass(frozen=True, slots=True)
class LockedLedger:
    """An account's ledger as it stands while nobody else can add to it.

    `last_refused` is the number of what was refused last, `closed_as_of` the latest instant as of
    which a period was closed.
    """

    head: LedgerHead
    newest_received_at: datetime | None
    closed_as_of: datetime | None
    last_refused: int
    has_voids: bool


def lock_ledger(connection: Connection, account_id: str) -> LockedLedger:
    """Lock the account's ledger for this transaction and return how it stands.

    Raises:
        DamagedFactError: its newest event is not the one that was written last.
    """
    statement = _select_to_lock(connection.dialect.name)
    values = kept_values(connection.execute(statement, {OF_ACCOUNT: account_id}).one())
    head = head_of(values)
    check_is_newest(head, values["newest_seq"], values["newest_hash"])
    received_at = values["newest_received_at"]
    return LockedLedger(
        head,
        None if received_at is None else from_microseconds(received_at),
        values["closed_as_of"],
        values["last_refused"] or 0,
        values["void_seq"] is not None,
    )


@cache
def _select_to_lock(dialect: str) -> Select[Any]:
    # All that a batch has to know before it is stored, in one way to the server.
    newest = (
        _NEWEST_RECEIPT.with_only_columns(kept).scalar_subquery().label(f"newest_{name}")
        for name, kept in zip(
            ("seq", "hash", "received_at"),
            as_kept_on(
                dialect,
                (usage_event.c.seq, usage_event.c.chain_hash, usage_event.c.received_at),
            ),
            strict=True,
        )
    )
    statement = select(
        *head_columns(dialect),
        *newest,
        NEWEST_CLOSING.scalar_subquery().label("closed_as_of"),
        _LAST_REFUSED.scalar_subquery().label("last_refused"),
        _FIRST_VOID.scalar_subquery().label("void_seq"),
    )
    return statement.where(account.c.id == bindparam(OF_ACCOUNT)).with_for_update()


def events_by_key(
    connection: Connection, account_id: str, keys: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], UsageEvent]:
    """Return the account's stored events among the keys (source, id).

    Raises:
        DamagedFactError: one of them is not what was written.
    """
    found: dict[tuple[str, str], UsageEvent] = {}
    ids_of: dict[str, list[str]] = {}
    for source, event_id in keys:
        ids_of.setdefault(source, []).append(event_id)
    dialect = connection.dialect.name
    for source, ids in ids_of.items():
        sought = {
            OF_ACCOUNT: account_id,
            _SOURCE: source,
            SOUGHT: as_parameter(ids, dialect),
        }
        # Nearly all are new, and whether one is not is found in the index alone.
        if connection.execute(_select_held_id(dialect), sought).first() is None:
            continue
        for row in connection.execute(_select_held(dialect), sought):
            event = checked_by_previous(row).event
            found[(event.source, event.id)] = event
    return found


@cache
def _select_held_id(dialect: str) -> Select[Any]:
    of_account = usage_event.c.account_id == bindparam(OF_ACCOUNT)
    return select(usage_event.c.id).where(of_account, *_has_key(dialect)).limit(1)


@cache
def _select_held(dialect: str) -> Select[Any]:
    return select_with_previous(dialect).where(*_has_key(dialect))


def _has_key(dialect: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return the conditions that an event has one of some ids of a source."""
    return usage_event.c.source == bindparam(_SOURCE), is_sought(usage_event.c.id, dialect)


def append_events(
    connection: Connection,
    account_id: str,
    head: LedgerHead,
    events: Sequence[UsageEvent],
    *,
    received_at: datetime,
    reporter: str,
) -> tuple[LedgerHead, list[str]]:
    """Add events to the account's ledger after its head, in the order given.

    Returns its new head and the digest of each event.
    """
    if not events:
        return head, []
    count = len(events)
    said = zip(*events, strict=True)
    values_of: dict[str, Sequence[Any]] = dict(zip(EVENT_FIELDS, said, strict=True))
    values_of |= {
        "type": [str(event.type) for event in events],
        "arch": [None if event.arch is None else str(event.arch) for event in events],
        "account_id": [account_id] * count,
        "seq": range(head.seq + 1, head.seq + 1 + count),
        "received_at": [received_at] * count,
        "reporter": [reporter] * count,
    }
    kept = bound(connection, usage_event, values_of)
    hashes = list(accumulate(encoded_rows(usage_event, kept), chained, initial=head.chain_hash))[1:]
    insert_bound(connection, usage_event, {**kept, CHAIN_HASH: hashes})
    newest = {OF_ACCOUNT: account_id, "last_seq": head.seq + count, "last_hash": hashes[-1]}
    connection.execute(_MOVE_HEAD, newest)
    return LedgerHead(head.seq + count, hashes[-1]), hashes


def append_refused(
    connection: Connection, account_id: str, last: int, refused: Sequence[RefusedEvent]
) -> None:
    """Keep what was refused, numbered after the last that was."""
    if not refused:
        return
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


def prune_refused(connection: Connection, account_id: str, last: int, now: datetime) -> None:
    """Remove what was refused over 30 days ago, or before the newest 10,000 up to the last.

    One call removes at most 2,000 rows, so that no report waits for the removal of a flood.
    """
    if not last:
        return
    for outdated in (
        refused_event.c.received_at < now - REFUSED_KEPT,
        refused_event.c.number <= last - MAX_REFUSED_KEPT,
    ):
        numbers = (
            select(refused_event.c.number)
            .where(refused_event.c.account_id == account_id, outdated)
            .limit(_PRUNED_AT_ONCE)
        )
        connection.execute(
            delete(refused_event).where(
                refused_event.c.account_id == account_id, refused_event.c.number.in_(numbers)
            )
        )


def head_known_at(connection: Connection, account_id: str, known_at: datetime) -> LedgerHead:
    """Return the head of the ledger as it was known at an instant.

    The sequence decides: what was received after an event that was not known yet was not either,
    whatever the clock showed then.

    Raises:
        DamagedFactError: the first event that was not known, or the newest, is damaged.
    """
    first_unknown = select(func.min(usage_event.c.seq)).where(
        usage_event.c.account_id == account_id, usage_event.c.received_at > known_at
    )
    found = connection.execute(first_unknown).scalar()
    if found is None:
        head = read_head(connection, account_id)
        check_newest(connection, account_id, head)
        return head
    return head_before(connection, account_id, found)


def next_receipt(ledger: LockedLedger, now: datetime) -> datetime:
    """Return the instant at which events of this transaction become known (R-ASOF).

    It is after every other event of the account, and after what it has closed a period as of.
    """
    return known_from(now, (ledger.newest_received_at, ledger.closed_as_of))


def newest_received_at(connection: Connection, account_id: str) -> datetime | None:
    """Return when the account's newest event was received, None where it has none."""
    return connection.execute(_NEWEST_RECEIPT, {OF_ACCOUNT: account_id}).scalar()


def received_at(connection: Connection, account_id: str, seq: int) -> datetime | None:
    """Return when the event of a sequence number was received, None where there is none."""
    statement = select(usage_event.c.received_at).where(
        usage_event.c.account_id == account_id, usage_event.c.seq == seq
    )
    return connection.execute(statement).scalar()


def events_of_instance(
    connection: Connection, account_id: str, instance: str, *, from_seq: int = 0, up_to: int
) -> Iterator[StoredEvent]:
    """Return an instance's events between two sequence numbers, in the order received; no voids.

    Raises:
        DamagedFactError: one of them is not what was written.
    """
    statement = _select_of_instance(connection.dialect.name)
    values = {OF_ACCOUNT: account_id, _INSTANCE: instance, _FROM: from_seq, _UP_TO: up_to}
    for rows in connection.execute(statement, values).partitions(_ROWS_AT_A_TIME):
        yield from all_checked_by_previous(rows)


@cache
def _select_of_instance(dialect: str) -> Select[Any]:
    # Asked for each late event, so it is made once.
    return (
        select_with_previous(dialect)
        .where(
            usage_event.c.instance == bindparam(_INSTANCE),
            usage_event.c.type != EventType.VOID,
            usage_event.c.seq >= bindparam(_FROM),
            usage_event.c.seq <= bindparam(_UP_TO),
        )
        .order_by(usage_event.c.seq)
    )


def events_by_instance(
    connection: Connection, account_id: str, head: LedgerHead
) -> Iterator[StoredEvent]:
    """Return all events up to a head of the ledger, voids too, instance by instance.

    Raises:
        DamagedFactError: one of them is not what was written, or one is missing.
    """
    # No bound that the key's index serves: that of instances gives the order, without a sort.
    is_up_to_head = usage_event.c.seq + 0 <= head.seq
    statement = (
        select_with_previous(connection.dialect.name)
        .where(is_up_to_head)
        .order_by(usage_event.c.instance, usage_event.c.seq)
    )
    seen = 0
    streamed = {"yield_per": _ROWS_AT_A_TIME}
    with connection.execute(
        statement, {OF_ACCOUNT: account_id}, execution_options=streamed
    ) as rows:
        for some in rows.partitions():
            seen += len(some)
            yield from all_checked_by_previous(some)
    check_length(connection, account_id, head, seen)


def has_voids(connection: Connection, account_id: str) -> bool:
    """Say whether an account ever voided anything."""
    return connection.execute(_FIRST_VOID, {OF_ACCOUNT: account_id}).scalar() is not None


def voids_naming(
    connection: Connection, account_id: str, keys: Sequence[tuple[str, str]], *, up_to: int
) -> list[UsageEvent]:
    """Return the voids up to a sequence number that name events among the keys (source, id).

    Raises:
        DamagedFactError: one of them is not what was written.
    """
    found: list[UsageEvent] = []
    ids_of: dict[str, list[str]] = {}
    for source, event_id in keys:
        ids_of.setdefault(source, []).append(event_id)
    voids = select_with_previous(connection.dialect.name)
    for source, ids in ids_of.items():
        for start in range(0, len(ids), _KEYS_PER_QUERY):
            statement = voids.where(
                usage_event.c.source == source,
                usage_event.c.seq <= up_to,
                usage_event.c.void_of.is_not(None),
                usage_event.c.void_of.in_(ids[start : start + _KEYS_PER_QUERY]),
            )
            rows = connection.execute(statement, {OF_ACCOUNT: account_id})
            found += [checked_by_previous(row).event for row in rows]
    return found


def voids_reaching(
    connection: Connection, account_id: str, keys: Sequence[tuple[str, str]], *, up_to: int
) -> list[UsageEvent]:
    """Return the voids that name events among the keys, or name one that does, and so on.

    Raises:
        DamagedFactError: one of them is not what was written.
    """
    found: dict[tuple[str, str], UsageEvent] = {}
    while keys:
        naming = voids_naming(connection, account_id, keys, up_to=up_to)
        # What names them may be named itself.
        fresh = {(void.source, void.id): void for void in naming}
        keys = [key for key in fresh if key not in found]
        found |= fresh
    return list(found.values())


def newest_events(
    connection: Connection,
    account_id: str,
    *,
    before_seq: int | None,
    limit: int,
    sought: EventsSought = ALL_EVENTS,
) -> list[StoredEvent]:
    """Return the account's newest stored events, newest first, from `before_seq` downwards.

    Raises:
        DamagedFactError: one of them is not what was written, or newer ones are missing.
    """
    statement = select_with_previous(connection.dialect.name)
    if before_seq is None:
        check_newest(connection, account_id, read_head(connection, account_id))
    else:
        statement = statement.where(usage_event.c.seq < before_seq)
    if sought.known_at is not None:
        head = head_known_at(connection, account_id, sought.known_at)
        statement = statement.where(usage_event.c.seq <= head.seq)
    if sought.starts_at is not None:
        statement = statement.where(usage_event.c.time >= sought.starts_at)
    if sought.ends_at is not None:
        statement = statement.where(usage_event.c.time < sought.ends_at)
    if sought.instance is not None:
        statement = statement.where(usage_event.c.instance == sought.instance)
    statement = statement.order_by(usage_event.c.seq.desc()).limit(limit)
    return [
        checked_by_previous(row) for row in connection.execute(statement, {OF_ACCOUNT: account_id})
    ]


def newest_refused(
    connection: Connection,
    account_id: str,
    *,
    since: datetime,
    before_number: int | None,
    limit: int,
    sought: EventsSought = ALL_EVENTS,
) -> list[RefusedEvent]:
    """Return what was refused from `since` on, newest first, from `before_number` downwards."""
    if sought.is_of_use:
        return []
    statement = select(refused_event).where(
        refused_event.c.account_id == account_id, refused_event.c.received_at >= since
    )
    if before_number is not None:
        statement = statement.where(refused_event.c.number < before_number)
    if sought.known_at is not None:
        statement = statement.where(refused_event.c.received_at <= sought.known_at)
    statement = statement.order_by(refused_event.c.number.desc()).limit(limit)
    return [
        RefusedEvent(row.number, row.received_at, row.status, row.code, row.detail, row.content)
        for row in connection.execute(statement)
    ]
