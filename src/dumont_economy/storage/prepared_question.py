"""Questions that very many requests ask: each goes to the database in the shortest way.

A read is a begin, which says to PostgreSQL whose rows it may see, the question, and an end: the
larger part of a short answer's time. A statement that PostgreSQL holds prepared is told its values
as text, so that all three make one message. On SQLite a statement sees one state by itself, and
needs neither begin nor end. What is answered is the same.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace
from typing import Any

from sqlalchemy import URL, Dialect, PoolProxiedConnection, Select

# Of the results of a message: that of its last statement but one, for the last is the commit.
_ANSWER = -2


class PreparedQuestion:
    """A select of at most one row, by parameters that are texts.

    Args:
        name: What it is called on a connection: no other is.
        statement: What selects the row.
    """

    def __init__(self, name: str, statement: Select[Any]) -> None:
        self.name = name
        self.statement = statement

    def ask_postgresql(
        self, pooled: PoolProxiedConnection, begin: str, values: Mapping[str, str]
    ) -> SimpleNamespace | None:
        """Return the row by its columns, by a connection of psycopg without a transaction.

        Args:
            pooled: The connection.
            begin: What begins the transaction.
            values: The parameters.

        Raises:
            psycopg.Error: the server cannot answer.
        """
        driver: Any = pooled.driver_connection
        question = self._on_postgresql
        if self.name not in pooled.info:
            driver.execute(f"PREPARE {self.name} AS {question.text}")
            pooled.info[self.name] = True
        told = ", ".join(literal(driver, str(value)) for value in question.in_order(values))
        cursor = driver.execute(f"{begin}; EXECUTE {self.name}({told}); COMMIT")
        cursor.set_result(_ANSWER)
        return question.row(cursor.fetchone())

    def ask_sqlite(
        self, pooled: PoolProxiedConnection, values: Mapping[str, str]
    ) -> SimpleNamespace | None:
        """Return the same, by a connection of sqlite3 on which no transaction is open.

        Raises:
            sqlite3.Error: the file cannot be read now.
        """
        driver: Any = pooled.driver_connection
        question = self._on_sqlite
        return question.row(driver.execute(question.text, question.in_order(values)).fetchone())

    @cached_property
    def _on_postgresql(self) -> "_Compiled":
        return _Compiled.of(self.statement, _dialect("postgresql+psycopg", "numeric_dollar"))

    @cached_property
    def _on_sqlite(self) -> "_Compiled":
        return _Compiled.of(self.statement, _dialect("sqlite", "qmark"))


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A statement's text, its parameters in order with those that never change, and its columns."""

    text: str
    names: tuple[str, ...]
    fixed: Mapping[str, Any]
    readers: tuple[tuple[str, Callable[[Any], Any] | None], ...]

    @classmethod
    def of(cls, statement: Select[Any], dialect: Dialect) -> "_Compiled":
        compiled: Any = statement.compile(dialect=dialect)
        readers = (
            (column.key or "", column.type.dialect_impl(dialect).result_processor(dialect, None))
            for column in statement.selected_columns
        )
        return cls(
            compiled.string, tuple(compiled.positiontup or ()), compiled.params, tuple(readers)
        )

    def in_order(self, values: Mapping[str, str]) -> list[Any]:
        given = {**self.fixed, **values}
        return [given[name] for name in self.names]

    def row(self, kept: tuple[Any, ...] | None) -> SimpleNamespace | None:
        if kept is None:
            return None
        return SimpleNamespace(
            **{
                name: value if read is None else read(value)
                for (name, read), value in zip(self.readers, kept, strict=True)
            }
        )


def _dialect(drivername: str, parameters: str) -> Dialect:
    # Only what is used is loaded.
    kind: Callable[..., Dialect] = URL.create(drivername).get_dialect()
    return kind(paramstyle=parameters)


def literal(driver: Any, text: str) -> str:  # noqa: ANN401  psycopg's connection
    """Return a text as PostgreSQL reads it in a statement."""
    from psycopg.pq import Escaping  # noqa: PLC0415  whoever has SQLite does without

    return bytes(Escaping(driver.pgconn).escape_literal(text.encode())).decode()
