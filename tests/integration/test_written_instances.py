"""Instances that a process has written are not read again, as long as nobody else has written."""

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from dumont_economy.services import follow_usage
from dumont_economy.services.rebuild_caches import rebuild_caches
from dumont_economy.services.written_instances import WrittenInstances
from dumont_economy.storage import usage_cache
from dumont_economy.storage.event_chain import EMPTY_LEDGER, LedgerHead
from dumont_economy.storage.usage_cache import CachedInstance
from tests.api.harness import NOON, Application, Caller, before, hours_ago, report, start, stop
from tests.caches import contents

RULES = "rules"


@pytest.fixture
def ours(application_on: Application) -> Caller:
    """Return a machine of an account with two instances that are on."""
    caller = application_on.machine(application_on.account("ours"))
    caller.push(start("i-1", hours_ago(9)), start("i-2", hours_ago(9)))
    return caller


def are_as_made_anew(application: Application, caller: Caller) -> bool:
    """Say whether caches that followed are those that a rebuild makes."""
    followed = contents(application.database, caller.account)
    rebuild_caches(application.database, application.clock, caller.account)
    return contents(application.database, caller.account) == followed


def take_turns(monkeypatch: pytest.MonkeyPatch, caller: Caller) -> None:
    """Report from two processes in turn: what one has written last is behind each time."""
    one, other = WrittenInstances(), WrittenInstances()
    for hour, process in ((8, one), (7, other), (6, one), (5, other)):
        monkeypatch.setattr(follow_usage, "_written_last", process)
        caller.push(report("seen", "i-1", hours_ago(hour)), report("seen", "i-2", hours_ago(hour)))
    monkeypatch.setattr(follow_usage, "_written_last", one)
    caller.push(stop("i-1", hours_ago(4)), report("seen", "i-2", hours_ago(4)))


