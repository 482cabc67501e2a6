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
    digest = _digest(versions)
    at_hand = _at_hand(digest, now)
    if at_hand is not None:
        return at_hand
    given = _given(build(), digest)
    services().answers.keep(digest, given)
    return _response(given)


def answer_at_hand(versions: tuple[object, ...], now: datetime) -> Response | None:
    """Return the answer where nothing has to be read for it, else None.

    That is 304 where the client's tag still describes the present, or what was answered to the same
    question in this second.
    """
    return _at_hand(_digest(versions), now)


def _at_hand(digest: str, now: datetime) -> Response | None:
    tag = _held_tag(digest, now) if request.if_none_match else None
    if tag is not None:
        held = Response(status=304)
        held.headers["ETag"] = tag
        return _conditional(held)
    given = services().answers.of_this_second(digest, now)
    return None if given is None else _response(given)


def _response(given: GivenAnswer) -> Response:
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
