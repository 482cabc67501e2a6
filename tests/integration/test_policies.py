"""Policies as the database keeps them: versions are added, and content alone decides figures."""

from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction
from random import Random

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from dumont_economy.instant import parse_instant
from dumont_economy.pricing.match_timeline import ask
from dumont_economy.pricing.policy import Basis, Policy, Substitutes
from dumont_economy.pricing.price_book import PriceBook
from dumont_economy.pricing.rate import PricingModel
from dumont_economy.pricing.sku import ComparisonProvider
from dumont_economy.services import people
from dumont_economy.services.account_view import AccountViews
from dumont_economy.services.policies import (
    PolicyChange,
    change_policy,
    changed_policy,
    read_policy,
)
from dumont_economy.services.record_usage import EventStatus, record_usage
from dumont_economy.services.shipped_facts import load_shipped_facts
from dumont_economy.storage import policies
from dumont_economy.storage.accounts import Account
from dumont_economy.storage.database import Database
from tests.api.harness import NOON, hours_ago, start
from tests.builders import SetClock

SEED = 20260803
AWS = ComparisonProvider.AWS
NO_PRICES = PriceBook([], [], version=1)
KEPT = PolicyChange(PricingModel.ON_DEMAND, Basis.PER_GPU, Substitutes.COUNT, {}, {})
# The smallest and the largest discount there is.
LEAST, MOST = Fraction(1, 10_000), Fraction(9_999, 10_000)


@pytest.fixture
def clock() -> SetClock:
    """Return a clock at noon."""
    return SetClock(parse_instant(NOON))


@pytest.fixture
def account(database: Database, clock: SetClock) -> Account:
    """Return an account with an empty ledger."""
    return people.make_account(database, clock, "ours")


def change(
    database: Database, clock: SetClock, account: Account, discount: Fraction
) -> tuple[int, datetime]:
    """Change the discount at AWS; return the version that it is then at, and since when."""
    changed = replace(KEPT, discounts={AWS: discount})
    stored = change_policy(
        database, clock, NO_PRICES, account, changed, author="user a@example.org"
    )
    return stored.policy.version, stored.created_at


def versions_of(database: Database, account: Account, count: int) -> list[policies.StoredPolicy]:
    """Return the first versions of an account's policy."""
    return [read_policy(database, account, version)[0] for version in range(1, count + 1)]


def test_the_default_has_no_row(database: Database, account: Account, clock: SetClock) -> None:
    """It is known since the account is, and nobody chose it."""
    with database.read(account_id=account.id) as connection:
        rows = connection.execute(text("SELECT count(*) FROM policy")).scalar()

    assert rows == 0
    stored = policies.StoredPolicy(policies.DEFAULT_POLICY, clock.present, None)
    assert read_policy(database, account, None) == (stored, 1)


def test_the_default_is_the_one_of_the_package() -> None:
    """Written out, so that two policies of one content are equal."""
    assert [ask(policies.DEFAULT_POLICY, one) for one in ComparisonProvider] == [
        ask(Policy(), one) for one in ComparisonProvider
    ]


@pytest.mark.parametrize("discount", [LEAST, MOST, Fraction(3, 20)])
def test_a_policy_comes_back_as_it_was_saved(
    database: Database, account: Account, discount: Fraction
) -> None:
    """In every field, on either database; discounts are exact."""
    saved = Policy(
        version=2,
        pricing_model=PricingModel.RESERVED_3Y,
        basis=Basis.SMALLEST_INSTANCE,
        substitutes=Substitutes.APART,
        regions={one: f"region-of-{one}" for one in ComparisonProvider},
        discounts={
            AWS: discount,
            ComparisonProvider.GCP: Fraction(0),
            ComparisonProvider.AZURE: Fraction(1, 2),
        },
    )
    at = parse_instant("2026-08-03T12:00:00.000001Z")

    with database.write(account_id=account.id) as connection:
        policies.append_policy(connection, account.id, saved, created_at=at, author="user ü")

    with database.read(account_id=account.id) as connection:
        found = policies.newest_policy(connection, account.id)
    assert found == policies.StoredPolicy(saved, at, "user ü")


def test_the_regions_of_all_accounts_are_read(database: Database, clock: SetClock) -> None:
    """Of every version: past use is rated by the newest, and somebody may go back to an older."""
    for name, regions in (("ours", ["one", "two"]), ("theirs", ["three"])):
        account = people.make_account(database, clock, name)
        with database.write(account_id=account.id) as connection:
            for version, region in enumerate(regions, start=2):
                named = {
                    **KEPT.regions,
                    **dict.fromkeys(ComparisonProvider, f"of-{name}"),
                    AWS: region,
                }
                policies.append_policy(
                    connection,
                    account.id,
                    replace(policies.DEFAULT_POLICY, version=version, regions=named),
                    created_at=clock.present,
                    author="user",
                )

    with database.read() as connection:
        found = policies.regions_in_use(connection)

    assert found[AWS] == {"one", "two", "three"}
    assert found[ComparisonProvider.GCP] == {"of-ours", "of-theirs"}


