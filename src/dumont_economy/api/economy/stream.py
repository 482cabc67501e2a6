"""GET /economy/stream: says when the other answers may have changed, as server-sent events."""

from flask import Response, request

from dumont_economy.api.connection import line_of
from dumont_economy.api.economy.shared import blueprint
from dumont_economy.api.event_stream import EventStream
from dumont_economy.api.operation import EVENTS, operation, principal, services

_HELD = "Last-Event-ID"


@operation(
    blueprint,
    "GET",
    "/stream",
    summary="Says when the account's answers may have changed",
    scope="read",
    answer=None,
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
