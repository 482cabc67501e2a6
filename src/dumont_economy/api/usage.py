"""Usage events: taking them in, and showing what came."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Any

from flask import Blueprint, Response
from pydantic import BaseModel, ConfigDict, WithJsonSchema
from sqlalchemy import Connection

from dumont_economy.api.api_error import ApiError
from dumont_economy.api.asked import asked
from dumont_economy.api.cursor import CursorParameter, bad_cursor, decode_cursor, encode_cursor
from dumont_economy.api.error_responses import problem
from dumont_economy.api.idempotency import kept, once_response
from dumont_economy.api.operation import model_response, operation, principal, services
from dumont_economy.api.parameters import (
    FlagParameter,
    InstantOfUseParameter,
    LimitParameter,
    TextParameter,
)
from dumont_economy.api.period import PeriodQuery, is_told_in_days, window_of
from dumont_economy.errors import FieldProblem, NotFoundError
from dumont_economy.instant import instant_text
from dumont_economy.metering.event_input import event_schema
from dumont_economy.money import exact_text
from dumont_economy.pricing.policy import Policy
from dumont_economy.services.answer_once import KeyedRequest, answer_once
from dumont_economy.services.people import Scope
from dumont_economy.services.policies import in_its_zone, read_policy
from dumont_economy.services.read_events import read_events
from dumont_economy.services.record_usage import (
    BATCH_REFUSED,
    EventResult,
    EventStatus,
    read_batch,
    store_batch,
)
from dumont_economy.storage.accounts import Account
from dumont_economy.storage.event_chain import StoredEvent
from dumont_economy.storage.idempotency_keys import KeptAnswer
from dumont_economy.storage.usage_events import EventsSought, RefusedEvent

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


# No model: very many are made.
@dataclass(slots=True)
class ResultInfo:
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
    """One event as received; the fields of its type where it was taken.

    `void_of` is the id, of the same source, that a void names. `voided_by` is the id of the void
    by which the event counts no more; null where it counts.
    """

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
    void_of: str | None
    voided_by: str | None
    content: str | None


class EventsPage(BaseModel):
    """Events, newest first."""

    events: list[EventInfo]
    next_cursor: str | None


class EventsQuery(PeriodQuery):
    """Parameters of the list of events.

    A period is one of use, so with it, or with an instance, what was refused is left out.
    """

    instance: TextParameter | None = None
    as_of: InstantOfUseParameter | None = None
    limit: LimitParameter = _PAGE
    cursor: CursorParameter | None = None


class PushQuery(BaseModel):
    """Parameters of a batch: whether it is stored whole or not at all."""

    atomic: FlagParameter = False


@operation(
    blueprint,
    "POST",
    "/events",
    summary="Report usage: 1 to 1,000 events, stored before the answer",
    scope="ingest",
    query=PushQuery,
    body=EventsBody,
    answer=EventsAnswer,
    is_keyed=True,
    is_compressible=True,
)
def push_events(query: PushQuery, body: EventsBody, keyed: KeyedRequest | None) -> Response:
    """Store a batch of usage events and say what became of each."""
    who = principal()
    batch = read_batch(
        who.account,
        _events_of(body.events),
        reporter=who.reporter,
        may_backfill=Scope.BACKFILL in who.scopes,
        is_atomic=query.atomic,
    )
    clock = services().clock

    def store(connection: Connection) -> KeptAnswer:
        results = store_batch(connection, clock, batch)
        return kept(_answer(results, is_atomic=batch.is_atomic))

    return once_response(answer_once(services().database, clock, who.account, keyed, store))


def _answer(results: list[EventResult], *, is_atomic: bool) -> Response:
    infos = [_result_info(result) for result in results]
    statuses = {result.status for result in results}
    if is_atomic and statuses & {EventStatus.REJECTED, EventStatus.CONFLICT}:
        why = "An event of this atomic batch was refused, so nothing of it was stored."
        return problem(_none_taken(results, infos, BATCH_REFUSED, why))
    if statuses == {EventStatus.REJECTED}:
        codes = {result.code or "" for result in results}
        code = codes.pop() if len(codes) == 1 else "all_rejected"
        return problem(_none_taken(results, infos, code, "No event of the batch could be taken."))
    return model_response(EventsAnswer(results=infos))


def _events_of(events: object) -> list[object]:
    if not isinstance(events, list):
        wrong = FieldProblem("/events", "must_be_array", "Send an array of events.")
    elif not events:
        wrong = FieldProblem("/events", "no_events", "Send at least one event.")
    elif len(events) > MAX_EVENTS:
        message = f"Send at most {MAX_EVENTS:,} events at once; this has {len(events):,}."
        wrong = FieldProblem("/events", "too_many_events", message)
    else:
        return events
    raise ApiError(422, wrong.code, wrong.message, [wrong])


def _result_info(result: EventResult) -> ResultInfo:
    problems = "; ".join(f"{one.field}: {one.message}" for one in result.problems)
    if result.code == BATCH_REFUSED:
        problems = "Not stored, because another event of this atomic batch was refused."
    elif result.status is EventStatus.CONFLICT:
        problems = "This source and id were received before with other content, which stays."
    return ResultInfo(result.place, result.id, result.status, result.code, problems or None)


def _none_taken(
    results: list[EventResult], infos: list[ResultInfo], code: str, why: str
) -> ApiError:
    problems = [
        FieldProblem(f"/events/{result.place}/{one.field}".rstrip("/"), one.code, one.message)
        for result in results
        for one in result.problems
    ]
    return ApiError(
        422,
        code,
        f"{why} The field errors say what to change.",
        problems,
        results=[asdict(info) for info in infos],
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
    after = decode_cursor(query.cursor, 3) if query.cursor else None
    account, now = principal().account, services().clock.now()
    known_at = None if query.as_of is None else asked(None, query.as_of, now).as_of
    # All pages are of one period: the policy that says where its days begin is the first page's.
    policy_version = after[2] if after else None
    if is_told_in_days(query):
        policy = _policy_of_page(account, policy_version, known_at)
        account, policy_version = in_its_zone(account, policy), policy.version
    window = window_of(query, account)
    page = read_events(
        services().database,
        services().clock,
        account,
        before_seq=after[0] if after else None,
        before_number=after[1] if after else None,
        limit=query.limit,
        sought=EventsSought(window.starts_at, window.ends_at, query.instance, known_at),
    )
    cursor = None
    if page.has_more:
        cursor = encode_cursor(page.next_seq, page.next_number, policy_version or 0)
    events = [_event_info(one, page.voided_by) for one in page.events]
    return EventsPage(events=events, next_cursor=cursor)


def _policy_of_page(account: Account, version: int | None, known_at: datetime | None) -> Policy:
    try:
        stored, _ = read_policy(services().database, account, version, known_at)
    except NotFoundError as error:
        raise bad_cursor() from error
    return stored.policy


def _event_info(
    received: StoredEvent | RefusedEvent, voided_by: Mapping[tuple[str, str], str]
) -> EventInfo:
    if isinstance(received, StoredEvent):
        return _stored_info(received, voided_by)
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
        void_of=sent.get("void_of"),
        voided_by=None,
        content=received.content,
    )


def _stored_info(stored: StoredEvent, voided_by: Mapping[tuple[str, str], str]) -> EventInfo:
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
        void_of=event.void_of,
        voided_by=voided_by.get((event.source, event.id)),
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
