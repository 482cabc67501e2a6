"""Conditional answers: 304 while value, slope and validity that the client holds still hold."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from flask import Response, request
from pydantic import BaseModel

from dumont_economy.api.given_answers import GivenAnswer
from dumont_economy.api.operation import model_response, services
from dumont_economy.instant import to_microseconds

_DIGEST_LENGTH = 24
_LONGEST_TIME = 18
# What an answer is for (decision 2).
_RESOLUTION = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Tagged:
    """An answer that is built, for which instant, and until when its figures describe the present.

    `tagged_until` is until when a client may take it for unchanged, None where it may not.
    """

    model: BaseModel
    as_of: datetime
    valid_until: datetime
    tagged_until: datetime | None


def answer_conditionally(
    versions: tuple[object, ...], now: datetime, build: Callable[[], Tagged]
) -> Response:
    """Return 304 where the client's tag still describes the present, else the built answer.

    The tag holds a digest of everything but time that the answer depends on, and until when the
    answer holds: what is held for both is not even rated anew. An answer is for a whole second, so
    whoever asks the same in that second is given the same.

    Args:
        versions: Account, ledger, policy and price book; the query is added here.
        now: The present.
        build: Makes the answer, only where it is needed.
    """
    held = held_answer(versions, now)
    if held is not None:
        return held
    digest, kept = _digest(versions), services().answers
    given = kept.of_this_second(digest, now)
    if given is None:
        given = _given(build(), digest)
        kept.keep(digest, given)
    response = Response(given.body, mimetype="application/json")
    if given.tag is not None:
        response.headers["ETag"] = given.tag
    return _conditional(response)


def _given(built: Tagged, digest: str) -> GivenAnswer:
    tag, holds_until = None, built.as_of
    if built.as_of.microsecond == 0:
        holds_until = min(built.as_of + _RESOLUTION, built.valid_until)
    if built.tagged_until is not None:
        tag = f'W/"{digest}.{to_microseconds(built.tagged_until)}"'
    return GivenAnswer(model_response(built.model).get_data(), tag, built.as_of, holds_until)


def held_answer(versions: tuple[object, ...], now: datetime) -> Response | None:
    """Return 304 where the client's tag still describes the present, else None."""
    if not request.if_none_match:
        return None
    held = _held_tag(_digest(versions), now)
    if held is None:
        return None
    response = Response(status=304)
    response.headers["ETag"] = held
    return _conditional(response)


def _conditional(response: Response) -> Response:
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Authorization, Cookie"
    return response


def _digest(versions: tuple[object, ...]) -> str:
    query = sorted((name, value.lower()) for name, value in request.args.items())
    text = repr((request.path, query, versions))
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_LENGTH]


def _held_tag(digest: str, now: datetime) -> str | None:
    """Return the first of the client's tags that has this digest and has not run out."""
    for tag in request.if_none_match.as_set(include_weak=True):
        # An empty tag is read as none at all.
        held, _, until = (tag or "").partition(".")
        is_time = until.isascii() and until.isdecimal() and len(until) <= _LONGEST_TIME
        if held == digest and is_time and int(until) > to_microseconds(now):
            return f'W/"{tag}"'
    return None
