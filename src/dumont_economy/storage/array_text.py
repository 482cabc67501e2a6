"""PostgreSQL's arrays as text: the driver's own way of writing them looks at each value alone."""

from collections.abc import Sequence
from typing import Any

# No text of PostgreSQL holds it, so it can stand between texts while all are quoted at once.
_BETWEEN = "\x00"


def array_text(values: Sequence[Any]) -> str:
    """Return texts, or numbers or truth values, as the text of an array; None is NULL.

    Raises:
        ValueError: a text holds the character that none can hold.
    """
    if None in values:
        parts = ("NULL" if value is None else _elements([value]) for value in values)
        return f"{{{','.join(parts)}}}"
    return f"{{{_elements(values)}}}"


def _elements(values: Sequence[Any]) -> str:
    if not values or not isinstance(values[0], str):
        return ",".join(map(str, values))
    joined = _BETWEEN.join(values)
    if joined.count(_BETWEEN) != len(values) - 1:
        message = "PostgreSQL keeps no text with a NUL in it."
        raise ValueError(message)
    quoted = joined.replace("\\", "\\\\").replace('"', '\\"').replace(_BETWEEN, '","')
    return f'"{quoted}"'
