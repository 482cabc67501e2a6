"""Queries on the caches of usage. Every one names one account.

A cache is never trusted on its own: it says of which ledger it is, and each row has a digest. What
is damaged, or of another state, is made anew of the facts, never served.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, cached_property
from hashlib import sha256
from heapq import merge
from typing import Any, NamedTuple, Self, TypeVar

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Connection,
    Engine,
    Row,
    Select,
    String,
    Table,
    and_,
    bindparam,
    delete,
    func,
    or_,
    select,
    type_coerce,
    union_all,
)

from dumont_economy.instant import from_microseconds, to_microseconds
from dumont_economy.ledger.line_item import Window
from dumont_economy.ledger.usage_step import UseKey
from dumont_economy.ledger.usage_sum import EMPTY, HOUR, Sum
from dumont_economy.metering.gpu_session import DiskSpan, GpuSession, InstanceState
from dumont_economy.storage.cached_text import (
    disk_span_of_text,
    disk_span_text,
    session_of_text,
    session_text,
    state_of_text,
    state_text,
)
from dumont_economy.storage.event_chain import OF_ACCOUNT, LedgerHead
from dumont_economy.storage.inserted_rows import insert_bound, update_bound
from dumont_economy.storage.prices import BILLING_RULES_VERSION, billing_rules_version
from dumont_economy.storage.sought_values import SOUGHT, as_parameter, is_sought
from dumont_economy.storage.tables import (
    ended_use,
    instance_state,
    ledger_cache,
    metadata,
    usage_sum,
)

_KEYS_PER_QUERY = 400
_SPAN, _NUMBER, _INSTANCE = "of_span", "of_number", "of_instance"
_ROWS_AT_A_TIME = 1_000
_HOUR = timedelta(hours=1)
# Use lasts at most so many hours; what lasts longer has the last class.
_LENGTHS = (1, 16, 256, 4_096, 65_536)
_LENGTHS_IN_MICROSECONDS = [hours * HOUR for hours in _LENGTHS]
_SESSION = "session"
_DISK = "disk"
_DIGITS = 64
_DIGESTS: int = 16**_DIGITS

CACHES = (ledger_cache, instance_state, ended_use, usage_sum)
_OF_THEIR_ORDER = ("changed_seq", "days_hash")

HOUR_SUM = "hour"
DAY_SUM = "day"

_Key = TypeVar("_Key", str, int)

SumRow = tuple[str, int, UseKey, Sum]


class DamagedCacheError(Exception):
    """A cache holds something else than what was written: it has to be made anew."""


@dataclass(frozen=True, slots=True)
class CacheHead:
    """Of which ledger the caches are: its head, the rules, and the last event that has happened."""

    ledger: LedgerHead
    made_with: str
    newest_event_at: datetime | None
    days_hash: str


class _KeptInstance(NamedTuple):
    instance: str
    content: str
    last_report_at: datetime | None
    key_texts: str
    waiting_from_seq: int | None
    seal: str


class CachedInstance(_KeptInstance):
    """An instance's state, and which sums it has a part in, as text until they are needed.

    `seal` is the sum of its events' digests; the first of them that has not happened yet is the one
    of `waiting_from_seq`.
    """

    @classmethod
    def of(
        cls, state: InstanceState, keys: Iterable[UseKey], waiting_from_seq: int | None, seal: str
    ) -> Self:
        """Return a state as it is kept."""
        texts = "\n".join(sorted(key.text() for key in keys))
        content = state_text(state)
        one = cls(state.instance, content, state.last_report_at, texts, waiting_from_seq, seal)
        one.__dict__["state"] = state
        return one

    @cached_property
    def state(self) -> InstanceState:
        """Return what holds of the instance."""
        return state_of_text(self.instance, self.content, self.last_report_at)

    @cached_property
    def keys(self) -> frozenset[UseKey]:
        """Return what ended sums it has a part in."""
        return frozenset(UseKey.of_text(text) for text in self.key_texts.split("\n") if text)

    def seen(self, at: datetime, seal: str) -> "CachedInstance":
        """Return it after reports that say no more than that it was still there."""
        instance, content, _, key_texts, waiting_from_seq, _ = self
        return CachedInstance(instance, content, at, key_texts, waiting_from_seq, seal)

    def row_hash(self, account_id: str) -> str:
        """Return the digest of its row."""
        return _digest(
            account_id,
            self.instance,
            _kept_instant(self.last_report_at),
            self.waiting_from_seq,
            self.seal,
            self.key_texts,
            self.content,
        )


class EndedUse(NamedTuple):
    """The session or disk of an instance that ended as the one of that number."""

    number: int
    use: GpuSession | DiskSpan
    instance: str


def create_tables(database: Engine | Connection) -> None:
    """Make the tables of the caches in a database that has none."""
    metadata.create_all(database, CACHES)


def rows_of(connection: Connection, table: Table, account_id: str) -> Iterator[Row[Any]]:
    """Return an account's rows of one of the caches, by key, as they are kept.

    Left out are which event wrote a row, digests that are added up, and sums of nothing: they
    depend on the order in which the events came.
    """
    columns = [column for column in table.c if column.name not in _OF_THEIR_ORDER]
    statement = select(*columns).where(table.c.account_id == account_id)
    if table is usage_sum:
        statement = statement.where(table.c.sums != sum_text(EMPTY))
    # Text in one order on every database: that of its bytes.
    collation = "C" if connection.dialect.name == "postgresql" else "BINARY"
    in_order = statement.order_by(
        *(
            column.collate(collation) if isinstance(column.type, String) else column
            for column in table.primary_key.columns
        )
    )
    with connection.execute(in_order, execution_options=_STREAMED) as rows:
        yield from rows


def read_cache_head(connection: Connection, account_id: str) -> CacheHead | None:
    """Return of which ledger an account's caches are, None where it has none."""
    row = connection.execute(_SELECT_HEAD, {OF_ACCOUNT: account_id}).first()
    return None if row is None else _head(row)


