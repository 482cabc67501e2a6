"""Caches of usage: never trusted on their own, passed by where they cannot be, and made anew."""

import json
from collections.abc import Callable, Sequence

import pytest
from click.testing import CliRunner
from sqlalchemy import Connection, text

from dumont_economy.cli.main import main
from dumont_economy.errors import DamagedFactError, DatabaseUnavailableError
from dumont_economy.services import follow_usage
from dumont_economy.services.rebuild_caches import rebuild_caches, rebuild_those_behind
from dumont_economy.services.verify_facts import verify_facts
from dumont_economy.storage import event_chain, usage_cache
from dumont_economy.storage.database import Database
from dumont_economy.storage.usage_cache import CACHES
from tests.api.harness import (
    Application,
    Caller,
    at,
    before,
    hours_ago,
    report,
    start,
    start_application_on,
    stop,
)
from tests.caches import contents
from tests.damage import damage

QUESTIONS: tuple[tuple[str, dict[str, str]], ...] = (
    ("/economy/savings", {}),
    ("/economy/savings/history", {"timezone": "Asia/Kolkata"}),
    ("/economy/savings/realtime", {}),
    ("/instances", {}),
    ("/instances", {"group_by": "gpu"}),
    ("/ledger/lines", {}),
    ("/ledger/totals", {"group_by": "day"}),
)


@pytest.fixture
def ours(application_on: Application) -> Caller:
    """Return a machine of an account with sessions that have ended, one of days, and one open."""
    caller = application_on.machine(application_on.account("ours"))
    caller.push(
        start("i-1", hours_ago(90), gpu="H100", rate="2.10"),
        report("price_change", "i-1", hours_ago(60), rate="1.90"),
        stop("i-1", hours_ago(7.3)),
        start("i-2", hours_ago(30), gpu="A100", rate="1.10", gpu_memory_gib="40", disk_gb="50"),
        stop("i-2", hours_ago(29.99)),
        start("i-1", hours_ago(5), gpu="H100", gpu_count=2, rate="4.20"),
        start("i-3", hours_ago(2)),
        report("void", "i-9", hours_ago(1), void_of=f"start i-3 {hours_ago(2)}"),
    )
    return caller


def answers(
    application: Application,
    caller: Caller,
    questions: Sequence[tuple[str, dict[str, str]]] = QUESTIONS,
) -> list[bytes]:
    """Return what a server that has read nothing yet answers to every question."""
    server = start_application_on(application.database.url.render_as_string(hide_password=False))
    server.clock.set(application.clock.now().isoformat())
    machine = server.machine(server.account(caller.account.name))
    said = [machine.get(path, **asked).get_data() for path, asked in questions]
    server.close()
    return said


def damaged(database: Database) -> list[str]:
    """Return what `verify` finds damaged."""
    return [one.facts for one in verify_facts(database) if one.damage is not None]


def test_made_anew_they_are_what_followed(application_on: Application, ours: Caller) -> None:
    """Row by row, and every answer; what was there is replaced."""
    database = application_on.database
    followed, said = contents(database, ours.account), answers(application_on, ours)
    assert len({row[1] for row in followed}) > 3
    assert damaged(database) == []

    events = rebuild_caches(database, application_on.clock, ours.account)

    assert events == 8
    assert contents(database, ours.account) == followed
    assert answers(application_on, ours) == said
    assert damaged(database) == []


DAMAGE_TO_FACTS: dict[str, tuple[str, dict[str, object]]] = {
    "a rate": ("UPDATE usage_event SET rate = rate + 1 WHERE seq = 2", {"seq": 2}),
    "an instance": ("UPDATE usage_event SET instance = 'i-2' WHERE seq = 3", {"seq": 3}),
    "a time": ("UPDATE usage_event SET time = time + 1 WHERE seq = 8", {"seq": 8}),
    "a digest": ("UPDATE usage_event SET chain_hash = 'x' WHERE seq = 1", {"seq": 1}),
    "one missing": ("DELETE FROM usage_event WHERE seq = 7", {}),
}


