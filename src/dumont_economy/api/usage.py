"""Usage events: taking them in, and showing what came."""

import json
from typing import Annotated, Any

from flask import Blueprint
from pydantic import BaseModel, ConfigDict, WithJsonSchema

from dumont_economy.api.api_error import ApiError
from dumont_economy.api.cursor import CursorParameter, decode_cursor, encode_cursor
from dumont_economy.api.operation import operation, principal, services
from dumont_economy.api.parameters import LimitParameter
from dumont_economy.errors import FieldProblem
from dumont_economy.instant import instant_text
from dumont_economy.metering.event_input import event_schema
from dumont_economy.money import exact_text
from dumont_economy.services.people import Scope
from dumont_economy.services.read_events import read_events
from dumont_economy.services.record_usage import EventResult, EventStatus, record_usage
from dumont_economy.storage.usage_events import RefusedEvent, StoredEvent

blueprint = Blueprint("usage", __name__, url_prefix="/api/v1/usage")

MAX_EVENTS = 1_000
_PAGE = 50


class EventsBody(BaseModel):
    """A batch of usage events."""

    model_config = ConfigDict(extra="forbid")

    events: Annotated[
        Any,
        WithJsonSchema(
            {"type": "array", "minItems": 1, "maxItems": MAX_EVENTS, "items": event_schema()}
        ),
    ]


class ResultInfo(BaseModel):
    """What became of one event; `code` and `message` where it was not taken."""

    index: int
    id: str | None
    status: EventStatus
    code: str | None
    message: str | None


class EventsAnswer(BaseModel):
    """What became of each event of a batch, in its order."""

    results: list[ResultInfo]


class EventInfo(BaseModel):
    """One event as received; the fields of its type where it was taken."""

    id: str | None
    source: str | None
    type: str | None
    instance: str | None
    time: str | None
    received_at: str
    status: EventStatus
    code: str | None
    detail: str | None
    gpu: str | None
    gpu_count: int | None
    rate: str | None
    currency: str | None
    content: str | None


class EventsPage(BaseModel):
    """Events, newest first."""

    events: list[EventInfo]
    next_cursor: str | None


class EventsQuery(BaseModel):
    """Parameters of the list of events."""

    limit: LimitParameter = _PAGE
    cursor: CursorParameter | None = None


@operation(
    blueprint,
    "POST",
    "/events",
    summary="Report usage: 1 to 1,000 events, stored before the answer",
    scope="ingest",
    body=EventsBody,
    answer=EventsAnswer,
)
def push_events(body: EventsBody) -> EventsAnswer:
    """Store a batch of usage events and say what became of each."""
    events = _batch(body.events)
    who = principal()
    results = record_usage(
        services().database,
        services().clock,
        who.account,
        events,
        reporter=who.reporter,
        may_backfill=Scope.BACKFILL in who.scopes,
    )
    infos = [_result_info(result) for result in results]
    if all(result.status is EventStatus.REJECTED for result in results):
        raise _all_rejected(results, infos)
    return EventsAnswer(results=infos)


def _batch(events: object) -> list[object]:
    if not isinstance(events, list):
        problem = FieldProblem("/events", "must_be_array", "Send an array of events.")
    elif not events:
        problem = FieldProblem("/events", "no_events", "Send at least one event.")
    elif len(events) > MAX_EVENTS:
        message = f"Send at most {MAX_EVENTS:,} events at once; this has {len(events):,}."
        problem = FieldProblem("/events", "too_many_events", message)
    else:
        return events
    raise ApiError(422, problem.code, problem.message, [problem])


def _result_info(result: EventResult) -> ResultInfo:
    problems = "; ".join(f"{one.field}: {one.message}" for one in result.problems)
    if result.status is EventStatus.CONFLICT:
        problems = "This source and id were received before with other content, which stays."
    return ResultInfo(
        index=result.index,
        id=result.id,
        status=result.status,
        code=result.code,
        message=problems or None,
    )


def _all_rejected(results: list[EventResult], infos: list[ResultInfo]) -> ApiError:
    codes = {result.code for result in results}
    code = codes.pop() if len(codes) == 1 else None
    problems = [
        FieldProblem(f"/events/{result.index}/{one.field}".rstrip("/"), one.code, one.message)
        for result in results
        for one in result.problems
    ]
    return ApiError(
        422,
        code or "all_rejected",
        "No event of the batch could be taken. The field errors say what to change.",
        problems,
        results=[info.model_dump(mode="json") for info in infos],
    )


@operation(
    blueprint,
    "GET",
    "/events",
    summary="What was received, newest first, with what was refused",
    scope="read",
    query=EventsQuery,
    answer=EventsPage,
)
def list_events(query: EventsQuery) -> EventsPage:
    """Answer the events of the account."""
    after = decode_cursor(query.cursor, 2) if query.cursor else None
    page = read_events(
        services().database,
        principal().account,
        before_seq=after[0] if after else None,
        before_number=after[1] if after else None,
        limit=query.limit,
    )
    cursor = encode_cursor(page.next_seq, page.next_number) if page.has_more else None
    return EventsPage(events=[_event_info(one) for one in page.events], next_cursor=cursor)


def _event_info(received: StoredEvent | RefusedEvent) -> EventInfo:
    if isinstance(received, StoredEvent):
        return _stored_info(received)
    sent = _sent_fields(received.content)
    return EventInfo(
        id=sent.get("id"),
        source=sent.get("source"),
        type=sent.get("type"),
        instance=sent.get("instance"),
        time=sent.get("time"),
        received_at=instant_text(received.received_at),
        status=EventStatus(received.status),
        code=received.code,
        detail=received.detail,
        gpu=sent.get("gpu"),
        gpu_count=None,
        rate=sent.get("rate"),
        currency=sent.get("currency"),
        content=received.content,
    )


def _stored_info(stored: StoredEvent) -> EventInfo:
    event = stored.event
    return EventInfo(
        id=event.id,
        source=event.source,
        type=event.type,
        instance=event.instance,
        time=instant_text(event.time),
        received_at=instant_text(stored.received_at),
        status=EventStatus.ACCEPTED,
        code=None,
        detail=None,
        gpu=event.gpu,
        gpu_count=event.gpu_count,
        rate=None if event.rate is None else exact_text(event.rate),
        currency=event.currency,
        content=None,
    )


def _sent_fields(content: str) -> dict[str, str]:
    """Return the text fields of what was refused, as far as they were sent and kept."""
    try:
        sent = json.loads(content)
    except json.JSONDecodeError:  # It was cut at 4 KiB.
        return {}
    if not isinstance(sent, dict):
        return {}
    return {name: value for name, value in sent.items() if isinstance(value, str)}
