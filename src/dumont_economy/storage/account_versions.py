"""The versions of all that an account's answers of the present depend on, read at one moment.

While none of them has changed, an answer that was given still holds: nothing else need be read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select

from dumont_economy.storage.policies import DEFAULT_POLICY
from dumont_economy.storage.price_imports import NEWEST_DECISION, NEWEST_IMPORT
from dumont_economy.storage.prices import PRICE_FACTS_VERSION
from dumont_economy.storage.tables import account, policy

_CHANGES = (
    select(func.count())
    .select_from(policy)
    .where(policy.c.account_id == bindparam("account_id"))
    .scalar_subquery()
)
_WITHOUT_POLICY = (
    account.c.last_seq.label("ledger_version"),
    PRICE_FACTS_VERSION.label("price_facts"),
    NEWEST_IMPORT.label("newest_import"),
    NEWEST_DECISION.label("newest_decision"),
)
VERSION_COLUMNS = (*_WITHOUT_POLICY, _CHANGES.label("policy_changes"))
"""What to select with the account that `account_id` names."""
# Asked for by every look of a watch, so they are made once.
_OF_ONE = select(*VERSION_COLUMNS).where(account.c.id == bindparam("account_id"))
_OF_MANY = select(account.c.id, *_WITHOUT_POLICY).where(
    account.c.id.in_(bindparam("account_ids", expanding=True))
)
_POLICY_CHANGES = select(_CHANGES)


@dataclass(frozen=True, slots=True)
class AccountVersions:
    """The versions of an account's ledger and policy, of prices and of their health."""

    ledger: int
    policy: int
    price_facts: int
    price_health: tuple[int, int]


def versions_of(row: Row[Any, *tuple[Any, ...]]) -> AccountVersions:
    """Return the versions that were selected."""
    return AccountVersions(
        ledger=row.ledger_version,
        policy=DEFAULT_POLICY.version + row.policy_changes,
        price_facts=row.price_facts,
        price_health=_price_health(row),
    )


def read_versions(connection: Connection, account_id: str) -> AccountVersions:
    """Return the versions of an account."""
    return versions_of(connection.execute(_OF_ONE, {"account_id": account_id}).one())


def read_again(
    connection: Connection, known: Mapping[str, AccountVersions]
) -> dict[str, AccountVersions]:
    """Return the versions of many accounts, by id, in one statement.

    Their policies stay those that are known: `read_policy_version` reads one of them, for the rows
    of a policy are there for one account at a time.
    """
    rows = connection.execute(_OF_MANY, {"account_ids": list(known)})
    return {
        row.id: replace(
            known[row.id],
            ledger=row.ledger_version,
            price_facts=row.price_facts,
            price_health=_price_health(row),
        )
        for row in rows
    }


def read_policy_version(connection: Connection, account_id: str) -> int:
    """Return the version of an account's policy."""
    changes = connection.execute(_POLICY_CHANGES, {"account_id": account_id}).scalar_one()
    return DEFAULT_POLICY.version + int(changes or 0)


def _price_health(row: Row[Any, *tuple[Any, ...]]) -> tuple[int, int]:
    return (row.newest_import or 0, row.newest_decision or 0)
