"""Facts cannot be altered unseen: `verify` finds whatever was done to them, and where (M6)."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from dumont_economy.errors import DamagedFactError, DamageError, Difference
from dumont_economy.pricing.billing_rule import Rounding
from dumont_economy.pricing.disk_price import DiskPrice
from dumont_economy.pricing.exchange_rate import ExchangeRate
from dumont_economy.pricing.policy import Basis, Substitutes
from dumont_economy.pricing.price_book import PriceBook
from dumont_economy.pricing.price_fact import PriceFact
from dumont_economy.pricing.rate import PricingModel, SourceKind
from dumont_economy.services import people
from dumont_economy.services.policies import PolicyChange, change_policy, current_policy
from dumont_economy.services.record_usage import record_usage
from dumont_economy.services.verify_facts import CheckedFacts, verify_facts
from dumont_economy.storage import (
    disk_prices,
    event_chain,
    exchange_rates,
    policies,
    prices,
    stored_facts,
    usage_events,
)
from dumont_economy.storage.accounts import Account
from dumont_economy.storage.database import Database
from dumont_economy.storage.prices import BillingRuleFact
from tests.api.harness import Json, SettableClock, hours_ago, start, stop
from tests.builders import day, instant, sku
from tests.damage import damage
from tests.sqlite_file import flip, rows_in_file

FLIPS = 200
EVENTS = 10
FACTS = {
    "usage_event": "usage events",
    "policy": "policies",
    "provider_pricing": "prices",
    "billing_rule": "billing rules",
    "exchange_rate": "exchange rates",
    "disk_price": "disk prices",
}
NAMED_BY = {"usage_event": "seq", "policy": "version", "provider_pricing": "number"}
"""What names a row that the database itself cannot read any more."""
UNNUMBERED = ("billing_rule", "exchange_rate", "disk_price")


def reports(number: int, instance: str = "i-1") -> list[Json]:
    """Return the reports of an instance that starts and stops, over and over."""
    return [
        start(instance, hours_ago(number - turn), gpu="H100", rate="2.123456789012")
        if turn % 2 == 0
        else stop(instance, hours_ago(number - turn))
        for turn in range(number)
    ]


def fill(database: Database, events: int = EVENTS) -> Account:
    """Put facts of each kind into a database; return the account that has the events."""
    clock = SettableClock()
    ours, theirs = (people.make_account(database, clock, name) for name in ("ours", "theirs"))
    for account in (ours, theirs):
        record_usage(database, clock, account, reports(events), reporter="t", may_backfill=True)
        for discount in (PricingModel.SPOT, PricingModel.ON_DEMAND, PricingModel.SPOT):
            change = PolicyChange(discount, Basis.PER_GPU, Substitutes.COUNT, {}, {})
            change_policy(database, clock, PriceBook([], [], 1), account, change, author="test")
    facts = [
        PriceFact(
            sku=sku(f"p{number}.large", "H100"),
            pricing_model=PricingModel.ON_DEMAND,
            usd_per_instance_hour=Decimal("4.5") + number,
            effective_from=instant("2025-01-01"),
            source_kind=SourceKind.OPERATOR_FILE,
            source="a list",
            source_url=None,
            retrieved_at=day(number),
            first_seen=None,
            previous_last_seen=day(number),
        )
        for number in range(1, 21)
    ]
    rules = [
        BillingRuleFact(
            name, 60, 1, Rounding.CEIL, instant("2020-01-01"), "its price page", "certain"
        )
        for name in ("aws", "gcp", "azure")
    ]
    rates = [
        ExchangeRate(
            currency=currency,
            into="USD",
            rate=Decimal("1.0825"),
            effective_from=instant("2025-01-01"),
            published_at=clock.now(),
            source="a bank",
            source_url=None,
            retrieved_at=day(1),
        )
        for currency in ("EUR", "GBP")
    ]
    disks = [
        DiskPrice(
            provider=name,
            region="anywhere",
            usd_per_gb_month=Decimal("0.08"),
            hours_per_month=730,
            effective_from=instant("2025-01-01"),
            published_at=clock.now(),
            source="its price page",
            source_url="https://prices.example",
            retrieved_at=day(1),
        )
        for name in ("aws", "gcp")
    ]
    with database.write() as connection:
        prices.append_prices(connection, facts, published_at=clock.now(), payload_sha256="0" * 64)
        prices.append_billing_rules(connection, rules, published_at=clock.now())
        exchange_rates.append_exchange_rates(connection, rates)
        disk_prices.append_disk_prices(connection, disks)
    return ours


def damaged(database: Database) -> list[CheckedFacts]:
    """Return the kinds of facts in which something differs."""
    return [one for one in verify_facts(database) if one.damage is not None]


def found(database: Database) -> tuple[str, str, int, DamageError]:
    """Return the one thing that differs: whose, of which kind, after how many, and what."""
    [one] = damaged(database)
    assert one.damage is not None
    return (
        "" if one.account is None else one.account.name,
        one.facts,
        one.intact,
        one.damage,
    )


@pytest.fixture
def full(database: Database) -> Database:
    """Return a database of either kind that holds facts."""
    fill(database)
    return database


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an SQLite file that holds facts."""
    path = tmp_path_factory.mktemp("template") / "economy.db"
    database = Database(f"sqlite:///{path}")
    database.migrate()
    fill(database, events=60)
    database.close()
    return path


