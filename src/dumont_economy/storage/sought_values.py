"""Conditions that a column has one of some values, in a statement that stays the same.

The values are one parameter, however many there are.
"""

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Column, ColumnElement, Text, any_, bindparam, func, select
from sqlalchemy.types import UserDefinedType

from dumont_economy.storage.array_text import array_text

SOUGHT = "sought"


class _TextArray(UserDefinedType[str]):
    """An array of texts on PostgreSQL that is given as the text of one.

    The parameter itself is the array: a text that is made one is read anew for each row.
    """

    cache_ok = True
    render_bind_cast = True

    def get_col_spec(self, **_more: Any) -> str:  # noqa: ANN401  SQLAlchemy's
        """Return the type's name."""
        return "TEXT[]"


def is_sought(column: Column[str], dialect: str) -> ColumnElement[bool]:
    """Return the condition that a column has one of the texts that the parameter `SOUGHT` holds."""
    if dialect == "sqlite":
        values = func.json_each(bindparam(SOUGHT, type_=Text)).table_valued("value")
        return column.in_(select(values.c.value))
    return column == any_(bindparam(SOUGHT, type_=_TextArray))


def as_parameter(values: Iterable[str], dialect: str) -> str:
    """Return texts as what the parameter takes."""
    return json.dumps(list(values)) if dialect == "sqlite" else array_text(list(values))
