"""Policies: what an account compares with, read in any version, and changed by a new one."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches
from fractions import Fraction

from sqlalchemy import Connection

from dumont_economy.clock import Clock
from dumont_economy.errors import (
    FieldProblem,
    InvalidInputError,
    NotFoundError,
    PolicyVersionConflictError,
    UnknownPolicyVersionError,
)
from dumont_economy.pricing.policy import Basis, Policy, Substitutes
from dumont_economy.pricing.price_book import PriceBook
from dumont_economy.pricing.rate import PricingModel
from dumont_economy.pricing.sku import ComparisonProvider
from dumont_economy.storage import policies
from dumont_economy.storage.accounts import Account
from dumont_economy.storage.closed_periods import newest_closing
from dumont_economy.storage.database import Database
from dumont_economy.storage.known_from import known_from
from dumont_economy.storage.policies import StoredPolicy

# What a region is refused with; another language is made of what it names.
UNKNOWN_REGION = "There are no {provider} prices in {region}. There are some in: {regions}."

_NAMED_REGIONS = 5


@dataclass(frozen=True)
class PolicyChange:
    """What a person wants the policy to be; regions and discounts that are not named stay.

    `discounts` are shares of the list price. `timezone` is an IANA name, None for the one in
    force. `expected_version` is the version that the person looked at, None where it does not
    matter.
    """

    pricing_model: PricingModel
    basis: Basis
    substitutes: Substitutes
    regions: Mapping[ComparisonProvider, str]
    discounts: Mapping[ComparisonProvider, Fraction]
    timezone: str | None = None
    expected_version: int | None = None


def current_policy(connection: Connection, account_id: str) -> StoredPolicy:
    """Return the policy that an account compares with now (R-POLICY)."""
    return policies.newest_policy(connection, account_id)


def in_its_zone(account: Account, policy: Policy) -> Account:
    """Return an account with the time zone that a version of its policy says."""
    return account if policy.timezone is None else replace(account, timezone=policy.timezone)


def read_in_its_zone(database: Database, account: Account) -> Account:
    """Return an account with the time zone that its policy says now."""
    stored, _ = read_policy(database, account, None)
    return in_its_zone(account, stored.policy)


def policy_asked_for(
    connection: Connection, account_id: str, version: int | None, known_at: datetime | None = None
) -> StoredPolicy:
    """Return the policy to answer with: the version asked for, or the latest one for None.

    With `known_at` it is one that was known then.

    Raises:
        UnknownPolicyVersionError: the account's policy has, or had, no such version.
    """
    newest = policies.newest_policy(connection, account_id, known_at)
    if version in (None, newest.policy.version):
        return newest
    found = policies.policy_of_version(connection, account_id, version)
    if found is None or version > newest.policy.version:
        raise UnknownPolicyVersionError(version)
    return found


def read_policy(
    database: Database, account: Account, version: int | None, known_at: datetime | None = None
) -> tuple[StoredPolicy, int]:
    """Return a version of the policy, the latest one for None, and how many there are now.

    With `known_at` it is one that was known then.

    Raises:
        NotFoundError: the account's policy has, or had, no such version.
    """
    with database.read(account_id=account.id) as connection:
        try:
            found = policy_asked_for(connection, account.id, version, known_at)
        except UnknownPolicyVersionError as error:
            raise NotFoundError(str(error)) from error
        return found, current_policy(connection, account.id).policy.version


def change_policy(
    database: Database,
    clock: Clock,
    book: PriceBook,
    account: Account,
    change: PolicyChange,
    *,
    author: str,
) -> StoredPolicy:
    """Change how an account compares, from now on, and return the policy now in force.

    Raises:
        InvalidInputError: a region has no prices.
        PolicyVersionConflictError: somebody else has changed the policy meanwhile.
    """
    check_regions(book, change)

    def append(connection: Connection) -> StoredPolicy:
        held = current_policy(connection, account.id)
        changed = changed_policy(held.policy, change, in_its_zone(account, held.policy).timezone)
        if changed.version == held.policy.version:
            return held
        # A clock that was set back makes no version known with the one before it, or with a
        # period that was closed without it.
        closed_as_of = newest_closing(connection, account.id)
        created_at = known_from(clock.now(), (held.created_at, closed_as_of))
        policies.append_policy(
            connection, account.id, changed, created_at=created_at, author=author
        )
        return StoredPolicy(changed, created_at, author)

    return database.transact(append, account_id=account.id)


def changed_policy(current: Policy, change: PolicyChange, timezone: str) -> Policy:
    """Return the next version of a policy; the current one where nothing in it changes.

    `timezone` is the one in force. Naming it changes nothing, also where the current version leaves
    it to the account.

    Raises:
        PolicyVersionConflictError: the change was made for another version.
    """
    if change.expected_version not in (None, current.version):
        raise PolicyVersionConflictError(current.version)
    changed = replace(
        current,
        pricing_model=change.pricing_model,
        basis=change.basis,
        substitutes=change.substitutes,
        regions={**current.regions, **change.regions},
        discounts={**current.discounts, **change.discounts},
        timezone=current.timezone if change.timezone in (None, timezone) else change.timezone,
    )
    return current if changed == current else replace(changed, version=current.version + 1)


def check_regions(book: PriceBook, change: PolicyChange) -> None:
    """Refuse regions that would leave all usage without a comparison.

    Raises:
        InvalidInputError: the price book holds no prices of a provider in its region.
    """
    problems = [
        _unknown_region(provider, region, book.regions(provider))
        for provider, region in change.regions.items()
        if region not in book.regions(provider)
    ]
    if problems:
        raise InvalidInputError(problems)


def _unknown_region(provider: ComparisonProvider, region: str, known: list[str]) -> FieldProblem:
    named = ", ".join(get_close_matches(region, known, _NAMED_REGIONS) or known[:_NAMED_REGIONS])
    told = {"provider": provider.label, "region": region, "regions": named}
    message = UNKNOWN_REGION.format_map(told)
    return FieldProblem(f"regions/{provider.label}", "unknown_region", message, told)
