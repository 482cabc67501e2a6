"""Records usage events: each counted once, all of a batch stored before the answer."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from dumont_economy.clock import Clock
from dumont_economy.errors import FieldProblem, InvalidEventError
from dumont_economy.metering.event_input import read_event
from dumont_economy.metering.usage_event import UsageEvent
from dumont_economy.storage import usage_events
from dumont_economy.storage.accounts import Account
from dumont_economy.storage.database import Database
from dumont_economy.storage.usage_events import RefusedEvent

MAX_AHEAD = timedelta(minutes=5)
MAX_AGE = timedelta(days=35)
_KEPT_CONTENT_BYTES = 4_096


class EventStatus(StrEnum):
    """What became of an event."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class EventResult:
    """What became of the event at `index` of a batch; `problems` where it was rejected."""

    index: int
    id: str | None
    status: EventStatus
    code: str | None = None
    problems: tuple[FieldProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class _Judged:
    result: EventResult
    event: UsageEvent | None
    raw: object


def record_usage(
    database: Database,
    clock: Clock,
    account: Account,
    raw_events: Sequence[object],
    *,
    reporter: str,
    may_backfill: bool,
) -> list[EventResult]:
    """Store the valid events of a batch in one transaction and say what became of each.

    Args:
        database: Where the ledger lies.
        clock: Says when the events are received.
        account: Whose ledger it is.
        raw_events: Decoded JSON objects, as sent.
        reporter: Who sent them, for the record.
        may_backfill: Whether events older than 35 days are taken.

    Raises:
        DatabaseUnavailableError: nothing was stored.
    """
    judged = [_read(index, raw, account.currency) for index, raw in enumerate(raw_events)]
    with database.write() as connection:
        last_seq = usage_events.lock_ledger(connection, account.id)
        received_at = clock.now()
        keys = [(one.event.source, one.event.id) for one in judged if one.event is not None]
        stored = usage_events.events_by_key(connection, account.id, keys)
        new: list[UsageEvent] = []
        settled = []
        for one in judged:
            decided = _decide(one, stored, received_at, may_backfill=may_backfill)
            if decided.result.status is EventStatus.ACCEPTED and decided.event is not None:
                stored[decided.event.source, decided.event.id] = decided.event
                new.append(decided.event)
            settled.append(decided)
        usage_events.append_events(
            connection, account.id, last_seq, new, received_at=received_at, reporter=reporter
        )
        refused = [_refused(one, received_at) for one in settled if _is_refused(one)]
        usage_events.append_refused(connection, account.id, refused, received_at)
    return [one.result for one in settled]


def _read(index: int, raw: object, currency: str) -> _Judged:
    sent_id = raw.get("id") if isinstance(raw, dict) else None
    event_id = sent_id if isinstance(sent_id, str) else None
    try:
        event = read_event(raw, default_currency=currency)
    except InvalidEventError as error:
        problems = tuple(error.problems)
        result = EventResult(index, event_id, EventStatus.REJECTED, error.code, problems)
        return _Judged(result, None, raw)
    return _Judged(EventResult(index, event_id, EventStatus.ACCEPTED), event, raw)


def _decide(
    judged: _Judged,
    stored: dict[tuple[str, str], UsageEvent],
    received_at: datetime,
    *,
    may_backfill: bool,
) -> _Judged:
    """Settle an event against what is stored; a duplicate is one at any age."""
    event, result = judged.event, judged.result
    if event is None:
        return judged
    held = stored.get((event.source, event.id))
    if held == event:
        return replace(judged, result=replace(result, status=EventStatus.DUPLICATE))
    if held is not None:
        conflict = replace(result, status=EventStatus.CONFLICT, code="conflict")
        return replace(judged, result=conflict)
    problem = _untimely(event, received_at, may_backfill=may_backfill)
    if problem is not None:
        rejected = replace(
            result, status=EventStatus.REJECTED, code=problem.code, problems=(problem,)
        )
        return replace(judged, result=rejected, event=None)
    return judged


def _untimely(
    event: UsageEvent, received_at: datetime, *, may_backfill: bool
) -> FieldProblem | None:
    if event.time > received_at + MAX_AHEAD:
        message = "Lies more than 5 minutes ahead of the server's clock. Check the reporter's."
        return FieldProblem("time", "time_in_future", message)
    if event.time < received_at - MAX_AGE and not may_backfill:
        message = "Lies more than 35 days back. Send it with a token of scope backfill."
        return FieldProblem("time", "time_too_old", message)
    return None


def _is_refused(judged: _Judged) -> bool:
    return judged.result.status in (EventStatus.CONFLICT, EventStatus.REJECTED)


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
        detail=detail,
        content=_content(judged.raw),
    )


def _content(raw: Any) -> str:  # noqa: ANN401  whatever was sent
    """Return the first 4 KiB of what was sent, as text that every database can keep."""
    text = json.dumps(raw, ensure_ascii=True, default=str)
    return text.encode()[:_KEPT_CONTENT_BYTES].decode()
