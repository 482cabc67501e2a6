"""No amount is a float: not in code, but for the published numbers, and not in the database."""

import ast
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Float, Numeric

import dumont_economy
from dumont_economy.storage.column_types import ExactAmount
from dumont_economy.storage.tables import metadata

PACKAGE = Path(dumont_economy.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))

# The contract of the five published endpoints asks for JSON numbers (API.md, section 1); those are
# quotients of whole numbers.
MAY_MAKE_FLOATS: set[str] = set()
# Where a float is no amount, and why; every other file knows none, not even by name.
_ANSWER = "declares JSON numbers of the five published endpoints, made by published_number"
_HOURS = "hours and machines in an answer, made by published_number"
_WAITING = "seconds to wait for somebody else"
MAY_NAME_FLOATS = {
    "api/published_number.py": "makes the JSON numbers",
    "api/economy/active_session.py": _ANSWER,
    "api/economy/history.py": _ANSWER,
    "api/economy/pricing.py": _ANSWER,
    "api/economy/realtime.py": _ANSWER,
    "api/economy/savings.py": _ANSWER,
    "api/economy/shared.py": _ANSWER,
    "api/instances.py": _HOURS,
    "cli/demo.py": _WAITING,
    "cli/rebuild.py": "seconds that it took",
    "cli/worker.py": _WAITING,
    "demo/fleet.py": "chances and hours of a made-up fleet",
    "feeds/exchange.py": _WAITING,
    "feeds/fetch.py": _WAITING,
    "feeds/limits.py": _WAITING,
    "feeds/pace.py": _WAITING,
    "services/change_watch.py": _WAITING,
    "services/listener.py": _WAITING,
    "storage/database.py": _WAITING,
    "storage/writer_turn.py": _WAITING,
}
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


def floats(source: str) -> list[int]:
    """Return the lines of a source text that name the type, or write a number of it."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if (isinstance(node, ast.Name) and node.id == "float")
        or (isinstance(node, ast.Constant) and isinstance(node.value, float | complex))
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
    [
        (float_calls, MAY_MAKE_FLOATS),
        (floats, set(MAY_NAME_FLOATS)),
        (inexact_columns, MAY_NAME_NUMERIC),
    ],
)
def test_money_stays_exact(check: Callable[[str], list[int]], exceptions: set[str]) -> None:
    """From the price file to the answer; each exception is really made use of."""
    found = {
        str(file.relative_to(PACKAGE)): lines
        for file in SOURCES
        if (lines := check(file.read_text("utf-8")))
    }

    assert set(found) == exceptions


def test_no_column_is_an_inexact_number() -> None:
    """What has decimals is of the one type that keeps all of them, on every database."""
    numbers = {
        f"{table.name}.{column.name}": column.type
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, (Numeric, Float, ExactAmount))
    }

    assert numbers
    assert {type(one) for one in numbers.values()} == {ExactAmount}


@pytest.mark.parametrize(
    ("check", "source"),
    [
        (float_calls, "price = float(row['price'])"),
        (floats, "prices = map(float, row)"),
        (floats, "def cost(hours: float) -> Fraction: ..."),
        (floats, "half = cost * 0.5"),
        (floats, "cent = 1e-2"),
        (inexact_columns, "from sqlalchemy import Column, Float"),
        (inexact_columns, "from sqlalchemy.dialects.sqlite import REAL"),
        (inexact_columns, "import sqlalchemy as sa\namount = sa.Column(sa.Numeric(30, 12))"),
    ],
)
def test_an_inexact_amount_is_noticed(check: Callable[[str], list[int]], source: str) -> None:
    """The check bites."""
    assert check(source)
