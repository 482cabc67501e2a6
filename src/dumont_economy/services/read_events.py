"""Reads what was received: taken and refused events together, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import merge

from dumont_economy.clock import Clock
from dumont_economy.storage import usage_events
from dumont_economy.storage.accounts import Account
from dumont_economy.storage.database import Database
from dumont_economy.storage.event_chain import StoredEvent
from dumont_economy.storage.usage_events import ALL_EVENTS, EventsSought, RefusedEvent

_BEFORE_ALL = 0


@dataclass(frozen=True, slots=True)
class EventPage:
    """A page of events, and from where the next one goes on in both lists."""

    events: list[StoredEvent | RefusedEvent]
    next_seq: int
    next_number: int
    has_more: bool


def read_events(
    database: Database,
    clock: Clock,
    account: Account,
    *,
    before_seq: int | None,
    before_number: int | None,
    limit: int,
    sought: EventsSought = ALL_EVENTS,
) -> EventPage:
    """Return the newest events before two positions, merged by when they were received.

    Each of both lists keeps the order of its numbers, which holds when the clock was put back: a
    page goes on where the one before it ended. What was refused over 30 days ago is shown no more;
    the account's next report removes it.
    """
    with database.read(account_id=account.id) as connection:
        taken = usage_events.newest_events(
            connection, account.id, before_seq=before_seq, limit=limit + 1, sought=sought
        )
        refused = usage_events.newest_refused(
            connection,
            account.id,
            since=clock.now() - usage_events.REFUSED_KEPT,
            before_number=before_number,
            limit=limit + 1,
            sought=sought,
        )
    both: tuple[Sequence[StoredEvent | RefusedEvent], ...] = (taken, refused)
    merged = list(merge(*both, key=lambda one: one.received_at, reverse=True))
    shown = merged[:limit]
    next_seq = taken[0].seq + 1 if taken else before_seq or _BEFORE_ALL
    next_number = refused[0].number + 1 if refused else before_number or _BEFORE_ALL
    for one in shown:
        if isinstance(one, StoredEvent):
            next_seq = one.seq
        else:
            next_number = one.number
    return EventPage(shown, next_seq, next_number, has_more=len(merged) > limit)
