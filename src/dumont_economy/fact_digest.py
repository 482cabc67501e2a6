"""Digests of facts: what was written can be told apart from anything else, for ever.

A row of facts is encoded from its columns so that no two rows are encoded alike, and hashed. A
digest stands beside its row; the events of an account are a chain, each digest made over the one
before it, so that a row that was changed, moved, added or taken away breaks it.

The encoding is fixed: digests of years ago have to come out again. A column without a value is left
out of it, so that a column which a later version adds changes no digest.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from types import NoneType
from typing import Any

from dumont_economy.instant import to_microseconds
from dumont_economy.money import to_units

# What the first event of an account follows.
CHAIN_START = "0" * 64


def encoded(table: str, columns: Sequence[str], values: Mapping[str, object]) -> bytes:
    """Return the one encoding of a row, from the columns named, in their order.

    Text is written with its length before it; instants as whole microseconds of POSIX time and
    amounts as whole units of 10^-12, so that a value may be given as either. None is left out.

    Raises:
        ValueError: a value is none that a fact can have.
    """
    parts = [table]
    for name in columns:
        value = values[name]
        kind = type(value)
        # What is read is nearly always one of these, and very much is read.
        if kind is str:
            parts.append(f";{name}:{len(value)}:{value}")  # type: ignore[arg-type]
        elif kind is int:
            parts.append(f";{name}={value}")
        elif value is not None:
            parts.append(_part(name, value))
    return _as_bytes(parts)


def encoded_rows(
    table: str, columns: Sequence[str], values_of: Mapping[str, Sequence[object]]
) -> list[bytes]:
    """Return the encodings of many rows, each as `encoded` has it, from the values of each column.

    Raises:
        ValueError: a value is none that a fact can have.
    """
    parts = [_parts(name, values_of[name]) for name in columns]
    return [_as_bytes((table, *row)) for row in zip(*parts, strict=True)]


def _parts(name: str, values: Sequence[object]) -> list[str]:
    """Return what a column adds to each row; its values nearly always are of one kind, or None."""
    kinds = set(map(type, values))
    kinds.discard(NoneType)
    if kinds not in ({str}, {int}):
        # Values of several kinds may be equal, and told otherwise.
        return ["" if value is None else _part(name, value) for value in values]
    different = set(values)
    if len(different) == len(values):
        return _parts_of_kind(name, values, kinds)
    # Few values are told by many rows.
    told = list(different)
    part_of = dict(zip(told, _parts_of_kind(name, told, kinds), strict=True))
    return list(map(part_of.__getitem__, values))


def _parts_of_kind(name: str, values: Sequence[Any], kinds: set[type]) -> list[str]:
    if kinds == {str}:
        return ["" if one is None else f";{name}:{len(one)}:{one}" for one in values]
    return ["" if one is None else f";{name}={one}" for one in values]


def _part(name: str, value: object) -> str:
    if isinstance(value, str):
        return f";{name}:{len(value)}:{value}"
    if isinstance(value, int):
        return f";{name}={value}"
    if isinstance(value, datetime):
        return f";{name}={to_microseconds(value)}"
    if isinstance(value, Decimal):
        return f";{name}={to_units(value)}"
    message = f"{name} holds a {type(value).__name__}, which no fact does."
    raise ValueError(message)


def _as_bytes(parts: Sequence[str]) -> bytes:
    # Bytes that are no text, which only damage leaves, stay what they are.
    return "".join(parts).encode("utf-8", "surrogateescape")


def digest(encoding: bytes) -> str:
    """Return the digest of a row that stands by itself, 64 hexadecimal digits."""
    return sha256(encoding).hexdigest()


def chained(previous: str, encoding: bytes) -> str:
    """Return the digest of a row that follows the one with the digest `previous`."""
    return sha256(previous.encode("utf-8", "surrogateescape") + encoding).hexdigest()