@pytest.mark.parametrize("what", DAMAGE_TO_FACTS)
def test_none_are_made_of_damaged_facts(
    application_on: Application, ours: Caller, what: str
) -> None:
    """The event is named, though many are compared together; what was there stays."""
    statement, where = DAMAGE_TO_FACTS[what]
    followed = contents(application_on.database, ours.account)
    damage(application_on.database, f"{statement} AND account_id = :ours")

    with pytest.raises(DamagedFactError) as raised:
        rebuild_caches(application_on.database, application_on.clock, ours.account)

    assert raised.value.where.items() >= where.items()
    assert contents(application_on.database, ours.account) == followed


def test_without_the_chain_they_would_be(
    application_on: Application, ours: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: the rate of an event that was changed."""
    followed = contents(application_on.database, ours.account)
    statement, _ = DAMAGE_TO_FACTS["a rate"]
    damage(application_on.database, f"{statement} AND account_id = :ours")
    monkeypatch.setattr(event_chain, "chained", lambda *_: _Anything())

    rebuild_caches(application_on.database, application_on.clock, ours.account)

    assert contents(application_on.database, ours.account) != followed


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ended_use SET ends_at = ends_at + 1 WHERE instance = 'i-1'",
        "UPDATE ended_use SET content = '[]' WHERE instance = 'i-1'",
        "UPDATE usage_sum SET sums = '1' || sums WHERE span = 'day'",
        "UPDATE usage_sum SET number = number + 1 WHERE span = 'hour'",
        "DELETE FROM usage_sum WHERE span = 'day' AND number < 20665",
        "UPDATE instance_state SET content = '{}' WHERE instance = 'i-1'",
        "UPDATE ledger_cache SET days_hash = replace(days_hash, substr(days_hash, 1, 1), 'x')",
    ],
)
def test_damaged_ones_change_no_answer_and_are_named(
    application_on: Application, ours: Caller, statement: str
) -> None:
    """The facts are read in their place; `rebuild` mends them."""
    said = answers(application_on, ours)
    of_ours = "AND" if "WHERE" in statement else "WHERE"
    damage(application_on.database, f"{statement} {of_ours} account_id = :ours")

    assert damaged(application_on.database) == ["caches"]
    assert answers(application_on, ours) == said

    rebuild_caches(application_on.database, application_on.clock, ours.account)
    assert damaged(application_on.database) == []
    assert answers(application_on, ours) == said


def test_without_their_digests_a_wrong_number_would_be_served(
    application_on: Application, ours: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: the rate of a session that is on."""
    [before_it, *_] = answers(application_on, ours)
    damage(
        application_on.database,
        "UPDATE instance_state SET content = replace(content, '4200000000000', '1') "
        "WHERE instance = 'i-1' AND account_id = :ours",
    )
    monkeypatch.setattr(usage_cache, "_digest", lambda *_: _Anything())

    [after_it, *_] = answers(application_on, ours)

    assert after_it != before_it


class _Anything(str):
    """Is equal to every digest."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    __hash__ = str.__hash__


def test_without_any_the_answers_are_the_same_and_the_next_report_makes_them(
    application_on: Application, ours: Caller
) -> None:
    """As after an upgrade from a version that had none."""
    said, followed = answers(application_on, ours), contents(application_on.database, ours.account)
    damage(
        application_on.database,
        *(f"DELETE FROM {table.name} WHERE account_id = :ours" for table in CACHES),  # noqa: S608
    )

    assert answers(application_on, ours) == said
    ours.push(report("seen", "i-8", hours_ago(1)))

    assert len(contents(application_on.database, ours.account)) == len(followed) + 1
    assert damaged(application_on.database) == []


def test_a_start_makes_those_that_are_behind(application_on: Application, ours: Caller) -> None:
    """And no others; an account without any usage has none."""
    database, clock = application_on.database, application_on.clock
    application_on.account("idle")
    followed = contents(database, ours.account)
    assert list(rebuild_those_behind(database, clock)) == []
    damage(database, "UPDATE ledger_cache SET made_with = 'before' WHERE account_id = :ours")

    assert [one.name for one in rebuild_those_behind(database, clock)] == ["ours"]

    assert contents(database, ours.account) == followed
    assert list(rebuild_those_behind(database, clock)) == []


def test_what_lay_in_the_future_counts_once_it_has_happened(
    application_on: Application, ours: Caller
) -> None:
    """A reporter's clock runs four minutes ahead; nobody reports anything after it."""
    clock = application_on.clock
    at = before(hours_ago(0), minutes=-4)
    ours.push(stop("i-1", at))
    assert ours.read("/economy/active-session")["instances_count"] == 1

    clock.advance(minutes=4)

    assert ours.read("/economy/active-session")["instances_count"] == 0
    assert ours.read("/economy/savings")["lifetime_hours"] == pytest.approx(82.7 + 0.01 + 5.0667)
    assert damaged(application_on.database) == []
    states = "SELECT count(*) FROM instance_state WHERE next_event_at IS NOT NULL"
    with application_on.database.read(account_id=ours.account.id) as connection:
        assert connection.execute(text(states)).scalar() == 0


def test_it_does_so_too_where_nothing_can_be_written(
    application_on: Application, ours: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a disk that is full: the facts are read in the place of the caches."""
    ours.push(stop("i-1", before(hours_ago(0), minutes=-4)))
    application_on.clock.advance(minutes=4)

    def refuse(_self: Database, _work: Callable[[Connection], object], **_: str) -> None:
        raise DatabaseUnavailableError("full")

    monkeypatch.setattr(Database, "transact", refuse)

    assert ours.read("/economy/active-session")["instances_count"] == 0


def catch_up_with_damaged_hours(
    application: Application, ours: Caller, monkeypatch: pytest.MonkeyPatch
) -> list[bytes]:
    """Let a stop come due where sums are damaged and the ledger is too long to be read at once.

    Returns what a server that has read nothing yet answers then, which reads days alone.
    """
    monkeypatch.setattr(follow_usage, "_REBUILT_AT_ONCE", 3)
    ours.push(start("i-4", hours_ago(29)), stop("i-4", hours_ago(28.5)))
    ours.push(start("i-5", hours_ago(29)), stop("i-5", before(hours_ago(0), minutes=-4)))
    hour = int(at(hours_ago(29)).timestamp()) // 3_600
    with application.database.write(account_id=ours.account.id) as connection:
        statement = text("UPDATE usage_sum SET row_hash = 'x' WHERE number = :hour")
        assert connection.execute(statement, {"hour": hour}).rowcount == 1
    application.clock.advance(minutes=6)
    ours.read("/economy/savings")
    return answers(application, ours, QUESTIONS[:1])


def test_those_that_half_caught_up_are_passed_by(
    application_on: Application, ours: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their head is the same before and after, so it is taken away."""
    said = catch_up_with_damaged_hours(application_on, ours, monkeypatch)

    rebuild_caches(application_on.database, application_on.clock, ours.account)

    assert answers(application_on, ours, QUESTIONS[:1]) == said


def test_with_their_head_they_would_not_be(
    application_on: Application, ours: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check above bites."""
    with monkeypatch.context() as altered:
        altered.setattr(usage_cache, "forget_cache_head", lambda *_: None)
        said = catch_up_with_damaged_hours(application_on, ours, altered)

    rebuild_caches(application_on.database, application_on.clock, ours.account)

    assert answers(application_on, ours, QUESTIONS[:1]) != said


def test_the_command_rebuilds_all_accounts_or_one(
    application_on: Application, ours: Caller
) -> None:
    """It says how many events each has; an account that there is not is named."""
    application_on.machine(application_on.account("theirs")).push(start("i-1", hours_ago(1)))
    followed = contents(application_on.database, ours.account)
    url = application_on.database.url.render_as_string(hide_password=False)

    def economy(*arguments: str) -> tuple[int, str]:
        run = CliRunner().invoke(main, arguments, env={"DUMONT_ECONOMY_DATABASE_URL": url})
        return run.exit_code, run.output

    code, said = economy("rebuild")
    assert code == 0
    assert "ours: caches of 8 events" in said
    assert "theirs: caches of 1 events" in said
    code, said = economy("rebuild", "--account", "ours", "--json")
    assert (code, json.loads(said)) == (0, {"rebuilt": [{"account": "ours", "events": 8}]})
    code, said = economy("rebuild", "--account", "nobody")
    assert code != 0
    assert "nobody" in said
    # The clock of the command is the real one, and nothing has happened since.
    assert contents(application_on.database, ours.account) == followed
