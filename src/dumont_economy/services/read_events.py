"""Reads what was received: taken and refused events together, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import merge

from sqlalchemy import Connection

from dumont_economy.clock import Clock
from dumont_economy.metering.usage_event import voids_in_force
from dumont_economy.storage import usage_events
from dumont_economy.storage.accounts import Account
from dumont_economy.storage.database import Database
from dumont_economy.storage.event_chain import StoredEvent, read_head
from dumont_economy.storage.usage_events import ALL_EVENTS, EventsSought, RefusedEvent

_BEFORE_ALL = 0


@dataclass(frozen=True, slots=True)
class EventPage:
    """A page of events, and from where the next one goes on in both lists.

    `voided_by` has, by source and id, the id of the void by which an event of it counts no more.
    """

    events: list[StoredEvent | RefusedEvent]
    voided_by: dict[tuple[str, str], str]
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
        voided_by = _voided_by(connection, account, taken, sought)
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
    return EventPage(shown, voided_by, next_seq, next_number, has_more=len(merged) > limit)


def _voided_by(
    connection: Connection, account: Account, taken: list[StoredEvent], sought: EventsSought
) -> dict[tuple[str, str], str]:
    """Return which of the events count no more, each with the earliest void in force that says so.

    As for figures, what was received after the instant that is asked for was not known then.
    """
    if sought.known_at is None:
        head = read_head(connection, account.id)
    else:
        head = usage_events.head_known_at(connection, account.id, sought.known_at)
    keys = [(one.event.source, one.event.id) for one in taken]
    voids = usage_events.voids_reaching(connection, account.id, keys, up_to=head.seq)
    latest_first = sorted(
        voids_in_force(voids), key=lambda void: (void.time, void.id), reverse=True
    )
    return {(void.source, void.void_of or ""): void.id for void in latest_first}
