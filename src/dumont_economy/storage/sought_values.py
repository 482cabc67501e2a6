"""Conditions that a column has one of some values, in a statement that stays the same.

The values are one parameter, however many there are.
"""

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ARRAY, Column, ColumnElement, Text, any_, bindparam, func, select

SOUGHT = "sought"


def is_sought(column: Column[Any], dialect: str) -> ColumnElement[bool]:
    """Return the condition that a column has one of the texts that the parameter `SOUGHT` holds."""
    if dialect == "sqlite":
        values = func.json_each(bindparam(SOUGHT)).table_valued("value")
        return column.in_(select(values.c.value))
    return column == any_(bindparam(SOUGHT, type_=ARRAY(Text)))


def as_parameter(values: Iterable[str], dialect: str) -> str | list[str]:
    """Return texts as what the parameter takes."""
    return json.dumps(list(values)) if dialect == "sqlite" else list(values)
