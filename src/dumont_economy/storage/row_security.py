"""Whose rows a transaction may touch, said to PostgreSQL, whose row level security holds to it.

Every query names its account already; this is the second lock, for the query that one day does
not. SQLite has no such lock: the tests show there that every statement names its account.
"""

from collections.abc import Iterator
from dataclasses import astuple, dataclass
from typing import Any

from sqlalchemy import Connection, select

from dumont_economy.storage.prepared_question import literal
from dumont_economy.storage.tables import account

# Local to the transaction, so that a pooled connection never keeps what it was told.
_SAY = (
    "SELECT set_config('economy.account_id', %s, true), set_config('economy.user_id', %s, true), "
    "set_config('economy.token_hash', %s, true)"
)


@dataclass(frozen=True, slots=True)
class RowScope:
    """Whose rows may be touched; without any of them, no row of any account.

    `token_hash` and `user_id` open only what is needed to learn the account of a credential.
    """

    account_id: str = ""
    user_id: str = ""
    token_hash: str = ""


def restrict_rows(connection: Connection, scope: RowScope) -> None:
    """Let the rest of a transaction touch these rows, and none that were open to it before."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_SAY, astuple(scope))


def row_settings(driver: Any, scope: RowScope) -> str:  # noqa: ANN401  psycopg's connection
    """Return the text of what restricts the rows, to be sent with the begin of a transaction."""
    said = (scope.account_id, scope.user_id, scope.token_hash)
    return _SAY % tuple(literal(driver, one) for one in said)


def each_account(connection: Connection) -> Iterator[str]:
    """Return every account's id; while one is at hand, its rows are those that may be touched."""
    ids = connection.execute(select(account.c.id).order_by(account.c.id)).scalars().all()
    for account_id in ids:
        restrict_rows(connection, RowScope(account_id=account_id))
        yield account_id
    restrict_rows(connection, RowScope())
