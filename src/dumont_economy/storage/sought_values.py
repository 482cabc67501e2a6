"""Conditions that a column has one of some values, in a statement that stays the same.

The values are one parameter, however many there are.
"""

import json
from collections.abc import Iterable

from sqlalchemy import ARRAY, Column, ColumnElement, Text, any_, bindparam, cast, func, select

from dumont_economy.storage.array_text import array_text

SOUGHT = "sought"


def is_sought(column: Column[str], dialect: str) -> ColumnElement[bool]:
    """Return the condition that a column has one of the texts that the parameter `SOUGHT` holds."""
    sought = bindparam(SOUGHT, type_=Text)
    if dialect == "sqlite":
        values = func.json_each(sought).table_valued("value")
        return column.in_(select(values.c.value))
    return column == any_(cast(sought, ARRAY(Text)))


def as_parameter(values: Iterable[str], dialect: str) -> str:
    """Return texts as what the parameter takes."""
    return json.dumps(list(values)) if dialect == "sqlite" else array_text(list(values))