def read_to_follow(
    connection: Connection, account_id: str
) -> tuple[CacheHead | None, str, datetime | None]:
    """Return the same, the version of the billing rules that are known now, and `next_event_at`."""
    row = connection.execute(_SELECT_TO_FOLLOW, {OF_ACCOUNT: account_id}).first()
    if row is None:
        return None, billing_rules_version(connection), None
    return _head(row), row.rules, row.next_event_at


_NEXT_EVENT_AT = (
    select(instance_state.c.next_event_at)
    .where(
        instance_state.c.account_id == bindparam(OF_ACCOUNT),
        instance_state.c.next_event_at.is_not(None),
    )
    .order_by(instance_state.c.next_event_at)
    .limit(1)
)
_SELECT_HEAD = select(ledger_cache).where(ledger_cache.c.account_id == bindparam(OF_ACCOUNT))
_SELECT_TO_FOLLOW = _SELECT_HEAD.add_columns(
    BILLING_RULES_VERSION.label("rules"), _NEXT_EVENT_AT.scalar_subquery().label("next_event_at")
)


def _head(row: Row[Any]) -> CacheHead:
    ledger = LedgerHead(row.seq, row.chain_hash)
    return CacheHead(ledger, row.made_with, row.newest_event_at, row.days_hash)


def write_cache_head(connection: Connection, account_id: str, head: CacheHead) -> None:
    """Say of which ledger an account's caches are now."""
    _put(
        connection,
        ledger_cache,
        [
            {
                "account_id": account_id,
                "seq": head.ledger.seq,
                "chain_hash": head.ledger.chain_hash,
                "made_with": head.made_with,
                "newest_event_at": _kept_instant(head.newest_event_at),
                "days_hash": head.days_hash,
            }
        ],
    )


def forget_cache_head(connection: Connection, account_id: str) -> None:
    """Say that an account's caches are of no state, so that nobody reads them."""
    connection.execute(delete(ledger_cache).where(ledger_cache.c.account_id == account_id))


def clear_caches(connection: Connection, account_id: str) -> None:
    """Take away all caches of an account."""
    for table in CACHES:
        connection.execute(delete(table).where(table.c.account_id == account_id))


# Instances.


