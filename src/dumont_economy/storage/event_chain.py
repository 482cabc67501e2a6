"""The chain of an account's usage events: none is read without the proof that it is as written.

Each event's digest is made over the one before it, and the account keeps the newest. An event that
was changed, moved, added or taken away therefore does not fit to its neighbour or to that head.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, literal_column, select

from dumont_economy.errors import DamagedFactError, Difference
from dumont_economy.fact_digest import CHAIN_START, chained
from dumont_economy.metering.usage_event import CpuArchitecture, EventType, UsageEvent
from dumont_economy.storage.stored_facts import (
    CHAIN_HASH,
    UNREADABLE,
    UnreadableRowError,
    as_kept,
    as_kept_on,
    by_place,
    encoded,
    encoded_rows,
    kept_columns,
    kept_in_order,
    kept_values,
    read_once,
    shown,
    understood,
    understood_columns,
)
from dumont_economy.storage.tables import account, usage_event

EVENT_FIELDS = UsageEvent._fields
_FACT = "usage event"
# What statements that are built once call the account that they are about.
OF_ACCOUNT = "of_account"
_previous = usage_event.alias("previous")
# Of the event whose previous one is looked for.
_SEQ: ColumnElement[int] = literal_column("usage_event.seq")


@dataclass(frozen=True, slots=True)
class LedgerHead:
    """The newest event of an account: its sequence number and its digest."""

    seq: int
    chain_hash: str


EMPTY_LEDGER = LedgerHead(0, CHAIN_START)
# Of all values at once, in their order: by name each would take three times as long.
_event_of: Callable[[tuple[Any, ...]], UsageEvent] = partial(tuple.__new__, UsageEvent)


class StoredEvent(NamedTuple):
    """A usage event as the ledger holds it; `encoding` is what its digest is made of."""

    seq: int
    received_at: datetime
    reporter: str
    event: UsageEvent
    encoding: bytes
    chain_hash: str


_stored_of: Callable[[tuple[Any, ...]], StoredEvent] = partial(tuple.__new__, StoredEvent)


def read_head(connection: Connection, account_id: str) -> LedgerHead:
    """Return the head of an account's ledger.

    Raises:
        DamagedFactError: it is none.
    """
    statement = _read_head(connection.dialect.name)
    return head_of(kept_values(connection.execute(statement, {OF_ACCOUNT: account_id}).one()))


@cache
def _read_head(dialect: str) -> Select[Any]:
    # Asked for by every poll, so it is made once.
    return select(*head_columns(dialect)).where(account.c.id == bindparam(OF_ACCOUNT))


def head_columns(dialect: str) -> list[ColumnElement[Any]]:
    """Return what to select of an account so that `head_of` can tell its head."""
    return as_kept_on(dialect, (account.c.last_seq, account.c.last_hash))


def head_of(values: Mapping[str, Any]) -> LedgerHead:
    """Return the head that the values of an account name.

    Raises:
        DamagedFactError: it is none.
    """
    if type(values["last_seq"]) is not int:
        raise _damaged_head(None)
    return LedgerHead(values["last_seq"], values["last_hash"])


def check_newest(connection: Connection, account_id: str, head: LedgerHead) -> None:
    """Check that the newest event is the one that the head names.

    Raises:
        DamagedFactError: it is not: what followed it could not be told from damage.
    """
    statement = _select_newest(connection.dialect.name)
    row = connection.execute(statement, {OF_ACCOUNT: account_id}).first()
    seq, chain_hash = (None, None) if row is None else kept_values(row).values()
    check_is_newest(head, seq, chain_hash)


def check_is_newest(head: LedgerHead, seq: int | None, chain_hash: str | None) -> None:
    """Check that a head names the newest event, whose number and digest are None without one.

    Raises:
        DamagedFactError: it does not.
    """
    if (EMPTY_LEDGER.seq if seq is None else seq, chain_hash or EMPTY_LEDGER.chain_hash) != (
        head.seq,
        head.chain_hash,
    ):
        raise _damaged_head(head.seq)


def check_length(connection: Connection, account_id: str, head: LedgerHead, read: int) -> None:
    """Check that so many events, each of which follows another, are all up to a head.

    Raises:
        DamagedFactError: one is missing, or the last one is not the one that the head names.
    """
    columns = as_kept(connection, (usage_event.c.seq, usage_event.c.chain_hash))
    at_head = usage_event.c.seq == head.seq
    row = connection.execute(
        select(*columns).where(usage_event.c.account_id == account_id, at_head)
    ).first()
    if (EMPTY_LEDGER if row is None else LedgerHead(**kept_values(row))) != head:
        raise _damaged_head(head.seq)
    if read != head.seq:
        raise _missing(_first_missing(connection, account_id))


def _first_missing(connection: Connection, account_id: str) -> int:
    """Return the first sequence number at which no event stands."""
    numbers = select(usage_event.c.seq).where(usage_event.c.account_id == account_id)
    expected = EMPTY_LEDGER.seq + 1
    for found in connection.execute(numbers.order_by(usage_event.c.seq)).scalars():
        if found != expected:
            break
        expected += 1
    return expected


@cache
def _select_newest(dialect: str) -> Select[Any]:
    columns = as_kept_on(dialect, (usage_event.c.seq, usage_event.c.chain_hash))
    of_account = select(*columns).where(usage_event.c.account_id == bindparam(OF_ACCOUNT))
    return of_account.order_by(usage_event.c.seq.desc()).limit(1)


def read_chain(
    connection: Connection,
    account_id: str,
    after: LedgerHead,
    head: LedgerHead,
    *,
    is_newest: bool = True,
) -> Iterator[StoredEvent]:
    """Return the events after one head up to another, in the order received, each checked.

    `is_newest` says that the other is the account's head, which no event comes after.

    Raises:
        DamagedFactError: an event, named here, is not what was written; those before it are.
    """
    last = after
    try:
        up_to = None if is_newest else head.seq
        for values in _kept_after(connection, account_id, after.seq, up_to):
            if values["place"] != last.seq + 1:
                raise _missing(last.seq + 1)
            yield _checked(values, last.chain_hash)
            last = LedgerHead(values["place"], values[CHAIN_HASH])
    except UnreadableRowError as error:
        where = {"seq": error.place}
        raise DamagedFactError(_FACT, where, Difference.CONTENT) from error
    if last.seq < head.seq:
        raise _missing(last.seq + 1)
    if last != head:
        raise _damaged_head(head.seq)


def head_before(connection: Connection, account_id: str, seq: int) -> LedgerHead:
    """Return the head that the ledger had before its event `seq`, which is checked against it.

    Raises:
        DamagedFactError: that event is not what was written.
    """
    one = select_with_previous(connection.dialect.name).where(usage_event.c.seq == seq)
    row = connection.execute(one, {OF_ACCOUNT: account_id}).first()
    if row is None:
        raise _missing(seq)
    checked_by_previous(row)
    return LedgerHead(seq - 1, kept_values(row)["previous_hash"] or EMPTY_LEDGER.chain_hash)


def _kept_after(
    connection: Connection, account_id: str, seq: int, up_to: int | None = None
) -> Iterator[dict[str, Any]]:
    """Return events after a place of the chain as they are kept, each with its `place`."""
    place, entries = by_place(connection, usage_event)
    rows = (
        select(*as_kept(connection, usage_event.c))
        .select_from(entries)
        .where(place.c.account_id == account_id)
    )
    if up_to is not None:
        rows = rows.where(place.c.seq <= up_to)
    return kept_in_order(connection, rows, place.c.seq, after=seq)


def is_out_of_order(connection: Connection, account_id: str, seq: int) -> bool:
    """Say whether the event that belongs to a place of the chain stands at a later one."""
    previous_hash, hash_there = EMPTY_LEDGER.chain_hash, None
    # What cannot be read says nothing of where it belongs, nor does anything after it.
    with suppress(UnreadableRowError):
        for values in _kept_after(connection, account_id, seq - 2):
            if values["place"] < seq:
                previous_hash = values[CHAIN_HASH]
            elif values["place"] == seq:
                hash_there = values[CHAIN_HASH]
            elif _belongs(values, seq, previous_hash, hash_there):
                return True
    return False


def _belongs(
    values: Mapping[str, Any], seq: int, previous_hash: str, hash_there: str | None
) -> bool:
    """Say whether an event was at `seq` once; its digest may have been moved with it or not."""
    try:
        encoding = encoded(usage_event, {**values, "seq": seq})
    except ValueError:
        return False
    return chained(previous_hash, encoding) in (values[CHAIN_HASH], hash_there)


@cache
def select_with_previous(dialect: str) -> Select[Any]:
    """Return what selects events of an account so that `checked_by_previous` can check each.

    It is built once for each kind of database; the account is its parameter `OF_ACCOUNT`.
    """
    [previous_hash] = as_kept_on(dialect, [_previous.c.chain_hash])
    before = select(previous_hash).where(
        _previous.c.account_id == bindparam(OF_ACCOUNT), _previous.c.seq == _SEQ - 1
    )
    return select(
        before.scalar_subquery().label("previous_hash"), *as_kept_on(dialect, usage_event.c)
    ).where(usage_event.c.account_id == bindparam(OF_ACCOUNT))


def checked_by_previous(row: Row[Any, *tuple[Any, ...]]) -> StoredEvent:
    """Return an event that follows from the digest which the one before it holds.

    Raises:
        DamagedFactError: it does not.
    """
    values = kept_values(row)
    previous_hash = values["previous_hash"]
    if previous_hash is None and values["seq"] == EMPTY_LEDGER.seq + 1:
        previous_hash = EMPTY_LEDGER.chain_hash
    if not isinstance(previous_hash, str):
        raise _damaged(values)
    return _checked(values, previous_hash)


def all_checked_by_previous(rows: Sequence[Row[Any, *tuple[Any, ...]]]) -> list[StoredEvent]:
    """Return events each of which follows from the digest which the one before it holds.

    Raises:
        DamagedFactError: the first that does not.
    """
    found: list[StoredEvent] | None = None
    with suppress(KeyError, *UNREADABLE):
        found = _all_following(rows)
    # One by one, what does not fit is found.
    return [checked_by_previous(row) for row in rows] if found is None else found


def _all_following(rows: Sequence[Row[Any, *tuple[Any, ...]]]) -> list[StoredEvent] | None:
    """Return events column by column, which is fast; None where one of them does not follow."""
    if not rows:
        return []
    kept = kept_columns(rows)
    if EMPTY_LEDGER.seq + 1 in kept["seq"]:
        previous = kept.get("previous_hash") or [None] * len(rows)
        kept["previous_hash"] = [
            EMPTY_LEDGER.chain_hash if one is None and seq == EMPTY_LEDGER.seq + 1 else one
            for one, seq in zip(previous, kept["seq"], strict=True)
        ]
    if set(map(type, kept["previous_hash"])) != {str}:
        return None
    encodings = encoded_rows(usage_event, kept)
    if list(map(chained, kept["previous_hash"], encodings)) != list(kept[CHAIN_HASH]):
        return None
    read = understood_columns(usage_event, kept)
    read["type"] = read_once(EventType, read["type"])
    if "arch" in read:
        read["arch"] = read_once(CpuArchitecture, read["arch"])
    empty = [None] * len(rows)
    said = zip(*(read.get(name, empty) for name in EVENT_FIELDS), strict=True)
    stored = zip(
        read["seq"],
        read["received_at"],
        read["reporter"],
        map(_event_of, said),
        encodings,
        read[CHAIN_HASH],
        strict=True,
    )
    return list(map(_stored_of, stored))


def _checked(values: Mapping[str, Any], previous_hash: str) -> StoredEvent:
    stored = _stored(values)
    if not _follows(values[CHAIN_HASH], previous_hash, stored.encoding):
        raise _damaged(values)
    return stored


def _follows(chain_hash: object, previous_hash: str, encoding: bytes) -> bool:
    return chain_hash == chained(previous_hash, encoding)


def _stored(values: Mapping[str, Any]) -> StoredEvent:
    try:
        encoding = encoded(usage_event, values)
        read = understood(usage_event, values)
        arch = read["arch"]
        said = {name: read[name] for name in EVENT_FIELDS}
        said["type"] = EventType(read["type"])
        said["arch"] = None if arch is None else CpuArchitecture(arch)
        event = UsageEvent(**said)
    except UNREADABLE as error:
        raise _damaged(values) from error
    return StoredEvent(
        read["seq"], read["received_at"], read["reporter"], event, encoding, read[CHAIN_HASH]
    )


def _damaged(values: Mapping[str, Any]) -> DamagedFactError:
    # Its place says which it is, where the event itself may say otherwise.
    where = {"seq": values.get("place", values["seq"]), **shown(values, ("source", "id"))}
    return DamagedFactError(_FACT, where, Difference.CONTENT)


def _missing(seq: int) -> DamagedFactError:
    return DamagedFactError(_FACT, {"seq": seq}, Difference.MISSING)


def _damaged_head(seq: int | None) -> DamagedFactError:
    return DamagedFactError("ledger's head", {"seq": seq}, Difference.HEAD)