@pytest.fixture
def copies(template: Path, tmp_path: Path) -> Iterator[tuple[Path, Database]]:
    """Return where copies of the template are put, and the database there."""
    path = tmp_path / "copy.db"
    database = Database(f"sqlite:///{path}")
    shutil.copy(template, path)
    yield path, database
    database.close()


class TestOneByte:
    """Somebody, or a failing disk, changes one byte of one row in the file."""

    @pytest.mark.parametrize("table", FACTS)
    def test_is_found_wherever_it_is(
        self, table: str, template: Path, copies: tuple[Path, Database]
    ) -> None:
        """200 of 200, and the first bad entry is named."""
        path, database = copies
        rows = rows_in_file(template, table)
        random = Random(table)
        missed = []

        for _ in range(FLIPS):
            row = random.randrange(len(rows))
            offset, mask = random.choice(rows[row]), random.randrange(1, 256)
            database.close()
            for file in path.parent.glob(f"{path.name}*"):
                file.unlink()
            shutil.copy(template, path)
            flip(path, offset, mask)
            verdict = damaged(database)
            if not self.names(verdict, table, row):
                missed.append((row, offset - rows[row].start, mask, verdict))

        assert missed == []

    def names(self, verdict: list[CheckedFacts], table: str, row: int) -> bool:
        """Say whether what was found is that row and nothing else."""
        if [one.facts for one in verdict] != [FACTS[table]]:
            return False
        [one] = verdict
        if not isinstance(one.damage, DamagedFactError):
            # They have no number, and the database cannot read the row any more.
            return table in UNNUMBERED
        # Of events and policies, the second half is the other account's.
        place = one.intact + (one.account is not None and one.account.name == "theirs") * (
            {"usage_event": 60, "policy": 3}.get(table, 0)
        )
        expected = {"usage_event": one.intact + 1, "policy": one.intact + 2}
        named = one.damage.where.get(NAMED_BY.get(table, ""))
        return place == row and named == expected.get(table, named)

    def test_is_not_found_without_the_comparison(
        self,
        template: Path,
        copies: tuple[Path, Database],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """The control: what finds it is the digest, and nothing else."""
        path, database = copies
        [event] = rows_in_file(template, "usage_event")[4:5]
        content = path.read_bytes()
        flip(path, content.index(b"vast", event.start, event.stop), 1)
        assert damaged(database)

        monkeypatch.setattr(event_chain, "_follows", lambda *_: True)

        assert not damaged(database)


def test_facts_that_nobody_touched_are_as_written(full: Database) -> None:
    """On either database, with each counted."""
    checked = [
        (one.account.name if one.account else None, one.facts, one.intact, one.damage)
        for one in verify_facts(full)
    ]

    assert checked == [
        ("ours", "usage events", EVENTS, None),
        ("ours", "policies", 3, None),
        ("theirs", "usage events", EVENTS, None),
        ("theirs", "policies", 3, None),
        (None, "prices", 20, None),
        (None, "billing rules", 3, None),
        (None, "exchange rates", 2, None),
        (None, "disk prices", 2, None),
    ]


COPIED = (
    "source, 'new', type, time, received_at, reporter, instance, provider, gpu, gpu_count, rate, "
    "currency, name, gpu_memory_gib, arch, void_of, disk_gb, disk_rate_running, "
    "disk_rate_stopped, disk_hours_per_month, chain_hash"
)


def change(what: str, seq: int) -> str:
    """Return what changes an event of ours."""
    return f"UPDATE usage_event SET {what} WHERE account_id = :ours AND seq = {seq}"  # noqa: S608


def move(seq: int, to: int) -> str:
    """Return what gives an event of ours another place."""
    return change(f"seq = {to}", seq)


def remove(*seqs: int) -> str:
    """Return what takes events of ours away."""
    which = ", ".join(map(str, seqs))
    return f"DELETE FROM usage_event WHERE account_id = :ours AND seq IN ({which})"  # noqa: S608


def place_and_difference(checked: CheckedFacts) -> tuple[object, Difference]:
    """Return where the first bad entry stands, and what is wrong with it."""
    assert isinstance(checked.damage, DamagedFactError)
    return checked.damage.where["seq"], checked.damage.difference


def swap(one: int, other: int) -> list[str]:
    """Return what puts each of two events in the other's place."""
    return [move(one, -1), move(other, one), move(-1, other)]


def close_gap(seq: int) -> list[str]:
    """Return what moves the events after a place up by one, and the head with them."""
    moves = [move(after, after - 1) for after in range(seq + 1, EVENTS + 1)]
    return [*moves, "UPDATE account SET last_seq = last_seq - 1 WHERE id = :ours"]


def insert(seq: int) -> str:
    """Return what adds a copy of the first event, under another id, at a place."""
    names = COPIED.replace("'new'", "id")
    return (
        f"INSERT INTO usage_event (account_id, seq, {names}) "  # noqa: S608  our own names
        f"SELECT account_id, {seq}, {COPIED} FROM usage_event WHERE seq = 1 AND account_id = :ours"
    )


CASES: dict[str, tuple[list[str], int, Difference]] = {
    "a rate": ([change("rate = rate + 1", 5)], 5, Difference.CONTENT),
    "an empty text where there was none": ([change("name = ''", 5)], 5, Difference.CONTENT),
    "a microsecond of when the first was received": (
        [change("received_at = received_at - 1", 1)],
        1,
        Difference.CONTENT,
    ),
    "who reported the newest": (
        [change("reporter = 'another'", EVENTS)],
        EVENTS,
        Difference.CONTENT,
    ),
    "a type that there is not": ([change("type = 'stopp'", 4)], 4, Difference.CONTENT),
    "a time that no calendar has": (
        [change("time = 9000000000000000000", 4)],
        4,
        Difference.CONTENT,
    ),
    "a digest": ([change("chain_hash = ''", 7)], 7, Difference.CONTENT),
    "the oldest taken away": ([remove(1)], 1, Difference.MISSING),
    "one in the middle taken away": ([remove(5)], 5, Difference.MISSING),
    "the two newest taken away": ([remove(9, 10)], 9, Difference.MISSING),
    "all taken away": ([remove(*range(1, EVENTS + 1))], 1, Difference.MISSING),
    "one taken away and the gap closed": ([remove(5), *close_gap(5)], 5, Difference.CONTENT),
    "two neighbours swapped": (swap(5, 6), 5, Difference.ORDER),
    "two others swapped": (swap(3, 8), 3, Difference.ORDER),
    "one added": ([insert(EVENTS + 1)], EVENTS + 1, Difference.CONTENT),
    "one added, and counted": (
        [
            insert(EVENTS + 1),
            "UPDATE account SET last_seq = last_seq + 1 WHERE id = :ours",
        ],
        EVENTS + 1,
        Difference.CONTENT,
    ),
    "a head ahead": (
        ["UPDATE account SET last_seq = last_seq + 1 WHERE id = :ours"],
        EVENTS + 1,
        Difference.MISSING,
    ),
    "a head behind": (
        ["UPDATE account SET last_seq = last_seq - 1 WHERE id = :ours"],
        EVENTS - 1,
        Difference.HEAD,
    ),
    "a head of another ledger": (
        ["UPDATE account SET last_hash = '' WHERE id = :ours"],
        EVENTS,
        Difference.HEAD,
    ),
}
"""What is done to the ten events of an account; which is the first bad entry, and why."""


class TestOfAnAccountsEvents:
    """What somebody with all rights on the database may do to the events of an account."""

    def test_is_found_and_the_first_bad_entry_is_named(self, database: Database) -> None:
        """Of each account; those before it are as written, and so is everybody else's."""
        clock = SettableClock()
        for name in ("nobody did anything", *CASES):
            account = people.make_account(database, clock, name)
            record_usage(database, clock, account, reports(EVENTS), reporter="t", may_backfill=True)
        for name, (statements, _, _) in CASES.items():
            damage(database, *statements, account=name)

        checked = {
            one.account.name: one
            for one in verify_facts(database)
            if one.account is not None and one.facts == "usage events"
        }

        assert checked.pop("nobody did anything").damage is None
        assert {name: place_and_difference(one) for name, one in checked.items()} == {
            name: (seq, difference) for name, (_, seq, difference) in CASES.items()
        }
        assert {name: one.intact for name, one in checked.items()} == {
            name: EVENTS if difference is Difference.HEAD else seq - 1
            for name, (_, seq, difference) in CASES.items()
        }

    def test_the_event_is_named_by_source_and_id(self, full: Database) -> None:
        """So that its reporter can be asked."""
        damage(full, change("id = 'another'", 2))

        *_, what = found(full)

        assert isinstance(what, DamagedFactError)
        assert what.where == {"seq": 2, "source": "push", "id": "another"}

    def test_the_newest_are_missed_also_when_the_head_says_nothing_of_them(
        self, database: Database
    ) -> None:
        """A head that is put back does not make the events that came later disappear."""
        account = fill(database)
        with database.read() as connection:
            head = event_chain.read_head(connection, account.id)
        clock = SettableClock()
        record_usage(
            database, clock, account, [stop("i-9", hours_ago(1))], reporter="t", may_backfill=True
        )
        damage(
            database,
            f"UPDATE account SET last_seq = {head.seq}, last_hash = '{head.chain_hash}' "  # noqa: S608
            "WHERE name = 'ours'",
        )

        *_, what = found(database)

        assert isinstance(what, DamagedFactError)
        assert what.difference is Difference.HEAD

    def test_one_account_can_be_looked_at_alone(self, full: Database) -> None:
        """What is wrong next door is not said."""
        damage(full, remove(5))
        theirs = people.account_named(full, "theirs")

        assert all(one.damage is None for one in verify_facts(full, theirs))


class TestOfFactsThatStandAlone:
    """Prices, billing rules and policies have a digest each."""

    @pytest.mark.parametrize(
        ("statement", "facts", "difference"),
        [
            (
                "UPDATE provider_pricing SET price_per_instance_hour = 1 WHERE number = 7",
                "prices",
                Difference.CONTENT,
            ),
            (
                "UPDATE provider_pricing SET pricing_model = 'free' WHERE number = 20",
                "prices",
                Difference.CONTENT,
            ),
            (
                "UPDATE provider_pricing SET retrieved_at = '2026-02-30' WHERE number = 1",
                "prices",
                Difference.CONTENT,
            ),
            (
                "UPDATE billing_rule SET min_seconds = 0 WHERE provider = 'gcp'",
                "billing rules",
                Difference.CONTENT,
            ),
            (
                "UPDATE exchange_rate SET rate = 1 WHERE currency = 'EUR'",
                "exchange rates",
                Difference.CONTENT,
            ),
            (
                "UPDATE disk_price SET retrieved_at = 'one day' WHERE provider = 'aws'",
                "disk prices",
                Difference.CONTENT,
            ),
            (
                "UPDATE policy SET discount_aws = 1 WHERE version = 3 AND account_id = :ours",
                "policies",
                Difference.CONTENT,
            ),
            (
                "UPDATE policy SET basis = 'guess' WHERE version = 2 AND account_id = :ours",
                "policies",
                Difference.CONTENT,
            ),
            (
                "DELETE FROM policy WHERE version = 3 AND account_id = :ours",
                "policies",
                Difference.MISSING,
            ),
        ],
    )
    def test_is_found_and_named(
        self, full: Database, statement: str, facts: str, difference: Difference
    ) -> None:
        """A changed one; and a version of a policy that is not there."""
        damage(full, statement)

        _, kind, _, what = found(full)

        assert kind == facts
        assert isinstance(what, DamagedFactError)
        assert what.difference is difference

    @pytest.mark.parametrize("version", [2, 3, 4])
    def test_a_policy_is_not_answered_with_when_a_version_is_damaged(
        self, full: Database, version: int
    ) -> None:
        """Neither the newest that is, nor an older one that would pass for the newest."""
        moved = f"UPDATE policy SET version = 9 WHERE version = {version} AND account_id = :ours"  # noqa: S608
        damage(full, moved)
        account = people.account_named(full, "ours")

        with full.read(account_id=account.id) as connection, pytest.raises(DamagedFactError):
            current_policy(connection, account.id)

    @pytest.mark.parametrize("version", [2, 3, 4])
    def test_a_policy_known_earlier_is_not_answered_with_when_a_later_one_is_damaged(
        self, full: Database, version: int
    ) -> None:
        """It might have been known then."""
        damage(
            full,
            "UPDATE policy SET created_at = created_at + 1 "  # noqa: S608
            f"WHERE version = {version} AND account_id = :ours",
        )
        account = people.account_named(full, "ours")
        before_all = SettableClock().now() - timedelta(days=1)

        with full.read(account_id=account.id) as connection, pytest.raises(DamagedFactError):
            policies.newest_policy(connection, account.id, before_all)

    def test_a_price_is_not_looked_up_when_it_is_damaged(self, full: Database) -> None:
        """By whatever way it is asked for."""
        damage(full, "UPDATE provider_pricing SET price_per_instance_hour = 1 WHERE number = 7")
        now = SettableClock().now()

        with full.read() as connection:
            with pytest.raises(DamagedFactError, match="number 7"):
                prices.rates_known(connection)
            with pytest.raises(DamagedFactError, match="number 7"):
                prices.rates_in_force(
                    connection,
                    provider="aws",
                    region=None,
                    pricing_model=PricingModel.ON_DEMAND,
                    at=now,
                    as_of=now + timedelta(days=1),
                )
            with pytest.raises(DamagedFactError, match="number 7"):
                prices.rate_history(
                    connection,
                    provider="aws",
                    region="us-east-1",
                    instance_type="p7.large",
                    as_of=now + timedelta(days=1),
                )

    def test_is_not_found_without_the_comparison(
        self, full: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The control."""
        damage(full, "UPDATE provider_pricing SET price_per_instance_hour = 1 WHERE number = 7")
        monkeypatch.setattr(stored_facts, "_is_as_written", lambda *_: True)

        assert not damaged(full)


class TestReportsToADamagedLedger:
    """What is reported now is not mixed with what is damaged: the reporter tries again later."""

    def report(self, database: Database, *events: Json) -> None:
        """Report events of `ours`."""
        account = people.account_named(database, "ours")
        record_usage(database, SettableClock(), account, events, reporter="t", may_backfill=True)

    def test_nothing_is_added_where_the_newest_is_gone(self, full: Database) -> None:
        """The sequence would go on as if it had never been."""
        damage(full, remove(EVENTS))

        with pytest.raises(DamagedFactError):
            self.report(full, stop("i-9", hours_ago(1)))

        *_, what = found(full)
        assert isinstance(what, DamagedFactError)
        assert what.where["seq"] == EVENTS

    def test_an_event_is_no_duplicate_of_a_damaged_one(self, full: Database) -> None:
        """Nor is it in conflict with it."""
        damage(full, change("type = 'stopp'", 4))

        with pytest.raises(DamagedFactError, match="seq 4"):
            self.report(full, reports(EVENTS)[3])

    def test_other_events_are_taken_after_damage_further_back(self, full: Database) -> None:
        """They are acknowledged, kept, and chained to what was there."""
        damage(full, change("type = 'stopp'", 4))

        self.report(full, stop("i-9", hours_ago(1)))

        account = people.account_named(full, "ours")
        with full.read(account_id=account.id) as connection:
            [newest] = usage_events.newest_events(connection, account.id, before_seq=None, limit=1)
        assert newest.event.instance == "i-9"
