"""Reads a request's body as it was meant, bounded before and while it is expanded."""

import zlib
from http import HTTPStatus

from flask import abort, current_app, request
from werkzeug.exceptions import ClientDisconnected

from dumont_economy.api.api_error import ApiError

_GZIP = 16 + zlib.MAX_WBITS


class BodyTooSlowError(Exception):
    """Raised by the server while a body is read that does not arrive within its time."""


def read_json_body(*, may_be_compressed: bool) -> bytes:
    """Return the bytes of a body that says it is JSON, expanded where it is compressed.

    Raises:
        ApiError: 400 for a body that is cut short or broken, 408 for one that does not arrive in
            time, 415 for another type or encoding.
        HTTPException: 413, it is too large, as sent or expanded.
    """
    encoding = (request.content_encoding or "").strip().lower()
    taken = ("", "gzip") if may_be_compressed else ("",)
    if request.mimetype != "application/json" or encoding not in taken:
        how = "plain or with Content-Encoding: gzip" if may_be_compressed else "not compressed"
        detail = f"Send the body as application/json, {how}."
        raise ApiError(415, "unsupported_media_type", detail)
    limit = int(current_app.config["MAX_CONTENT_LENGTH"])
    try:
        data = request.get_data()
    except ClientDisconnected as error:
        raise _cut_short() from error
    except BodyTooSlowError as error:
        detail = "The body did not arrive in time. Send it without pauses, or in smaller parts."
        raise ApiError(408, "body_too_slow", detail) from error
    if request.content_length not in (None, len(data)):
        # What was cut off may still be JSON, and would be taken for all that was meant.
        raise _cut_short()
    if request.content_length is None and len(data) >= limit:
        abort(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)  # A chunked body is cut there, not refused.
    return _expanded(data, limit) if encoding else data


def _cut_short() -> ApiError:
    return ApiError(400, "body_cut_short", "The body ends before it is whole. Send it again.")


def _expanded(data: bytes, limit: int) -> bytes:
    """Return what a gzip body holds, of which no more than the limit is ever expanded."""
    member = zlib.decompressobj(_GZIP)
    try:
        expanded = member.decompress(data, limit + 1)
    except zlib.error as error:
        raise ApiError(400, "malformed_gzip", "The body is not gzip.") from error
    if len(expanded) > limit:
        abort(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    # One member: a body of very many empty ones would take long and say nothing.
    if not member.eof or member.unused_data:
        detail = "The gzip body is cut short, or something follows it. Send one whole gzip member."
        raise ApiError(400, "malformed_gzip", detail)
    return expanded
