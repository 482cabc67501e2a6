"""Questions that very many requests ask: on PostgreSQL each goes in one message to the server.

A read takes three: its begin, which says whose rows it may see, the question, and its end. They are
the larger part of a short answer's time. A statement that the server holds prepared is told its
values as text, so that all three make one message; what it answers is the same.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from types import SimpleNamespace
from typing import Any

from sqlalchemy import PoolProxiedConnection, Select
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

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

    def ask(
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
        if self.name not in pooled.info:
            driver.execute(f"PREPARE {self.name} AS {self._compiled.string}")
            pooled.info[self.name] = True
        given = {**self._compiled.params, **values}
        told = ", ".join(
            literal(driver, str(given[name])) for name in self._compiled.positiontup or ()
        )
        cursor = driver.execute(f"{begin}; EXECUTE {self.name}({told}); COMMIT")
        cursor.set_result(_ANSWER)
        row = cursor.fetchone()
        return None if row is None else self._row(row)

    def _row(self, kept: tuple[Any, ...]) -> SimpleNamespace:
        return SimpleNamespace(
            **{
                name: value if read is None else read(value)
                for (name, read), value in zip(self._readers, kept, strict=True)
            }
        )

    @cached_property
    def _dialect(self) -> PGDialect_psycopg:
        return PGDialect_psycopg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]

    @cached_property
    def _compiled(self) -> Any:  # noqa: ANN401  of SQLAlchemy, which has no type for it
        return self.statement.compile(dialect=self._dialect)

    @cached_property
    def _readers(self) -> list[tuple[str, Callable[[Any], Any] | None]]:
        """Return the name of each column, and how what the driver gives is read."""
        return [
            (
                column.key or "",
                column.type.dialect_impl(self._dialect).result_processor(self._dialect, None),
            )
            for column in self.statement.selected_columns
        ]


def literal(driver: Any, text: str) -> str:  # noqa: ANN401  psycopg's connection
    """Return a text as PostgreSQL reads it in a statement."""
    from psycopg.pq import Escaping  # noqa: PLC0415  whoever has SQLite does without

    return bytes(Escaping(driver.pgconn).escape_literal(text.encode())).decode()
