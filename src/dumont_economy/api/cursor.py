"""Opaque cursors: where the next page of a list begins."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated

from pydantic import Field

from dumont_economy.api.api_error import ApiError
from dumont_economy.errors import FieldProblem

_LONGEST = 128
_MAX_DIGITS = 18

CursorParameter = Annotated[str, Field(max_length=_LONGEST)]


def encode_cursor(*positions: int) -> str:
    """Return a cursor for the positions of a list's parts."""
    text = ".".join(str(position) for position in positions)
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str, count: int) -> list[int]:
    """Return the positions that a cursor holds.

    Raises:
        ApiError: 422 `bad_cursor` for anything that is no cursor of ours.
    """
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        parts = urlsafe_b64decode(padded).decode("ascii").split(".")
    except ValueError:
        parts = []
    are_positions = len(parts) == count and all(
        part.isdecimal() and len(part) <= _MAX_DIGITS for part in parts
    )
    positions = [int(part) for part in parts] if are_positions else []
    # Decoding passes over what is no Base64, and `01` is a number too: compare with our own.
    if not positions or encode_cursor(*positions) != cursor:
        raise bad_cursor()
    return positions


def bad_cursor() -> ApiError:
    """Return the refusal of what is no cursor of ours."""
    message = "Send back a next_cursor as it was answered, or leave it out."
    return ApiError(422, "bad_cursor", message, [FieldProblem("cursor", "bad_cursor", message)])