def write_instances(
    connection: Connection, account_id: str, instances: Iterable[CachedInstance], seq: int
) -> None:
    """Write the states of instances, as of the ledger's event `seq`."""
    rows = [
        {
            "account_id": account_id,
            "instance": one.instance,
            "is_active": one.state.open_session is not None,
            "is_notable": one.state.is_notable,
            "first_started_at": _kept_instant(one.state.first_started_at),
            "last_used_at": _kept_instant(one.state.last_used_at),
            "last_report_at": _kept_instant(one.last_report_at),
            "next_event_at": _kept_instant(one.state.next_event_at),
            "waiting_from_seq": one.waiting_from_seq,
            "changed_seq": seq,
            "seal": one.seal,
            "keys": one.key_texts,
            "content": one.content,
            "row_hash": one.row_hash(account_id),
        }
        for one in instances
    ]
    _put(connection, instance_state, rows)


def write_seen(
    connection: Connection, account_id: str, instances: Sequence[CachedInstance], seq: int
) -> None:
    """Write that instances, of which nothing else has changed, were reported.

    Raises:
        DamagedCacheError: one of them has gone.
    """
    if not instances:
        return
    count = len(instances)
    values_of: dict[str, Sequence[Any]] = {
        "account_id": [account_id] * count,
        "instance": [one.instance for one in instances],
        "last_report_at": [_kept_instant(one.last_report_at) for one in instances],
        "changed_seq": [seq] * count,
        "seal": [one.seal for one in instances],
        "row_hash": [one.row_hash(account_id) for one in instances],
    }
    if update_bound(connection, instance_state, values_of) != count:
        raise DamagedCacheError


def instances_named(
    connection: Connection, account_id: str, names: Iterable[str]
) -> dict[str, CachedInstance]:
    """Return the states of some instances.

    Raises:
        DamagedCacheError: one of them is not what was written.
    """
    dialect = connection.dialect.name
    sought = {OF_ACCOUNT: account_id, SOUGHT: as_parameter(names, dialect)}
    return _checked(account_id, connection.execute(_select_named(dialect), sought).all())


def instances_named_or_due(
    connection: Connection, account_id: str, names: Iterable[str], now: datetime
) -> dict[str, CachedInstance]:
    """Return the same, and those of which something that was in the future has happened by now.

    Raises:
        DamagedCacheError: one of them is not what was written.
    """
    dialect = connection.dialect.name
    sought = {OF_ACCOUNT: account_id, SOUGHT: as_parameter(names, dialect), _NOW: now}
    return _checked(account_id, connection.execute(_select_named_or_due(dialect), sought).all())


def instances_changed(
    connection: Connection, account_id: str, after_seq: int
) -> dict[str, CachedInstance]:
    """Return the states that were written after the ledger's event `after_seq`.

    Raises:
        DamagedCacheError: one of them is not what was written.
    """
    return _instances(connection, account_id, instance_state.c.changed_seq > after_seq)


def next_event_at(connection: Connection, account_id: str) -> datetime | None:
    """Return the time of the first event that had not happened yet."""
    return connection.execute(_NEXT_EVENT_AT, {OF_ACCOUNT: account_id}).scalar()


def first_started_at(connection: Connection, account_id: str) -> datetime | None:
    """Return when the first session of an account began."""
    statement = select(func.min(instance_state.c.first_started_at)).where(
        instance_state.c.account_id == account_id
    )
    return connection.execute(statement).scalar()


def notable_instances(connection: Connection, account_id: str) -> dict[str, CachedInstance]:
    """Return the instances that every answer needs.

    Raises:
        DamagedCacheError: one of them is not what was written.
    """
    return _instances(connection, account_id, instance_state.c.is_notable.is_(True))


def every_instance(connection: Connection, account_id: str) -> Iterator[CachedInstance]:
    """Return all instances, by id.

    Raises:
        DamagedCacheError: one of them is not what was written.
    """
    statement = _INSTANCES.order_by(instance_state.c.instance)
    with connection.execute(
        statement, {OF_ACCOUNT: account_id}, execution_options=_STREAMED
    ) as rows:
        for row in rows:
            yield _instance(account_id, row)


