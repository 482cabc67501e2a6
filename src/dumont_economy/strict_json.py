"""Decodes JSON strictly: what Python's decoder would let through silently is refused."""

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

MAX_DEPTH = 32
_MAX_INTEGER_DIGITS = 18
# What overflows a double is read as infinity by most; it is meant by nobody.
_LARGEST_EXPONENT = 300
# A whole string, so that what is inside one is not taken for structure, or a bracket.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"?|[][{}]', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
# For the quick look at depth: one kind of bracket, and nothing else.
_ONE_KIND = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(code for code in range(256) if code not in b"[]{}")


class StrictJsonError(Exception):
    """A body is not JSON that we take; `code` says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class OversizedInteger:
    """Stands where an integer of more digits than any field holds was sent."""

    def __repr__(self) -> str:
        """Return what is shown of it."""
        return "(an integer of too many digits)"


def decode(body: bytes) -> Any:  # noqa: ANN401  JSON
    """Return what a JSON body says; numbers with a point come as exact decimals.

    Raises:
        StrictJsonError: not UTF-8 JSON, repeated members, NaN or infinity, more than 32 levels,
            or text with lone surrogates.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise StrictJsonError("malformed_json", "The body is not UTF-8.") from error
    if not _is_shallow(body):
        _check_depth(text)
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        message = f"The body is not JSON: {error.msg} at character {error.pos + 1}."
        raise StrictJsonError("malformed_json", message) from error
    # UTF-8 has no surrogates, so that only an escape can have made one.
    if b"\\" in body:
        _check_text(value)
    return value


def _is_shallow(body: bytes) -> bool:
    """Say whether a body is surely not nested too deep, as nearly every one is.

    Brackets outside of texts are taken away pair by pair, from the inside out.
    """
    if b"\\" in body:
        return False  # A quote may be escaped then, and texts cannot be told apart so easily.
    outside = b"".join(body.split(b'"')[::2])
    brackets = outside.translate(_ONE_KIND, _NO_BRACKETS)
    for _ in range(MAX_DEPTH):
        if not brackets:
            return True
        brackets = brackets.replace(b"[]", b"")
    return not brackets


def _check_depth(text: str) -> None:
    """Refuse deep nesting before the decoder recurses into it."""
    depth = 0
    for token in _TOKEN.finditer(text):
        if token[0] in ("[", "{"):
            depth += 1
            if depth > MAX_DEPTH:
                message = f"The body is nested more than {MAX_DEPTH} levels deep."
                raise StrictJsonError("too_deep", message)
        elif token[0] in ("]", "}"):
            depth -= 1


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        message = "An object names a member twice; only one of them can be meant."
        raise StrictJsonError("duplicate_member", message)
    return members


def _constant(text: str) -> NoReturn:
    raise StrictJsonError("not_a_number", f"{text} is no number.")


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation as error:  # An exponent beyond what even Decimal holds.
        raise StrictJsonError("not_a_number", "A number is out of all range.") from error
    if number.is_finite() and number.adjusted() <= _LARGEST_EXPONENT:
        return number
    raise StrictJsonError("not_a_number", "A number is too large.")


def _integer(text: str) -> int | OversizedInteger:
    return int(text) if len(text.lstrip("-")) <= _MAX_INTEGER_DIGITS else OversizedInteger()


def _check_text(value: Any) -> None:  # noqa: ANN401  JSON
    if isinstance(value, str):
        if _SURROGATE.search(value):
            message = "A text holds half of a surrogate pair, which is no character."
            raise StrictJsonError("invalid_unicode", message)
    elif isinstance(value, dict):
        for name, member in value.items():
            _check_text(name)
            _check_text(member)
    elif isinstance(value, list):
        for element in value:
            _check_text(element)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_members, parse_constant=_constant, parse_float=_number, parse_int=_integer
)
