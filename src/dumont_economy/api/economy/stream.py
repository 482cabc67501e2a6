"""GET /economy/stream: says when the other answers may have changed, as server-sent events."""

from typing import Literal

from flask import Response, request
from pydantic import BaseModel, Field

from dumont_economy.api.connection import line_of
from dumont_economy.api.economy.shared import blueprint
from dumont_economy.api.event_stream import EventStream
from dumont_economy.api.operation import EVENTS, operation, principal, services

_HELD = "Last-Event-ID"


class StreamEvent(BaseModel):
    """One server-sent event. Comments between them are heartbeats."""

    event: Literal["changed", "ended"] = Field(
        description="`changed`: ask again. `ended`: the credential is in force no more, and the "
        "stream is over."
    )
    data: str = Field(
        description="JSON. Of `changed`, what answers depend on and has changed: "
        '`{"changed": ["ledger", "policy", "prices"]}` or some of these. Of `ended`, its `code`.'
    )
    id: str = Field("", description="Names the account's state; send the last one to go on.")
    retry: int = Field(0, description="After how many milliseconds to come back.")


@operation(
    blueprint,
    "GET",
    "/stream",
    summary="Says when the account's answers may have changed",
    scope="read",
    answer=StreamEvent,
    errors=(429,),
    media_type=EVENTS,
)
def stream() -> Response:
    """Answer a stream that lasts until either side ends it."""
    if request.method == "HEAD":
        return Response(mimetype=EVENTS)
    changes = services().changes
    listener = changes.admit(principal(), line_of(request.environ))
    response = Response(EventStream(changes, listener, request.headers.get(_HELD)), mimetype=EVENTS)
    # Told to a proxy, which would keep events until it has a block of them.
    response.headers["X-Accel-Buffering"] = "no"
    return response
