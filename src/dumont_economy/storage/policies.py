"""Queries on policies. Versions are only ever added, and every query names one account."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, insert, select

from dumont_economy.errors import DamagedFactError, Difference
from dumont_economy.money import round_amount
from dumont_economy.pricing.policy import Basis, Policy, Substitutes
from dumont_economy.pricing.rate import PricingModel
from dumont_economy.pricing.sku import ComparisonProvider
from dumont_economy.storage.row_security import each_account
from dumont_economy.storage.stored_facts import (
    FactTable,
    UnreadableRowError,
    by_place,
    kept_in_order,
)
from dumont_economy.storage.tables import account, policy

DISCOUNT_DECIMALS = 4
# Version 1 of every account. It has no row: another default would rewrite figures of the past.
DEFAULT_POLICY = Policy(discounts=dict.fromkeys(ComparisonProvider, Fraction(0)))
_BEGAN_AT = select(account.c.created_at).where(account.c.id == bindparam("account_id"))
_POLICIES = FactTable(policy, "policy", ("account_id", "version"), numbered_by="version")


@dataclass(frozen=True, slots=True)
class StoredPolicy:
    """One version of a policy: since when it is known, and whose it is.

    `author` is None for the default, which nobody chose.
    """

    policy: Policy
    created_at: datetime
    author: str | None


def newest_policy(
    connection: Connection, account_id: str, known_at: datetime | None = None
) -> StoredPolicy:
    """Return the latest policy of an account that was known at an instant, or is now.

    Each later one is read too, for damage might have made a version pass for a later one.

    Raises:
        DamagedFactError: one of them is not what was written, or a version is missing.
    """
    newest_first = _newest_first(connection.dialect.name, is_one_enough=known_at is None)
    for later, row in enumerate(connection.execute(newest_first, {"account_id": account_id})):
        stored = _POLICIES.read(row, _stored_policy)
        expected = DEFAULT_POLICY.version + row.versions - later
        if stored.policy.version != expected:
            raise _missing(account_id, expected)
        if known_at is None or stored.created_at <= known_at:
            return stored
    return _default(connection, account_id)


@cache
def _newest_first(dialect: str, *, is_one_enough: bool) -> Select[Any]:
    # Asked for by every poll, so it is made once.
    of_account = policy.c.account_id == bindparam("account_id")
    count = select(func.count()).where(of_account).select_from(policy).scalar_subquery()
    versions = _POLICIES.select_on(dialect).add_columns(count.label("versions")).where(of_account)
    newest_first = versions.order_by(policy.c.version.desc())
    return newest_first.limit(1) if is_one_enough else newest_first


def policy_of_version(connection: Connection, account_id: str, version: int) -> StoredPolicy | None:
    """Return one version of an account's policy, None where there is no such version.

    Raises:
        DamagedFactError: it is not what was written.
    """
    if version == DEFAULT_POLICY.version:
        return _default(connection, account_id)
    of_version = (policy.c.account_id == account_id, policy.c.version == version)
    row = connection.execute(_POLICIES.select(connection).where(*of_version)).first()
    return None if row is None else _POLICIES.read(row, _stored_policy)


def every_policy(connection: Connection, account_id: str) -> Iterator[StoredPolicy]:
    """Return each version of an account's policy but the default, in order.

    Raises:
        DamagedFactError: a version is missing or not what was written; those before it are.
    """
    place, versions = by_place(connection, policy)
    rows = _POLICIES.select(connection).select_from(versions)
    of_account = rows.where(place.c.account_id == account_id)
    expected = DEFAULT_POLICY.version
    try:
        for values in kept_in_order(connection, of_account, place.c.version, after=expected):
            expected += 1
            if values["place"] != expected:
                raise _missing(account_id, expected)
            yield _POLICIES.read_values(values, _stored_policy)
    except UnreadableRowError as error:
        raise _POLICIES.unreadable(account_id=account_id, version=error.place) from error


def _missing(account_id: str, version: int) -> DamagedFactError:
    where: dict[str, str | int | None] = {"account_id": account_id, "version": version}
    return DamagedFactError(_POLICIES.fact, where, Difference.MISSING)


def regions_in_use(connection: Connection) -> dict[ComparisonProvider, set[str]]:
    """Return the regions of each provider that any version of any account's policy names."""
    in_use: dict[ComparisonProvider, set[str]] = {one: set() for one in ComparisonProvider}
    columns = [policy.c[f"region_{provider}"] for provider in ComparisonProvider]
    for account_id in each_account(connection):
        versions = select(*columns).where(policy.c.account_id == account_id)
        for regions in connection.execute(versions):
            for provider, region in zip(ComparisonProvider, regions, strict=True):
                in_use[provider].add(region)
    return in_use


def append_policy(
    connection: Connection, account_id: str, new: Policy, *, created_at: datetime, author: str
) -> None:
    """Add a version to an account's policy."""
    said = {
        f"{column}_{provider}": value
        for provider in ComparisonProvider
        for column, value in (
            ("region", new.regions[provider]),
            ("discount", round_amount(new.discounts[provider], DISCOUNT_DECIMALS)),
        )
    }
    row = {
        "account_id": account_id,
        "version": new.version,
        "created_at": created_at,
        "author": author,
        "pricing_model": new.pricing_model,
        "basis": new.basis,
        "substitutes": new.substitutes,
        "timezone": new.timezone,
        **said,
    }
    connection.execute(insert(policy), _POLICIES.new_row(row))


def _default(connection: Connection, account_id: str) -> StoredPolicy:
    """Return version 1, which an account has had from its first moment."""
    began_at = connection.execute(_BEGAN_AT, {"account_id": account_id}).scalar_one()
    return StoredPolicy(DEFAULT_POLICY, began_at, None)


def _stored_policy(said: Mapping[str, Any]) -> StoredPolicy:
    return StoredPolicy(
        policy=Policy(
            version=said["version"],
            pricing_model=PricingModel(said["pricing_model"]),
            basis=Basis(said["basis"]),
            substitutes=Substitutes(said["substitutes"]),
            regions={one: said[f"region_{one}"] for one in ComparisonProvider},
            discounts={one: Fraction(said[f"discount_{one}"]) for one in ComparisonProvider},
            timezone=said["timezone"],
        ),
        created_at=said["created_at"],
        author=said["author"],
    )
