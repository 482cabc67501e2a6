"""Inserts many rows at once, in the fastest way that a database has."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Dialect,
    Integer,
    String,
    Table,
    Text,
)

from dumont_economy.storage.column_types import ExactAmount, Instant

_POSTGRESQL = "postgresql"
_ARRAY_OF = {
    BigInteger: "BIGINT[]",
    ExactAmount: "NUMERIC[]",
    Instant: "BIGINT[]",
    Integer: "BIGINT[]",
    String: "TEXT[]",
    Text: "TEXT[]",
    Boolean: "BOOLEAN[]",
}
# As many sets of columns as some kinds of rows make.
_MOST_STATEMENTS = 256


def bound(
    connection: Connection, table: Table, values_of: Mapping[str, Sequence[Any]]
) -> dict[str, Sequence[Any]]:
    """Return the values of each column as the driver takes them.

    A column without a value in any row is left out, which comes to the same.
    """
    return {
        name: _bound(table.c[name], values, connection.dialect)
        for name, values in values_of.items()
        if any(value is not None for value in values)
    }


def insert_bound(
    connection: Connection,
    table: Table,
    values_of: Mapping[str, Sequence[Any]],
    *,
    replaces: bool = False,
) -> None:
    """Insert rows by the values of each column, as `bound` returns them.

    On PostgreSQL the values of a column are one array, so that all rows make one way to the server.
    A row that `replaces` takes the place of one with the same key, in the columns that are given.
    """
    names, dialect = tuple(values_of), connection.dialect
    if dialect.name == _POSTGRESQL:
        arrays = tuple(list(values) for values in values_of.values())
        connection.exec_driver_sql(_from_arrays(table, names, dialect, replaces=replaces), arrays)
    else:
        rows = list(zip(*values_of.values(), strict=True))
        connection.exec_driver_sql(_from_rows(table, names, dialect, replaces=replaces), rows)


def _bound(column: Column[Any], values: Sequence[Any], dialect: Dialect) -> Sequence[Any]:
    bind: Callable[[Any], Any] | None = column.type.dialect_impl(dialect).bind_processor(dialect)
    return values if bind is None else [bind(value) for value in values]


@lru_cache(_MOST_STATEMENTS)
def _from_arrays(table: Table, names: tuple[str, ...], dialect: Dialect, *, replaces: bool) -> str:
    arrays = ", ".join(f"%s::{_ARRAY_OF[type(table.c[name].type)]}" for name in names)
    rows = f"SELECT * FROM unnest({arrays})"  # noqa: S608  our names
    return _into(table, names, dialect, rows, replaces=replaces)


@lru_cache(_MOST_STATEMENTS)
def _from_rows(table: Table, names: tuple[str, ...], dialect: Dialect, *, replaces: bool) -> str:
    places = ", ".join("?" for _ in names)
    return _into(table, names, dialect, f"VALUES ({places})", replaces=replaces)


def _into(
    table: Table, names: tuple[str, ...], dialect: Dialect, rows: str, *, replaces: bool
) -> str:
    quote = dialect.identifier_preparer.quote
    statement = f"INSERT INTO {table.name} ({', '.join(map(quote, names))}) {rows}"
    if not replaces:
        return statement
    keys = [column.name for column in table.primary_key]
    changed = (quote(name) for name in names if name not in keys)
    return f"{statement} ON CONFLICT ({', '.join(map(quote, keys))}) DO UPDATE SET " + ", ".join(
        f"{name} = excluded.{name}" for name in changed
    )
