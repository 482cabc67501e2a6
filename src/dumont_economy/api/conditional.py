"""Conditional answers: 304 while value, slope and validity that the client holds still hold."""

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256

from flask import Response, request
from pydantic import BaseModel

from dumont_economy.api.operation import model_response
from dumont_economy.instant import to_microseconds

_DIGEST_LENGTH = 24
_LONGEST_TIME = 18


def answer_conditionally(
    versions: tuple[object, ...],
    valid_until: datetime | None,
    as_of: datetime,
    build: Callable[[], BaseModel],
) -> Response:
    """Return 304 where the client's tag still describes the present, else the built answer.

    The tag holds a digest of everything but time that the answer depends on, and `valid_until`.

    Args:
        versions: Account, ledger, policy and price book; the query is added here.
        valid_until: Until when the answer holds; None for one that is not tagged.
        as_of: The present.
        build: Makes the answer, only where it is needed.
    """
    if valid_until is None:
        response = model_response(build())
    else:
        digest = _digest(versions)
        held = _held_tag(digest, as_of)
        if held is not None:
            response = Response(status=304)
            response.headers["ETag"] = held
        else:
            response = model_response(build())
            response.headers["ETag"] = f'W/"{digest}.{to_microseconds(valid_until)}"'
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Authorization, Cookie"
    return response


def _digest(versions: tuple[object, ...]) -> str:
    query = sorted((name, value.lower()) for name, value in request.args.items())
    text = repr((request.path, query, versions))
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_LENGTH]


def _held_tag(digest: str, as_of: datetime) -> str | None:
    """Return the first of the client's tags that has this digest and has not run out."""
    for tag in request.if_none_match.as_set(include_weak=True):
        held, _, until = tag.partition(".")
        is_time = until.isascii() and until.isdecimal() and len(until) <= _LONGEST_TIME
        if held == digest and is_time and int(until) > to_microseconds(as_of):
            return f'W/"{tag}"'
    return None
