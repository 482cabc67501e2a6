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
    connection: Connection, table: Table, values_of: Mapping[str, Sequence[Any]]
) -> None:
    """Insert rows by the values of each column, as `bound` returns them.

    On PostgreSQL the values of a column are one array, so that all rows make one way to the server.
    """
    names, dialect = tuple(values_of), connection.dialect
    if dialect.name == _POSTGRESQL:
        arrays = tuple(list(values) for values in values_of.values())
        connection.exec_driver_sql(_from_arrays(table, names, dialect), arrays)
    else:
        rows = list(zip(*values_of.values(), strict=True))
        connection.exec_driver_sql(_from_rows(table, names, dialect), rows)


def _bound(column: Column[Any], values: Sequence[Any], dialect: Dialect) -> Sequence[Any]:
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