def used_last(
    connection: Connection, account_id: str, *, start: int, limit: int
) -> list[InstanceState]:
    """Return a part of the instances that ever started: active ones first, then the latest used.

    Raises:
        DamagedCacheError: one of them is not what was written.
    """
    columns = instance_state.c
    statement = (
        _INSTANCES.where(columns.last_used_at.is_not(None))
        .order_by(columns.is_active.desc(), columns.last_used_at.desc(), columns.instance)
        .offset(start)
        .limit(limit)
    )
    rows = connection.execute(statement, {OF_ACCOUNT: account_id})
    return [_instance(account_id, row).state for row in rows]


_NOW = "now"
# Instants as they are kept, as the digest of a row tells them.
_INSTANCES = select(
    instance_state.c.instance,
    instance_state.c.content,
    type_coerce(instance_state.c.last_report_at, BigInteger),
    instance_state.c["keys"],
    instance_state.c.waiting_from_seq,
    instance_state.c.seal,
    instance_state.c.row_hash,
).where(instance_state.c.account_id == bindparam(OF_ACCOUNT))


@cache
def _select_named(dialect: str) -> Select[Any]:
    return _INSTANCES.where(is_sought(instance_state.c.instance, dialect))


@cache
def _select_named_or_due(dialect: str) -> CompoundSelect[Any]:
    # Each part has an index of its own. What is both comes twice, and is one.
    is_due = instance_state.c.next_event_at <= bindparam(_NOW)
    return union_all(_select_named(dialect), _INSTANCES.where(is_due))


def _instances(
    connection: Connection, account_id: str, which: ColumnElement[bool]
) -> dict[str, CachedInstance]:
    rows = connection.execute(_INSTANCES.where(which), {OF_ACCOUNT: account_id})
    return _checked(account_id, rows.all())


def _checked(account_id: str, rows: Sequence[Row[Any]]) -> dict[str, CachedInstance]:
    found = [_instance(account_id, row) for row in rows]
    return {one.instance: one for one in found}


def _instance(account_id: str, row: Row[*tuple[Any, ...]]) -> CachedInstance:
    instance, content, last_report_at, keys, waiting_from_seq, seal, row_hash = row
    expected = _digest(account_id, instance, last_report_at, waiting_from_seq, seal, keys, content)
    if row_hash != expected:
        raise DamagedCacheError
    at = None if last_report_at is None else from_microseconds(last_report_at)
    return CachedInstance(instance, content, at, keys, waiting_from_seq, seal)


# What has ended.


def write_ended(connection: Connection, account_id: str, ended: Iterable[EndedUse]) -> None:
    """Write sessions and disks that have ended."""
    rows = [_ended_row(account_id, one) for one in ended]
    if rows:
        values_of = dict(zip(_ENDED_COLUMNS, zip(*rows, strict=True), strict=True))
        insert_bound(connection, ended_use, values_of, replaces=True)


_ENDED_COLUMNS = tuple(column.name for column in ended_use.c)


def _ended_row(account_id: str, one: EndedUse) -> tuple[object, ...]:
    """Return the values of the columns, in their order: very many are written."""
    number, use, instance = one
    if isinstance(use, GpuSession):
        kind, content = _SESSION, session_text(use)
    else:
        kind, content = _DISK, disk_span_text(use)
    begins, ends = to_microseconds(use.starts_at), to_microseconds(use.ends_at or use.starts_at)
    length_class = bisect_left(_LENGTHS_IN_MICROSECONDS, ends - begins)
    row_hash = _ended_digest(account_id, instance, kind, number, begins, ends, content)
    return account_id, instance, kind, number, begins, ends, length_class, content, row_hash


def remove_ended(
    connection: Connection, account_id: str, instance: str, *, sessions_from: int, disks_from: int
) -> None:
    """Take away an instance's ended sessions and disks from some numbers on."""
    columns = ended_use.c
    which = or_(
        and_(columns.kind == _SESSION, columns.number >= sessions_from),
        and_(columns.kind == _DISK, columns.number >= disks_from),
    )
    connection.execute(
        delete(ended_use).where(
            columns.account_id == account_id, columns.instance == instance, which
        )
    )


_ENDED_OF_INSTANCE = (
    select(ended_use)
    .where(
        ended_use.c.account_id == bindparam(OF_ACCOUNT),
        ended_use.c.instance == bindparam(_INSTANCE),
    )
    .order_by(ended_use.c.kind.desc(), ended_use.c.number)
)


