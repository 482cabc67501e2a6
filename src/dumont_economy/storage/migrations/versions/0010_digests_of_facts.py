"""Digests of facts: usage events are chained; policies and all facts of the market have one each.

A later migration that adds a column to one of these tables has to leave it empty in the rows that
are there, or make their digests anew.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

from dumont_economy.fact_digest import CHAIN_START, chained, digest, encoded
from dumont_economy.storage.stored_facts import as_kept, kept_values

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_CHAINED = "usage_event"
_OF_ACCOUNT = "policy"
# Tables of everybody's, with what tells a row from others.
_SINGLE = {
    "provider_pricing": ("number",),
    "billing_rule": ("provider", "effective_from", "published_at"),
    "exchange_rate": ("currency", "into", "effective_from", "published_at", "source"),
    "disk_price": ("provider", "region", "effective_from", "published_at", "source"),
}
_NOT_DIGESTED = {"chain_hash", "row_hash", "number"}
_ROWS_AT_A_TIME = 1_000


def upgrade() -> None:
    """Add the digests, and make those of the facts that are there."""
    _add_column("account", "last_hash", CHAIN_START)
    _add_column(_CHAINED, "chain_hash", "")
    for table in (_OF_ACCOUNT, *_SINGLE):
        _add_column(table, "row_hash", "")
    for table in (_CHAINED, _OF_ACCOUNT, *_SINGLE):
        _lift_guard(table)
    account = _table("account")
    for account_id in op.get_bind().execute(sa.select(account.c.id)).scalars().all():
        newest = sa.update(account).where(account.c.id == account_id)
        op.get_bind().execute(newest.values(last_hash=_chain_events(account_id)))
        _digest_rows(_OF_ACCOUNT, ("version",), account_id)
    for name, key in _SINGLE.items():
        _digest_rows(name, key)
    for table in (_CHAINED, _OF_ACCOUNT, *_SINGLE):
        _put_guard(table)


def _add_column(table: str, name: str, first: str) -> None:
    column = sa.Column(name, sa.String(length=64), nullable=False, server_default=first)
    op.add_column(table, column)
    if op.get_bind().dialect.name == "postgresql":
        # SQLite could drop it only by building the table anew. A row without a digest is no fact.
        op.alter_column(table, name, server_default=None)


def _lift_guard(table: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_refuses_change")
    else:
        op.execute(f"DROP TRIGGER {table}_refuses_update")


def _put_guard(table: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE {table} ENABLE TRIGGER {table}_refuses_change")
    else:
        op.execute(
            f"CREATE TRIGGER {table}_refuses_update BEFORE UPDATE ON {table} "
            "BEGIN SELECT RAISE(ABORT, 'facts are only added to'); END"
        )


def _chain_events(account_id: str) -> str:
    """Chain the events of an account, and return the digest of the newest."""
    events = _table(_CHAINED)
    last = CHAIN_START
    for rows in _in_parts(events, ("seq",), account_id):
        hashes = []
        for values in rows:
            last = chained(last, _encoded(events, values))
            hashes.append({"hash": last, **_key(values, ("seq",))})
        op.get_bind().execute(_update(events, "chain_hash", ("seq",), account_id), hashes)
    return last


def _digest_rows(name: str, key: tuple[str, ...], account_id: str | None = None) -> None:
    table = _table(name)
    for rows in _in_parts(table, key, account_id):
        hashes = [{"hash": digest(_encoded(table, values)), **_key(values, key)} for values in rows]
        op.get_bind().execute(_update(table, "row_hash", key, account_id), hashes)


def _table(name: str) -> sa.Table:
    return sa.Table(name, sa.MetaData(), autoload_with=op.get_bind(), resolve_fks=False)


def _in_parts(
    table: sa.Table, key: tuple[str, ...], account_id: str | None
) -> Iterator[list[dict[str, Any]]]:
    """Return a table's rows, or those of an account, in order of a key, some at a time."""
    columns = [table.c[name] for name in key]
    rows = sa.select(*as_kept(op.get_bind(), table.c)).where(*_of(table, account_id))
    after: sa.ColumnElement[bool] = sa.true()
    in_order = rows.order_by(*columns).limit(_ROWS_AT_A_TIME)
    while found := op.get_bind().execute(in_order.where(after)).all():
        values = [kept_values(row) for row in found]
        yield values
        newest = [sa.literal(values[-1][column.name]) for column in columns]
        after = sa.tuple_(*columns) > sa.tuple_(*newest)


def _encoded(table: sa.Table, values: Mapping[str, object]) -> bytes:
    columns = sorted({column.name for column in table.c} - _NOT_DIGESTED)
    return encoded(table.name, columns, values)


def _key(values: Mapping[str, object], key: tuple[str, ...]) -> dict[str, object]:
    return {f"key_{name}": values[name] for name in key}


def _of(table: sa.Table, account_id: str | None) -> list[sa.ColumnElement[bool]]:
    return [] if account_id is None else [table.c.account_id == account_id]


def _update(
    table: sa.Table, column: str, key: tuple[str, ...], account_id: str | None
) -> sa.Update:
    conditions = [table.c[name] == sa.bindparam(f"key_{name}") for name in key]
    hashed = sa.update(table).where(*_of(table, account_id), *conditions)
    return hashed.values({column: sa.bindparam("hash")})