def test_two_processes_in_turn_come_to_what_the_facts_say(
    application_on: Application, ours: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another process has written since is read."""
    take_turns(monkeypatch, ours)

    assert are_as_made_anew(application_on, ours)


def test_without_a_look_at_the_head_they_would_not(
    application_on: Application, ours: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check above bites."""

    def at(
        self: WrittenInstances, account_id: str, _head: LedgerHead, _made_with: str
    ) -> Mapping[str, CachedInstance]:
        held = self._of_account.get(account_id)
        return {} if held is None else held.instances

    monkeypatch.setattr(WrittenInstances, "at", at)
    take_turns(monkeypatch, ours)

    assert not are_as_made_anew(application_on, ours)


def test_what_is_reported_again_is_not_read_again(
    application_on: Application, ours: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But once by each process."""
    read: list[str] = []

    @event.listens_for(application_on.database.engine, "before_cursor_execute")
    def note(*said: object) -> None:
        if "FROM instance_state" in str(said[2]) and "content" in str(said[2]):
            read.append(str(said[2]))

    ours.push(report("seen", "i-1", hours_ago(8)))
    assert read == []
    monkeypatch.setattr(follow_usage, "_written_last", WrittenInstances())
    ours.push(report("seen", "i-1", hours_ago(7)))
    assert len(read) == 1
    assert are_as_made_anew(application_on, ours)


def test_a_row_that_has_gone_is_missed(application_on: Application, ours: Caller) -> None:
    """It is made anew of the facts, though nobody has read it."""
    with application_on.database.write(account_id=ours.account.id) as connection:
        connection.execute(text("DELETE FROM instance_state WHERE instance = 'i-2'"))

    ours.push(report("seen", "i-1", hours_ago(8)), report("seen", "i-2", hours_ago(8)))

    followed = contents(application_on.database, ours.account)
    assert "i-2" in {row[1] for row in followed}
    assert are_as_made_anew(application_on, ours)


def test_what_lies_in_the_future_is_read_when_it_has_come(
    application_on: Application, ours: Caller
) -> None:
    """An instance that waits for something is none of those that are kept."""
    clock = application_on.clock
    ours.push(stop("i-1", hours_ago(-0.05)), report("seen", "i-2", hours_ago(8)))
    clock.set(hours_ago(-1))
    ours.push(report("seen", "i-2", hours_ago(7)))

    assert are_as_made_anew(application_on, ours)


def rebuild_while_the_clock_is_set_back(application: Application, ours: Caller) -> None:
    """Make caches anew at a time before what is in them, then report more until it has come."""
    clock = application.clock
    ours.push(stop("i-1", before(NOON, seconds=10)))
    clock.set(before(NOON, seconds=20))
    rebuild_caches(application.database, clock, ours.account)
    clock.set(before(NOON, seconds=15))
    ours.push(report("seen", "i-1", before(NOON, seconds=5)))
    clock.set(hours_ago(-1))
    ours.push(report("seen", "i-2", hours_ago(-0.5)))


def test_a_rebuild_while_the_clock_is_set_back_is_not_passed_over(
    application_on: Application, ours: Caller
) -> None:
    """It is of the same head, and yet what is in it has not happened."""
    rebuild_while_the_clock_is_set_back(application_on, ours)

    assert are_as_made_anew(application_on, ours)


def test_without_a_look_at_what_lies_ahead_it_would_be(
    application_on: Application, ours: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check above bites."""
    read = usage_cache.read_to_follow

    def with_nothing_ahead(connection: Connection, account_id: str) -> tuple[Any, str, None]:
        cache, rules, _ = read(connection, account_id)
        return cache, rules, None

    with monkeypatch.context() as altered:
        altered.setattr(usage_cache, "read_to_follow", with_nothing_ahead)
        rebuild_while_the_clock_is_set_back(application_on, ours)

    assert not are_as_made_anew(application_on, ours)


def an_instance(
    name: str, waiting_from_seq: int | None = None, content: str = "{}"
) -> CachedInstance:
    """Return an instance as it is kept."""
    return CachedInstance(name, content, None, "", waiting_from_seq, "0" * 64)


class TestRoom:
    """Of as many instances as there is room for, those written last."""

    def test_the_account_that_has_not_written_for_longest_makes_it(self) -> None:
        """Whole."""
        kept = WrittenInstances(most_kept=3)
        for account in ("one", "two", "three", "one", "four"):
            kept.keep(account, EMPTY_LEDGER, RULES, {}, [an_instance("i-1")])

        assert not kept.at("two", EMPTY_LEDGER, RULES)
        assert all(kept.at(one, EMPTY_LEDGER, RULES) for one in ("one", "three", "four"))

    def test_an_account_with_too_many_forgets_those_before(self) -> None:
        """And where it has written too many at once, all."""
        kept = WrittenInstances(most_of_account=3)
        before_it = {name: an_instance(name) for name in ("a", "b", "c")}
        kept.keep("one", EMPTY_LEDGER, RULES, before_it, [an_instance("d")])
        assert set(kept.at("one", EMPTY_LEDGER, RULES)) == {"d"}

        kept.keep("one", EMPTY_LEDGER, RULES, {}, [an_instance(name) for name in "abcd"])
        assert not kept.at("one", EMPTY_LEDGER, RULES)

    def test_what_is_long_or_waits_takes_none(self) -> None:
        """It is read each time."""
        kept = WrittenInstances(most_kept=1)
        long, waits = an_instance("a", content="x" * 5_000), an_instance("b", 7)
        kept.keep("one", EMPTY_LEDGER, RULES, {}, [long, waits, an_instance("c")])
        kept.keep("two", EMPTY_LEDGER, RULES, {}, [long, waits])

        assert set(kept.at("one", EMPTY_LEDGER, RULES)) == {"c"}
        assert not kept.at("two", EMPTY_LEDGER, RULES)

    def test_other_rules_are_another_state(self) -> None:
        """As another head is."""
        kept = WrittenInstances()
        kept.keep("one", EMPTY_LEDGER, RULES, {}, [an_instance("a")])

        assert set(kept.at("one", EMPTY_LEDGER, RULES)) == {"a"}
        assert not kept.at("one", EMPTY_LEDGER, "others")
        assert not kept.at("one", LedgerHead(1, "f" * 64), RULES)