def ended_of_instance(connection: Connection, account_id: str, instance: str) -> list[EndedUse]:
    """Return everything of an instance that has ended, each kind in order.

    Raises:
        DamagedCacheError: some of it is not what was written.
    """
    values = {OF_ACCOUNT: account_id, _INSTANCE: instance}
    return [_ended(row) for row in connection.execute(_ENDED_OF_INSTANCE, values)]


def ended_in(connection: Connection, account_id: str, window: Window) -> Iterator[EndedUse]:
    """Return what has ended and lies in a window, in part at least, in order of its beginning.

    No more is read than is taken: what comes next, of use of each length.

    Raises:
        DamagedCacheError: some of it is not what was written.
    """
    with ExitStack() as open_rows:
        yield from merge(
            *(
                map(_ended, open_rows.enter_context(_rows_of(connection, statement)))
                for statement in _ended_of_each_length(account_id, window)
            ),
            key=_beginning,
        )


def _rows_of(
    connection: Connection, statement: Select[Any]
) -> AbstractContextManager[Iterable[Row[Any]]]:
    return connection.execute(statement, execution_options=_STREAMED)


def _beginning(one: EndedUse) -> datetime:
    return one.use.starts_at


def _ended_of_each_length(account_id: str, window: Window) -> Iterator[Select[Any]]:
    """Return what asks for use of each length that lies in a window, in order."""
    columns = ended_use.c
    for number in range(len(_LENGTHS) + 1):
        statement = (
            select(ended_use)
            .where(columns.account_id == account_id, columns.length_class == number)
            .order_by(columns.starts_at, columns.instance, columns.kind, columns.number)
        )
        if window.starts_at is not None:
            statement = statement.where(columns.ends_at > window.starts_at)
            if number < len(_LENGTHS):
                # What began earlier than that has ended by then.
                began = _earlier(window.starts_at, _LENGTHS[number])
                statement = statement.where(columns.starts_at > began)
        if window.ends_at is not None:
            statement = statement.where(columns.starts_at < window.ends_at)
        yield statement


def _earlier(at: datetime, hours: int) -> datetime:
    try:
        return at - hours * _HOUR
    except OverflowError:
        return datetime.min.replace(tzinfo=at.tzinfo)


def _ended(row: Row[Any]) -> EndedUse:
    expected = _ended_digest(
        row.account_id,
        row.instance,
        row.kind,
        row.number,
        to_microseconds(row.starts_at),
        to_microseconds(row.ends_at),
        row.content,
    )
    if row.row_hash != expected:
        raise DamagedCacheError
    read = session_of_text if row.kind == _SESSION else disk_span_of_text
    return EndedUse(
        row.number, read(row.instance, row.starts_at, row.ends_at, row.content), row.instance
    )


# Sums.


def write_sums(connection: Connection, account_id: str, sums: Iterable[SumRow], seq: int) -> None:
    """Write sums, as of the ledger's event `seq`."""
    rows = []
    for span, number, key, held in sums:
        text, values = key.text(), sum_text(held)
        rows.append(
            {
                "account_id": account_id,
                "span": span,
                "number": number,
                "key": text,
                "sums": values,
                "changed_seq": seq,
                "row_hash": sum_digest(account_id, span, number, text, values),
            }
        )
    _put(connection, usage_sum, rows)


def days_changed(
    connection: Connection, account_id: str, after_seq: int
) -> Iterator[tuple[int, UseKey, Sum, str]]:
    """Return the sums of days that were written after an event, in order, with their digests.

    Raises:
        DamagedCacheError: one of them is not what was written.
    """
    columns = usage_sum.c
    statement = select(usage_sum).where(
        columns.account_id == account_id, columns.span == DAY_SUM, columns.changed_seq > after_seq
    )
    for row in connection.execute(statement.order_by(columns.number)):
        yield (*_sum(row), row.row_hash)


