"""Records usage events: each counted once, all of a batch stored before the answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import Connection

from dumont_economy.clock import Clock
from dumont_economy.errors import FieldProblem, InvalidEventError
from dumont_economy.metering.event_input import read_event
from dumont_economy.metering.usage_event import UsageEvent
from dumont_economy.services.follow_usage import follow
from dumont_economy.services.masked_content import masked_json, masked_text
from dumont_economy.storage import usage_events
from dumont_economy.storage.accounts import Account
from dumont_economy.storage.database import Database
from dumont_economy.storage.usage_events import RefusedEvent

MAX_AHEAD = timedelta(minutes=5)
MAX_AGE = timedelta(days=35)
BATCH_REFUSED = "batch_refused"
_KEPT_CONTENT_BYTES = 4_096


class EventStatus(StrEnum):
    """What became of an event."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    REJECTED = "rejected"


_ACCEPTED = EventStatus.ACCEPTED
_REFUSED = (EventStatus.CONFLICT, EventStatus.REJECTED)


class EventResult(NamedTuple):
    """What became of the event at a place of a batch; `problems` where it was rejected."""

    place: int
    id: str | None
    status: EventStatus
    code: str | None = None
    problems: tuple[FieldProblem, ...] = ()


class _Judged(NamedTuple):
    result: EventResult
    event: UsageEvent | None
    raw: object
    # What is kept of one that could not be read: it may be long, so it waits for no writer's turn.
    content: str = ""


@dataclass(frozen=True, slots=True)
class UsageBatch:
    """Events as they were read from what was sent, and who sent them to whose ledger."""

    account: Account
    reporter: str
    may_backfill: bool
    is_atomic: bool
    judged: tuple[_Judged, ...]


def read_batch(
    account: Account,
    raw_events: Sequence[object],
    *,
    reporter: str,
    may_backfill: bool,
    is_atomic: bool = False,
) -> UsageBatch:
    """Return the events that decoded JSON objects say, each with what is wrong with it.

    Args:
        account: Whose ledger it is.
        raw_events: Decoded JSON objects, as sent.
        reporter: Who sent them, for the record.
        may_backfill: Whether events older than 35 days are taken.
        is_atomic: Whether nothing is stored where anything is refused.
    """
    judged = tuple(_read(place, raw, account.currency) for place, raw in enumerate(raw_events))
    return UsageBatch(account, reporter, may_backfill, is_atomic, judged)


def record_usage(
    database: Database,
    clock: Clock,
    account: Account,
    raw_events: Sequence[object],
    *,
    reporter: str,
    may_backfill: bool,
) -> list[EventResult]:
    """Read a batch, store its valid events in one transaction and say what became of each.

    Raises:
        DamagedFactError: the ledger is damaged, so nothing was stored.
        DatabaseUnavailableError: nothing was stored.
    """
    batch = read_batch(account, raw_events, reporter=reporter, may_backfill=may_backfill)

    def store(connection: Connection) -> list[EventResult]:
        return store_batch(connection, clock, batch)

    return database.transact(store, account_id=account.id)


def store_batch(connection: Connection, clock: Clock, batch: UsageBatch) -> list[EventResult]:
    """Store the valid events of a batch, and what is refused, in the caller's transaction.

    What was refused long ago, or before very much else, makes room here: whoever sends is who
    fills the disk, and an installation without a worker is bounded too.
    """
    account = batch.account
    ledger = usage_events.lock_ledger(connection, account.id)
    now = clock.now()
    received_at = usage_events.next_receipt(ledger, now)
    keys = [(one.event.source, one.event.id) for one in batch.judged if one.event is not None]
    stored = usage_events.events_by_key(connection, account.id, keys)
    taken = _Taken(now + MAX_AHEAD, None if batch.may_backfill else now - MAX_AGE)
    new: list[UsageEvent] = []
    settled = []
    for one in batch.judged:
        decided = _decide(one, stored, taken)
        if decided.result.status is _ACCEPTED and decided.event is not None:
            stored[decided.event.source, decided.event.id] = decided.event
            new.append(decided.event)
        settled.append(decided)
    refused = [_refused(one, received_at) for one in settled if _is_refused(one)]
    usage_events.append_refused(connection, account.id, ledger.last_refused, refused)
    if batch.is_atomic and refused:
        settled = _none_stored(settled, new)
        new = []
    new_head, hashes = usage_events.append_events(
        connection, account.id, ledger.head, new, received_at=received_at, reporter=batch.reporter
    )
    if new:
        follow(connection, account.id, ledger, new_head, list(zip(new, hashes, strict=True)), now)
    last_refused = ledger.last_refused + len(refused)
    usage_events.prune_refused(connection, account.id, last_refused, now)
    return [one.result for one in settled]


