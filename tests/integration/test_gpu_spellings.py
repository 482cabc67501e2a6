"""How usage spells GPUs, counted over all accounts, on either database."""

from decimal import Decimal

from dumont_economy.services.people import make_account
from dumont_economy.storage import gpu_spellings, usage_events
from dumont_economy.storage.database import Database
from dumont_economy.storage.event_chain import EMPTY_LEDGER
from dumont_economy.storage.gpu_spellings import UsedSpelling
from tests.builders import NINE, SetClock, after, event, start


def push(database: Database, account: str, *spellings: str | None) -> None:
    """Let an account report one instance, once with each spelling; None is a stop."""
    made = make_account(database, SetClock(NINE), account)
    events = [
        event("stop", after(second))
        if spelling is None
        else start(after(second), gpu=spelling, id=f"{second}")
        for second, spelling in enumerate(spellings)
    ]
    with database.write(account_id=made.id) as connection:
        usage_events.append_events(
            connection, made.id, EMPTY_LEDGER, events, received_at=NINE, reporter="test"
        )


def used(database: Database) -> list[UsedSpelling]:
    """Return every spelling that is in use."""
    with database.read() as connection:
        return gpu_spellings.used_spellings(connection)


def test_events_and_instances_are_counted_by_spelling(database: Database) -> None:
    """One instance of each of two accounts is two, whatever it is called."""
    push(database, "ours", "T4", "T4", "A100", None)
    push(database, "theirs", "T4")

    assert used(database) == [
        UsedSpelling("A100", None, events=1, instances=1),
        UsedSpelling("T4", None, events=3, instances=2),
    ]


def test_the_same_name_with_another_memory_is_another_gpu(database: Database) -> None:
    """For it may be known with the one, and not with the other."""
    account = make_account(database, SetClock(NINE), "ours")
    first = start(NINE, gpu="A100")
    with database.write(account_id=account.id) as connection:
        usage_events.append_events(
            connection,
            account.id,
            EMPTY_LEDGER,
            [first, first._replace(id="2", gpu_memory_gib=Decimal(80))],
            received_at=NINE,
            reporter="test",
        )

    assert [one.memory_gib for one in used(database)] == [None, Decimal(80)]


def test_without_usage_there_is_none(database: Database) -> None:
    """An empty ledger names no GPU."""
    assert used(database) == []
