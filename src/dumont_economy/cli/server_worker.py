"""The server's worker: what it cannot read as a request is refused in the shape of all errors."""

import time
from socket import socket
from types import FrameType
from typing import Any

import gevent
import structlog
from flask import json
from gunicorn import util
from gunicorn.http.errors import (
    ConfigurationProblem,
    ExpectationFailed,
    InvalidResponseHeader,
    InvalidResponseHeaderName,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
    UnsupportedTransferCoding,
)
from gunicorn.workers.ggevent import GeventWorker

from dumont_economy.api.api_error import ApiError
from dumont_economy.api.error_responses import new_request_id, problem_members
from dumont_economy.api.request_body import BodyTooSlowError

_log = structlog.get_logger()

# From the head to the end of a body: 4 MiB in it take 1.3 Mbit/s.
_BODY_SECONDS = 25

# These are no fault of a request's head, or have a status of their own.
_NOT_OURS = (
    ConfigurationProblem,
    ExpectationFailed,
    InvalidResponseHeader,
    InvalidResponseHeaderName,
    UnsupportedTransferCoding,
)


class _TimedReader:
    """Reads a body for so long and no longer, however often something of it comes."""

    def __init__(self, reader: Any) -> None:  # noqa: ANN401  gunicorn's
        self._reader = reader
        self._ends = time.monotonic() + _BODY_SECONDS

    def read(self, size: int) -> bytes:
        """Return some of the body.

        Raises:
            BodyTooSlowError: its time is over, and more of it has not come.
        """
        # gunicorn reads the end of a body once more behind the answer, however long that took: only
        # what has to be waited for can be too late.
        left = max(self._ends - time.monotonic(), 0)
        with gevent.Timeout(left, BodyTooSlowError):
            part: bytes = self._reader.read(size)
            return part


class RefusingWorker(GeventWorker):  # type: ignore[misc]  # gunicorn ships no types
    """Serves many connections at once; never echoes what it could not read."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop, and end the streams, which no client would end; other requests are answered."""
        super().handle_exit(sig, frame)
        # Told to stop while it still waits for its database, it has no application yet.
        app = getattr(self, "wsgi", None)
        if app is not None:
            app.extensions["economy"].changes.stop()

    def handle_request(self, listener_name: Any, req: Any, sock: socket, addr: Any) -> None:  # noqa: ANN401  gunicorn's
        """Answer a request, whose body has to arrive within its time.

        gunicorn has no limit for it, and asks its worker for none.
        """
        if req.body is not None:
            req.body.reader = _TimedReader(req.body.reader)
        super().handle_request(listener_name, req, sock, addr)

    def handle_error(self, req: object, client: socket, addr: Any, exc: BaseException) -> None:  # noqa: ANN401  gunicorn's
        """Answer a request whose head cannot be read, and leave other failures to gunicorn."""
        if not isinstance(exc, ParseException) or isinstance(exc, _NOT_OURS):
            super().handle_error(req, client, addr, exc)
            return
        request_id = new_request_id()
        _log.warning("malformed_request", reason=type(exc).__name__, request_id=request_id)
        try:
            util.write_nonblock(client, _answer(_refusal(exc), request_id))
        except OSError:
            _log.info("hung_up", request_id=request_id)


def _refusal(error: ParseException) -> ApiError:
    if isinstance(error, LimitRequestLine):
        return ApiError(414, "address_too_long", "The address is too long.")
    if isinstance(error, LimitRequestHeaders):
        return ApiError(431, "headers_too_large", "The headers are too many or too long.")
    detail = "The request line or a header is malformed, or holds control characters."
    return ApiError(400, "malformed_request", detail)


def _answer(error: ApiError, request_id: str) -> bytes:
    members = problem_members(error, request_id)
    body = json.dumps(members).encode()
    head = [
        f"HTTP/1.1 {error.status} {members['title']}",
        "Connection: close",
        "Content-Type: application/problem+json",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
        f"X-Request-Id: {request_id}",
    ]
    return "\r\n".join([*head, "", ""]).encode() + body