def _read(place: int, raw: object, currency: str) -> _Judged:
    sent_id = raw.get("id") if isinstance(raw, dict) else None
    event_id = sent_id if isinstance(sent_id, str) else None
    try:
        event = read_event(raw, default_currency=currency)
    except InvalidEventError as error:
        problems = tuple(error.problems)
        result = EventResult(place, event_id, EventStatus.REJECTED, error.code, problems)
        return _Judged(result, None, raw, _content(raw))
    return _Judged(EventResult(place, event_id, _ACCEPTED), event, raw)


class _Taken(NamedTuple):
    """The latest and the earliest time of events that are taken; None where any is."""

    until: datetime
    since: datetime | None


def _decide(judged: _Judged, stored: dict[tuple[str, str], UsageEvent], taken: _Taken) -> _Judged:
    """Settle an event against what is stored; a duplicate is one at any age."""
    event, result = judged.event, judged.result
    if event is None:
        return judged
    held = stored.get((event.source, event.id))
    if held == event:
        return judged._replace(result=result._replace(status=EventStatus.DUPLICATE))
    if held is not None:
        conflict = result._replace(status=EventStatus.CONFLICT, code="conflict")
        return judged._replace(result=conflict)
    problem = _untimely(event, taken)
    if problem is not None:
        rejected = result._replace(
            status=EventStatus.REJECTED, code=problem.code, problems=(problem,)
        )
        return judged._replace(result=rejected, event=None)
    return judged


def _none_stored(settled: list[_Judged], new: list[UsageEvent]) -> list[_Judged]:
    """Return what becomes of a batch that goes whole or not at all, and cannot go whole."""
    kept_out = {(event.source, event.id) for event in new}
    return [
        one
        if _is_refused(one) or one.event is None or (one.event.source, one.event.id) not in kept_out
        else one._replace(
            result=one.result._replace(status=EventStatus.REJECTED, code=BATCH_REFUSED)
        )
        for one in settled
    ]


def _untimely(event: UsageEvent, taken: _Taken) -> FieldProblem | None:
    if event.time > taken.until:
        message = "Lies more than 5 minutes ahead of the server's clock. Check the reporter's."
        return FieldProblem("time", "time_in_future", message)
    if taken.since is not None and event.time < taken.since:
        message = "Lies more than 35 days back. Send it with a token of scope backfill."
        return FieldProblem("time", "time_too_old", message)
    return None


def _is_refused(judged: _Judged) -> bool:
    return judged.result.status in _REFUSED


def _refused(judged: _Judged, received_at: datetime) -> RefusedEvent:
    result = judged.result
    detail = "; ".join(f"{one.field}: {one.message}" for one in result.problems)
    if result.status is EventStatus.CONFLICT:
        detail = "An event with this source and id, but other content, was received before."
    return RefusedEvent(
        number=0,
        received_at=received_at,
        status=result.status,
        code=result.code or "",
        detail=masked_text(detail),
        content=judged.content or _content(judged.raw),
    )


def _content(raw: object) -> str:
    return masked_json(raw, _KEPT_CONTENT_BYTES)
