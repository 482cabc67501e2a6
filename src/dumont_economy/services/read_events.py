"""Reads what was received: taken and refused events together, newest first."""

from dataclasses import dataclass

from dumont_economy.storage import usage_events
from dumont_economy.storage.accounts import Account
from dumont_economy.storage.database import Database
from dumont_economy.storage.usage_events import RefusedEvent, StoredEvent

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
    account: Account,
    *,
    before_seq: int | None,
    before_number: int | None,
    limit: int,
) -> EventPage:
    """Return the newest events before two positions, merged by when they were received."""
    with database.read() as connection, connection.begin():
        taken = usage_events.newest_events(
            connection, account.id, before_seq=before_seq, limit=limit + 1
        )
        refused = usage_events.newest_refused(
            connection, account.id, before_number=before_number, limit=limit + 1
        )
    merged: list[StoredEvent | RefusedEvent] = [*taken, *refused]
    merged.sort(key=lambda one: one.received_at, reverse=True)
    shown = merged[:limit]
    next_seq = taken[0].seq + 1 if taken else before_seq or _BEFORE_ALL
    next_number = refused[0].number + 1 if refused else before_number or _BEFORE_ALL
    for one in shown:
        if isinstance(one, StoredEvent):
            next_seq = one.seq
        else:
            next_number = one.number
    return EventPage(shown, next_seq, next_number, has_more=len(merged) > limit)
