"""Verifies the facts: each is compared with the digest that was made when it was written."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

from dumont_economy.errors import DamagedFactError, DamageError, Difference
from dumont_economy.services.rebuild_caches import compared_caches
from dumont_economy.storage import disk_prices, exchange_rates, policies, prices
from dumont_economy.storage.accounts import Account, all_accounts
from dumont_economy.storage.database import Database
from dumont_economy.storage.event_chain import (
    EMPTY_LEDGER,
    is_out_of_order,
    read_chain,
    read_head,
)

_Facts = Callable[[Connection], Iterator[object]]


@dataclass(frozen=True, slots=True)
class CheckedFacts:
    """One kind of facts, in order: how many of them are as written, and the first that is not.

    `account` is None for facts that belong to no account. After `damage` nothing was looked at.
    """

    account: Account | None
    facts: str
    intact: int
    damage: DamageError | None


def verify_facts(database: Database, account: Account | None = None) -> Iterator[CheckedFacts]:
    """Compare the events and policies of each account, or of one, and all facts of the market.

    Where all of them are as written, the caches of each account are compared with what its events
    come to. Memory does not grow.

    Raises:
        DatabaseUnavailableError: the database cannot be read now.
    """
    accounts = _accounts(database) if account is None else [account]
    damaged = False
    for checked in _facts_of(database, accounts):
        damaged = damaged or checked.damage is not None
        yield checked
    if damaged:
        return  # What damaged facts come to is not known.
    for one in accounts:
        caches = _checked(database, one, "caches", _caches_of(one))
        if caches.intact or caches.damage:
            yield caches


def _facts_of(database: Database, accounts: Iterable[Account]) -> Iterator[CheckedFacts]:
    for one in accounts:
        yield _checked(database, one, "usage events", _events_of(one))
        yield _checked(database, one, "policies", _policies_of(one))
    yield _checked(database, None, "prices", prices.every_price)
    yield _checked(database, None, "billing rules", prices.every_billing_rule)
    yield _checked(database, None, "exchange rates", exchange_rates.every_exchange_rate)
    yield _checked(database, None, "disk prices", disk_prices.every_disk_price)


def _accounts(database: Database) -> list[Account]:
    with database.read() as connection:
        return all_accounts(connection)


def _checked(database: Database, account: Account | None, facts: str, read: _Facts) -> CheckedFacts:
    intact = 0
    try:
        whose = "" if account is None else account.id
        with database.read(account_id=whose) as connection:
            for _ in read(connection):
                intact += 1
    except DamageError as damage:
        return CheckedFacts(account, facts, intact, damage)
    return CheckedFacts(account, facts, intact, None)


def _events_of(account: Account) -> _Facts:
    def read(connection: Connection) -> Iterator[object]:
        try:
            yield from read_chain(
                connection, account.id, EMPTY_LEDGER, read_head(connection, account.id)
            )
        except DamagedFactError as damage:
            seq = damage.where["seq"]
            if damage.difference is not Difference.CONTENT or not isinstance(seq, int):
                raise
            if not is_out_of_order(connection, account.id, seq):
                raise
            raise DamagedFactError(damage.fact, damage.where, Difference.ORDER) from damage

    return read


def _caches_of(account: Account) -> _Facts:
    return lambda connection: compared_caches(connection, account.id)


def _policies_of(account: Account) -> _Facts:
    return lambda connection: policies.every_policy(connection, account.id)