def test_a_version_is_added_once(database: Database, account: Account, clock: SetClock) -> None:
    """Were two writers ever to make the same version, the database would refuse the second."""
    change(database, clock, account, LEAST)
    again = replace(policies.DEFAULT_POLICY, version=2)

    writing = database.write(account_id=account.id)
    with pytest.raises(IntegrityError), writing as connection:
        policies.append_policy(
            connection, account.id, again, created_at=clock.present, author="user b@example.org"
        )

    assert versions_of(database, account, 2)[1].policy.discounts[AWS] == LEAST


def test_a_clock_that_is_set_back_makes_no_version_known_before_the_one_before_it(
    database: Database, account: Account, clock: SetClock
) -> None:
    """Versions are known in the order of their numbers."""
    first = change(database, clock, account, LEAST)
    clock.present -= timedelta(minutes=10)
    second = change(database, clock, account, MOST)
    clock.present += timedelta(minutes=20)
    third = change(database, clock, account, LEAST)

    noon, tick = parse_instant(NOON), timedelta(microseconds=1)
    assert [first, second] == [(2, noon + tick), (3, noon + 2 * tick)]
    assert third == (4, noon + timedelta(minutes=10))


def test_going_back_to_an_old_content_is_a_new_version(
    database: Database, account: Account, clock: SetClock
) -> None:
    """What was in force in between is not forgotten."""
    for discount in (LEAST, Fraction(0)):
        change(database, clock, account, discount)

    found = versions_of(database, account, 3)
    discounts = [stored.policy.discounts[AWS] for stored in found]
    assert discounts == [0, LEAST, 0]
    assert replace(found[2].policy, version=1) == found[0].policy


def test_a_change_is_decided_without_a_database() -> None:
    """A change that changes nothing is the policy itself."""
    current = policies.DEFAULT_POLICY

    assert changed_policy(current, KEPT, "UTC") is current
    assert changed_policy(current, replace(KEPT, timezone="UTC"), "UTC") is current
    assert changed_policy(current, replace(KEPT, discounts={AWS: LEAST}), "UTC").version == 2
    assert changed_policy(current, replace(KEPT, timezone="Asia/Gaza"), "UTC").version == 2


def contents() -> list[PolicyChange]:
    """Return changes that name everything, so that a policy's content is the change's."""
    return [
        PolicyChange(
            PricingModel.ON_DEMAND,
            basis,
            Substitutes.COUNT,
            dict(zip(ComparisonProvider, (region, "us-central1", "eastus"), strict=True)),
            dict.fromkeys(ComparisonProvider, discount),
        )
        for basis in Basis
        for region in ("us-east-1", "us-west-2")
        for discount in (Fraction(0), Fraction(3, 20))
    ]


def test_figures_depend_on_what_a_policy_says_and_not_on_its_version(
    database: Database, account: Account, clock: SetClock
) -> None:
    """A walk through 8 policies, to and fro: equal content, equal figures, and all stay askable."""
    load_shipped_facts(database, clock)
    reports = [start("a100", hours_ago(3), gpu="A100", rate="2.50"), start("4090", hours_ago(2))]
    results = record_usage(database, clock, account, reports, reporter="test", may_backfill=False)
    assert {result.status for result in results} == {EventStatus.ACCEPTED}
    views, rnd = AccountViews(database, clock), Random(SEED)
    book = views.market().matcher.book

    def figures(version: int | None = None) -> tuple[Fraction, ...]:
        """Return the exact lifetime saving beside each provider."""
        with views.read(account, version) as state:
            asked = (ask(state.policy, one) for one in ComparisonProvider)
            return tuple(state.view(question).lifetime.saving for question in asked)

    said, of_version = contents(), {1: figures()}
    of_content: dict[int, tuple[Fraction, ...]] = {}
    for step in rnd.choices(range(len(said)), k=40):
        stored = change_policy(database, clock, book, account, said[step], author="user a")
        found = figures()
        assert of_content.setdefault(step, found) == found
        of_version[stored.policy.version] = found

    assert {version: figures(version) for version in of_version} == of_version
    assert len(set(of_content.values())) == len(of_content) == len(said)
    assert len(of_version) > 2 * len(said)
