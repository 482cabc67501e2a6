"""The versions of all that an account's answers of the present depend on, read at one moment.

While none of them has changed, an answer that was given still holds: nothing else need be read.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from dumont_economy.pricing.policy import Policy
from dumont_economy.storage.event_chain import LedgerHead, head_columns, head_of
from dumont_economy.storage.policies import DEFAULT_POLICY, newest_chosen_policy
from dumont_economy.storage.price_imports import NEWEST_DECISION, NEWEST_IMPORT
from dumont_economy.storage.prices import PRICE_FACTS_VERSION
from dumont_economy.storage.row_security import opens_account
from dumont_economy.storage.stored_facts import kept_values
from dumont_economy.storage.tables import account


@dataclass(frozen=True, slots=True)
class AccountVersions:
    """The head of an account's ledger, its policy, and the versions of prices and their health."""

    head: LedgerHead
    policy: Policy
    price_facts: int
    price_health: tuple[int, int]


def read_versions(connection: Connection, account_id: str) -> AccountVersions:
    """Return the versions of an account, whose rows are open from then on.

    Raises:
        DamagedFactError: the head or the policy is not what was written.
    """
    statement = _read_versions(connection.dialect.name)
    values = kept_values(connection.execute(statement, {"account_id": account_id}).one())
    chosen = newest_chosen_policy(connection, account_id)
    return AccountVersions(
        head=head_of(values),
        policy=DEFAULT_POLICY if chosen is None else chosen.policy,
        price_facts=values["price_facts"],
        price_health=(values["newest_import"] or 0, values["newest_decision"] or 0),
    )


@cache
def _read_versions(dialect: str) -> Select[Any]:
    return select(
        *head_columns(dialect),
        PRICE_FACTS_VERSION.label("price_facts"),
        NEWEST_IMPORT.label("newest_import"),
        NEWEST_DECISION.label("newest_decision"),
        *opens_account(dialect, account.c.id),
    ).where(account.c.id == bindparam("account_id"))
