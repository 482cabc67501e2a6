"""`economy verify`: what it says, and its exit code."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dumont_economy.cli.main import main
from dumont_economy.services import people
from dumont_economy.services.prepare_database import prepare_database
from dumont_economy.services.record_usage import record_usage
from dumont_economy.storage.database import Database
from tests.api.harness import SettableClock, hours_ago, start, stop
from tests.damage import damage
from tests.sqlite_file import flip, rows_in_file

DONE, NO, COULD_NOT = 0, 1, 3
PRICES, RULES = 3_328, 6

Verify = Callable[..., Result]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the database of this test lies."""
    return tmp_path / "economy.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    """Return a database with the shipped facts and two accounts, of which each has two events."""
    clock = SettableClock()
    made = prepare_database(f"sqlite:///{path}", clock)
    for name in ("ours", "theirs"):
        account = people.make_account(made, clock, name)
        events = [start("i-1", hours_ago(2)), stop("i-1", hours_ago(1))]
        record_usage(made, clock, account, events, reporter="test", may_backfill=False)
    yield made
    made.close()


@pytest.fixture
def verify(path: Path, database: Database) -> Verify:
    """Return what runs the command on that database."""
    assert database.url.database == str(path)

    def run(*arguments: str) -> Result:
        environment = {"DUMONT_ECONOMY_DATABASE_URL": f"sqlite:///{path}"}
        return CliRunner().invoke(main, ["verify", *arguments], env=environment)

    return run


def test_what_is_as_written_is_counted(verify: Verify) -> None:
    """A line for each kind of facts of each account, and for those that are everybody's."""
    result = verify()

    assert result.exit_code == DONE
    assert result.stdout.splitlines() == [
        "usage events of ours: 2 as written",
        "policies of ours: 0 as written",
        "usage events of theirs: 2 as written",
        "policies of theirs: 0 as written",
        f"prices: {PRICES} as written",
        f"billing rules: {RULES} as written",
        "exchange rates: 0 as written",
        "disk prices: 0 as written",
        "caches of ours: 6 as written",
        "caches of theirs: 6 as written",
    ]


def test_the_first_bad_entry_of_each_account_is_named(verify: Verify, database: Database) -> None:
    """The others are looked at all the same, and the command says no."""
    damage(database, "UPDATE usage_event SET rate = 1 WHERE seq = 1 AND account_id = :ours")
    damage(
        database, "DELETE FROM usage_event WHERE seq = 2 AND account_id = :ours", account="theirs"
    )
    damage(database, "UPDATE provider_pricing SET region = 'here' WHERE number = 9")

    result = verify()

    assert result.exit_code == NO
    lines = result.stdout.splitlines()
    assert lines[0] == (
        "usage events of ours: 0 as written, then: The usage event with seq 1, source 'push', "
        "id 'start i-1 2026-08-03T10:00:00Z' is not what was written."
    )
    assert lines[2] == (
        "usage events of theirs: 1 as written, then: The usage event with seq 2 is missing."
    )
    assert lines[4].startswith("prices: 8 as written, then: The price with number 9, ")
    assert lines[5] == f"billing rules: {RULES} as written"


def test_a_program_reads_the_same(verify: Verify, database: Database) -> None:
    """Which, where and what, in fields."""
    damage(database, "UPDATE account SET last_seq = 1 WHERE id = :ours")

    result = verify("--json")

    assert result.exit_code == NO
    answer = json.loads(result.stdout)
    assert answer["is_intact"] is False
    assert answer["checked"][0] == {
        "account": "ours",
        "facts": "usage events",
        "intact": 2,
        "first_damage": {
            "differs": "head",
            "seq": 1,
            "finding": "The ledger's head with seq 1 does not belong to the newest event.",
        },
    }
    assert {one["first_damage"] for one in answer["checked"][1:]} == {None}


def test_one_account_is_looked_at_alone(verify: Verify, database: Database) -> None:
    """With the prices, on which its figures rest as well."""
    damage(database, "UPDATE usage_event SET rate = 1 WHERE seq = 1 AND account_id = :ours")

    theirs, ours = verify("--account", "theirs"), verify("--account", "ours")

    assert (theirs.exit_code, ours.exit_code) == (DONE, NO)
    assert "ours" not in theirs.stdout
    assert f"prices: {PRICES} as written" in theirs.stdout


def test_an_account_that_there_is_not_cannot_be_looked_at(verify: Verify) -> None:
    """One clear line."""
    result = verify("--account", "nobody")

    assert result.exit_code == COULD_NOT
    assert result.stdout == ""
    assert result.stderr.startswith("economy: There is no account 'nobody'.")


def test_a_database_that_cannot_be_opened_cannot_be_looked_at(
    verify: Verify, database: Database, path: Path
) -> None:
    """Which is not the same as that something differs."""
    database.close()
    path.write_text("Dear diary, " * 1_000)

    result = verify()

    assert result.exit_code == COULD_NOT
    assert result.stderr.startswith("economy: The database file cannot be read")


def test_what_the_database_itself_cannot_read_is_named(
    verify: Verify, database: Database, path: Path
) -> None:
    """Where the bytes of a row contradict themselves."""
    database.close()
    # The first byte says how long the head of the row is.
    flip(path, rows_in_file(path, "usage_event")[1].start, 0x7F)

    result = verify()

    assert result.exit_code == NO
    assert result.stdout.startswith(
        "usage events of ours: 1 as written, then: The usage event with seq 2"
    )
