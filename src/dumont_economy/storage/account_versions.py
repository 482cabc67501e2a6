"""The versions of all that an account's answers of the present depend on, read at one moment.

While none of them has changed, an answer that was given still holds: nothing else need be read.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, bindparam, func, select

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
VERSION_COLUMNS = (
    account.c.last_seq.label("ledger_version"),
    _CHANGES.label("policy_changes"),
    PRICE_FACTS_VERSION.label("price_facts"),
    NEWEST_IMPORT.label("newest_import"),
    NEWEST_DECISION.label("newest_decision"),
)
"""What to select with the account that `account_id` names."""


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
        price_health=(row.newest_import or 0, row.newest_decision or 0),
    )
