"""What was refused at the door: kept for 30 days with its reason, bounded, its secrets masked."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from dumont_economy.services import people
from dumont_economy.services.read_events import read_events
from dumont_economy.services.record_usage import record_usage
from dumont_economy.storage import usage_events
from dumont_economy.storage.accounts import Account
from dumont_economy.storage.database import Database
from dumont_economy.storage.tables import refused_event
from dumont_economy.storage.usage_events import RefusedEvent
from tests.api.harness import NOON, Json, SettableClock, before, report

GOOD: Json = report("seen", "i-1", NOON)


@pytest.fixture
def clock() -> SettableClock:
    """Return a clock that stands at noon."""
    return SettableClock()


@pytest.fixture
def account(database: Database, clock: SettableClock) -> Account:
    """Return an account with an empty ledger."""
    return people.make_account(database, clock, "ours")


def send(database: Database, clock: SettableClock, account: Account, *raw: object) -> None:
    """Report usage."""
    record_usage(database, clock, account, raw, reporter="test", may_backfill=False)


def kept(database: Database, account: Account) -> int:
    """Return how many rows of an account lie in the database."""
    count = select(func.count()).where(refused_event.c.account_id == account.id)
    with database.read(account_id=account.id) as connection:
        return connection.execute(count).scalar_one()


def shown(database: Database, clock: SettableClock, account: Account) -> list[RefusedEvent]:
    """Return what the list of events shows as refused, newest first."""
    page = read_events(database, clock, account, before_seq=None, before_number=None, limit=500)
    return [one for one in page.events if isinstance(one, RefusedEvent)]


class TestHowLong:
    """30 days, by the clock of the server."""

    def test_for_30_days_it_is_shown_and_then_no_more(
        self, database: Database, clock: SettableClock, account: Account
    ) -> None:
        """Also where nobody sends anything that would remove it."""
        send(database, clock, account, {"id": "bad"})

        clock.advance(days=30)
        last_day = shown(database, clock, account)
        clock.advance(microseconds=1)

        assert len(last_day) == 1
        assert shown(database, clock, account) == []

    def test_then_the_next_report_removes_it_whatever_it_is(
        self, database: Database, clock: SettableClock, account: Account
    ) -> None:
        """A good report too: it is in the transaction that writes anyway."""
        send(database, clock, account, {"id": "bad"}, {"id": "worse"})

        clock.advance(days=30, microseconds=1)
        send(database, clock, account, {**GOOD, "time": before(NOON, days=-30)})

        assert kept(database, account) == 0

    def test_what_is_younger_stays(
        self, database: Database, clock: SettableClock, account: Account
    ) -> None:
        """To the microsecond."""
        send(database, clock, account, {"id": "old"})
        clock.advance(microseconds=1)
        send(database, clock, account, {"id": "young"})

        clock.advance(days=30)
        send(database, clock, account, {"id": "new"})

        contents = [one.content for one in shown(database, clock, account)]
        assert contents == ['{"id": "new"}', '{"id": "young"}']

    def test_of_another_account_nothing_is_removed(
        self, database: Database, clock: SettableClock, account: Account
    ) -> None:
        """Every account cleans up after itself."""
        neighbour = people.make_account(database, clock, "next door")
        send(database, clock, neighbour, {"id": "theirs"})

        clock.advance(days=31)
        send(database, clock, account, {"id": "ours"})

        assert (kept(database, neighbour), kept(database, account)) == (1, 1)

    def test_much_at_once_is_removed_in_bounded_steps(
        self,
        database: Database,
        clock: SettableClock,
        account: Account,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """No report waits for the removal of a flood."""
        monkeypatch.setattr(usage_events, "_PRUNED_AT_ONCE", 4)
        send(database, clock, account, *({"id": f"bad {n}"} for n in range(10)))
        clock.advance(days=31)

        left = []
        for number in range(3):
            moment = before(NOON, days=-31)
            send(database, clock, account, {**GOOD, "id": str(number), "time": moment})
            left.append(kept(database, account))

        assert left == [6, 2, 0]


class TestHowMuch:
    """A flood must not fill the disk."""

    def test_the_newest_are_kept_up_to_the_bound(
        self,
        database: Database,
        clock: SettableClock,
        account: Account,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Whatever an account sends, it never keeps more."""
        monkeypatch.setattr(usage_events, "MAX_REFUSED_KEPT", 25)
        monkeypatch.setattr(usage_events, "_PRUNED_AT_ONCE", 10)
        held = []
        for batch in range(6):
            send(database, clock, account, *({"id": f"{batch * 10 + n}"} for n in range(10)))
            held.append(kept(database, account))

        assert held == [10, 20, 25, 25, 25, 25]
        contents = [one.content for one in shown(database, clock, account)]
        assert contents == [f'{{"id": "{n}"}}' for n in reversed(range(35, 60))]

    def test_the_bound_is_ten_thousand_and_a_batch_cannot_outrun_it(self) -> None:
        """A batch holds at most 1,000 events, and as many are removed with it."""
        assert usage_events.MAX_REFUSED_KEPT == 10_000
        assert usage_events._PRUNED_AT_ONCE >= 1_000  # noqa: SLF001  the law of the bound
        assert timedelta(days=30) == usage_events.REFUSED_KEPT

    def test_without_pruning_it_would_grow(
        self,
        database: Database,
        clock: SettableClock,
        account: Account,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """The control: nothing else bounds it."""
        monkeypatch.setattr(usage_events, "MAX_REFUSED_KEPT", 25)
        monkeypatch.setattr(usage_events, "prune_refused", lambda *_: None)

        for batch in range(3):
            send(database, clock, account, *({"id": f"{batch} {n}"} for n in range(10)))

        assert kept(database, account) == 30


def test_secrets_are_masked_before_anything_is_stored(
    database: Database, clock: SettableClock, account: Account
) -> None:
    """In what was sent and in the reason; the rest stays readable."""
    secret = "dme_hunter2hunter2hunter2"
    send(database, clock, account, {**GOOD, secret: 1, "password": "hunter2"})

    [refused] = shown(database, clock, account)

    assert "hunter2" not in refused.content + refused.detail
    assert '"instance": "i-1"' in refused.content
    assert "A usage event has no such field." in refused.detail


def test_a_secret_that_the_limit_cuts_in_two_is_masked_too(
    database: Database, clock: SettableClock, account: Account
) -> None:
    """What is kept is cut after it was masked."""
    send(database, clock, account, {"id": "x" * 4_066, "note": "dme_hunter2hunter2hunter2"})

    [refused] = shown(database, clock, account)

    assert len(refused.content) <= 4_096
    assert "dme_" not in refused.content
