"""No amount is a float: not in code, but for the published numbers, and not in the database."""

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

import dumont_economy

PACKAGE = Path(dumont_economy.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))

# The contract of the five published endpoints asks for JSON numbers (API.md, section 1).
MAY_MAKE_FLOATS = {"api/published_number.py"}
# The one type through which amounts go to a database.
MAY_NAME_NUMERIC = {"storage/column_types.py"}

INEXACT_COLUMNS = {"Float", "FLOAT", "REAL", "Double", "DOUBLE", "DOUBLE_PRECISION", "Numeric"}


def float_calls(source: str) -> list[int]:
    """Return the lines of a source text that turn something into a float."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "float"
    ]


def inexact_columns(source: str) -> list[int]:
    """Return the lines that import from SQLAlchemy, or take from it, an inexact column type."""
    lines = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy"):
            lines += [node.lineno for alias in node.names if alias.name in INEXACT_COLUMNS]
        elif (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id in {"sa", "sqlalchemy", "types"}
            and node.attr in INEXACT_COLUMNS
        ):
            lines.append(node.lineno)
    return lines


@pytest.mark.parametrize(
    ("check", "exceptions"),
    [(float_calls, MAY_MAKE_FLOATS), (inexact_columns, MAY_NAME_NUMERIC)],
)
def test_money_stays_exact(check: Callable[[str], list[int]], exceptions: set[str]) -> None:
    """From the price file to the answer, with one exception each, which is really made use of."""
    found = {
        str(file.relative_to(PACKAGE)): lines
        for file in SOURCES
        if (lines := check(file.read_text("utf-8")))
    }

    assert set(found) == exceptions


@pytest.mark.parametrize(
    ("check", "source"),
    [
        (float_calls, "price = float(row['price'])"),
        (inexact_columns, "from sqlalchemy import Column, Float"),
        (inexact_columns, "from sqlalchemy.dialects.sqlite import REAL"),
        (inexact_columns, "import sqlalchemy as sa\namount = sa.Column(sa.Numeric(30, 12))"),
    ],
)
def test_an_inexact_amount_is_noticed(check: Callable[[str], list[int]], source: str) -> None:
    """The check bites."""
    assert check(source)