def sums_between(
    connection: Connection, account_id: str, span: str, first: int, last: int
) -> dict[tuple[UseKey, int], Sum]:
    """Return the sums of some days or hours that follow each other.

    Raises:
        DamagedCacheError: one of them is not what was written.
    """
    columns = usage_sum.c
    statement = select(usage_sum).where(
        columns.account_id == account_id,
        columns.span == span,
        columns.number.between(first, last),
    )
    return _sums_by_key(connection.execute(statement))


def sums_at(
    connection: Connection, account_id: str, span: str, places: Iterable[tuple[int, UseKey]]
) -> dict[tuple[UseKey, int], Sum]:
    """Return the sums of days or hours for which a key is named each.

    No other of the same hour is read: what is paid may differ with each session.

    Raises:
        DamagedCacheError: one of them is not what was written.
    """
    keys_of: dict[int, list[str]] = {}
    for number, key in places:
        keys_of.setdefault(number, []).append(key.text())
    dialect = connection.dialect.name
    found: dict[tuple[UseKey, int], Sum] = {}
    for number, keys in keys_of.items():
        sought = {
            OF_ACCOUNT: account_id,
            _SPAN: span,
            _NUMBER: number,
            SOUGHT: as_parameter(keys, dialect),
        }
        found |= _sums_by_key(connection.execute(_select_sums_at(dialect), sought))
    return found


@cache
def _select_sums_at(dialect: str) -> Select[Any]:
    return select(usage_sum).where(
        usage_sum.c.account_id == bindparam(OF_ACCOUNT),
        usage_sum.c.span == bindparam(_SPAN),
        usage_sum.c.number == bindparam(_NUMBER),
        is_sought(usage_sum.c.key, dialect),
    )


def _sums_by_key(rows: Iterable[Row[Any]]) -> dict[tuple[UseKey, int], Sum]:
    return {(key, number): sums for number, key, sums in map(_sum, rows)}


def _sum(row: Row[Any]) -> tuple[int, UseKey, Sum]:
    expected = sum_digest(row.account_id, row.span, row.number, row.key, row.sums)
    if row.row_hash != expected:
        raise DamagedCacheError
    return row.number, UseKey.of_text(row.key), sum_of_text(row.sums)


def sum_text(held: Sum) -> str:
    """Return a sum as text: whole numbers of any length."""
    return ",".join(map(str, held))


def sum_of_text(text: str) -> list[int]:
    """Return the sum that a text tells.

    Raises:
        DamagedCacheError: it tells none.
    """
    found = list(map(int, text.split(",")))
    if len(found) != len(EMPTY):
        raise DamagedCacheError
    return found


def sum_digest(account_id: str, span: str, number: int, key: str, sums: str) -> str:
    """Return the digest of a sum."""
    return _digest(account_id, span, number, key, sums)


def added_digests(total: str, gone: Iterable[str], come: Iterable[str]) -> str:
    """Return the sum of digests, less those of rows that are gone, with those that have come."""
    value = int(total, 16)
    for one in gone:
        value -= int(one, 16)
    for one in come:
        value += int(one, 16)
    return f"{value % _DIGESTS:064x}"


NO_DIGESTS = "0" * _DIGITS

_STREAMED: Mapping[str, Any] = {"yield_per": _ROWS_AT_A_TIME}


def _digest(*parts: object) -> str:
    return _digest_of_text("\x00".join(map(str, parts)))


def _ended_digest(  # noqa: PLR0917  the values of a row
    account_id: str, instance: str, kind: str, number: int, begins: int, ends: int, content: str
) -> str:
    # As `_digest` has it, written out: very many are made.
    return _digest_of_text(
        f"{account_id}\x00{instance}\x00{kind}\x00{number}\x00{begins}\x00{ends}\x00{content}"
    )


def _digest_of_text(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _in_parts(keys: Sequence[_Key]) -> Iterator[Sequence[_Key]]:
    for start in range(0, len(keys), _KEYS_PER_QUERY):
        yield keys[start : start + _KEYS_PER_QUERY]


def _kept_instant(at: datetime | None) -> int | None:
    return None if at is None else to_microseconds(at)


def _put(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Write rows as they are kept, in the place of those with the same keys."""
    if rows:
        values_of = {name: [row[name] for row in rows] for name in rows[0]}
        insert_bound(connection, table, values_of, replaces=True)
