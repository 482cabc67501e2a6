"""What caches hold, so that tests can compare them."""

from typing import Any

from dumont_economy.storage import usage_cache
from dumont_economy.storage.accounts import Account
from dumont_economy.storage.database import Database
from dumont_economy.storage.usage_cache import CACHES


def contents(database: Database, account: Account) -> list[tuple[Any, ...]]:
    """Return what the caches of an account hold."""
    with database.read(account_id=account.id) as connection:
        return [
            tuple(row)
            for table in CACHES
            for row in usage_cache.rows_of(connection, table, account.id)
        ]
