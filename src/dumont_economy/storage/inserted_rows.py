"""Writes many rows at once, in the fastest way that a database has."""

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

from dumont_economy.storage.array_text import array_text
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
        if values.count(None) != len(values)
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
        arrays = tuple(map(array_text, values_of.values()))
        connection.exec_driver_sql(_from_arrays(table, names, dialect, replaces=replaces), arrays)
    else:
        rows = list(zip(*values_of.values(), strict=True))
        connection.exec_driver_sql(_from_rows(table, names, dialect, replaces=replaces), rows)


def update_bound(
    connection: Connection, table: Table, values_of: Mapping[str, Sequence[Any]]
) -> int:
    """Change rows, told by their key, to the values of each column, as `bound` returns them.

    Returns how many there were.
    """
    names, dialect = tuple(values_of), connection.dialect
    if dialect.name == _POSTGRESQL:
        arrays = tuple(map(array_text, values_of.values()))
        changes = connection.exec_driver_sql(_update_from_arrays(table, names, dialect), arrays)
    else:
        keys, changed = _keys_and_others(table, names)
        in_order = (values_of[name] for name in (*changed, *keys))
        rows = list(zip(*in_order, strict=True))
        changes = connection.exec_driver_sql(_update_rows(table, names, dialect), rows)
    return changes.rowcount


def _bound(column: Column[Any], values: Sequence[Any], dialect: Dialect) -> Sequence[Any]:
    bind: Callable[[Any], Any] | None = column.type.dialect_impl(dialect).bind_processor(dialect)
    if bind is None:
        return values
    # Many rows hold few different values.
    bound_as = {value: bind(value) for value in set(values)}
    return list(map(bound_as.__getitem__, values))


@lru_cache(_MOST_STATEMENTS)
def _from_arrays(table: Table, names: tuple[str, ...], dialect: Dialect, *, replaces: bool) -> str:
    rows = f"SELECT * FROM {_unnested(table, names)}"  # noqa: S608  our names
    return _into(table, names, dialect, rows, replaces=replaces)


def _unnested(table: Table, names: tuple[str, ...]) -> str:
    arrays = ", ".join(f"%s::{_ARRAY_OF[type(table.c[name].type)]}" for name in names)
    return f"unnest({arrays})"


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
    keys, changed = _keys_and_others(table, names)
    return f"{statement} ON CONFLICT ({', '.join(map(quote, keys))}) DO UPDATE SET " + ", ".join(
        f"{name} = excluded.{name}" for name in map(quote, changed)
    )


@lru_cache(_MOST_STATEMENTS)
def _update_from_arrays(table: Table, names: tuple[str, ...], dialect: Dialect) -> str:
    quote = dialect.identifier_preparer.quote
    keys, changed = _keys_and_others(table, names)
    values = ", ".join(f"{name} = given.{name}" for name in map(quote, changed))
    is_same = " AND ".join(f"{table.name}.{name} = given.{name}" for name in map(quote, keys))
    given = f"{_unnested(table, names)} AS given({', '.join(map(quote, names))})"
    return f"UPDATE {table.name} SET {values} FROM {given} WHERE {is_same}"  # noqa: S608  our names


@lru_cache(_MOST_STATEMENTS)
def _update_rows(table: Table, names: tuple[str, ...], dialect: Dialect) -> str:
    quote = dialect.identifier_preparer.quote
    keys, changed = _keys_and_others(table, names)
    values = ", ".join(f"{quote(name)} = ?" for name in changed)
    is_same = " AND ".join(f"{quote(name)} = ?" for name in keys)
    return f"UPDATE {table.name} SET {values} WHERE {is_same}"  # noqa: S608  our names


def _keys_and_others(table: Table, names: tuple[str, ...]) -> tuple[list[str], list[str]]:
    keys = [column.name for column in table.primary_key]
    return keys, [name for name in names if name not in keys]
