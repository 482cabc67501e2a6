"""Inserts many rows at once, in the fastest way that a database has."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Dialect, Integer, String, Table

from dumont_economy.storage.column_types import ExactAmount, Instant

_POSTGRESQL = "postgresql"
_ARRAY_OF = {
    BigInteger: "BIGINT[]",
    ExactAmount: "NUMERIC[]",
    Instant: "BIGINT[]",
    Integer: "BIGINT[]",
    String: "TEXT[]",
}
# As many sets of columns as some kinds of rows make.
_MOST_STATEMENTS = 256


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, each with a value, or None, for the same columns.

    A column that is None in all of them is left out, which comes to the same. On PostgreSQL the
    values of a column are one array, so that all rows make one way to the server.
    """
    names = tuple(name for name in rows[0] if any(row[name] is not None for row in rows))
    dialect = connection.dialect
    values = [_bound(table.c[name], [row[name] for row in rows], dialect) for name in names]
    if dialect.name == _POSTGRESQL:
        connection.exec_driver_sql(_from_arrays(table, names, dialect), tuple(values))
    else:
        by_row = list(zip(*values, strict=True))
        connection.exec_driver_sql(_from_rows(table, names, dialect), by_row)


def _bound(column: Column[Any], values: list[Any], dialect: Dialect) -> list[Any]:
    """Return values as the driver takes them."""
    bind: Callable[[Any], Any] | None = column.type.dialect_impl(dialect).bind_processor(dialect)
    return values if bind is None else [bind(value) for value in values]


@lru_cache(_MOST_STATEMENTS)
def _from_arrays(table: Table, names: tuple[str, ...], dialect: Dialect) -> str:
    arrays = ", ".join(f"%s::{_ARRAY_OF[type(table.c[name].type)]}" for name in names)
    return f"{_into(table, names, dialect)} SELECT * FROM unnest({arrays})"  # noqa: S608  our names


@lru_cache(_MOST_STATEMENTS)
def _from_rows(table: Table, names: tuple[str, ...], dialect: Dialect) -> str:
    places = ", ".join("?" for _ in names)
    return f"{_into(table, names, dialect)} VALUES ({places})"


def _into(table: Table, names: tuple[str, ...], dialect: Dialect) -> str:
    quoted = ", ".join(dialect.identifier_preparer.quote(name) for name in names)
    return f"INSERT INTO {table.name} ({quoted})"
