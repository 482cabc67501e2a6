"""What writes does so through `Database.transact`, which tries again after a conflict."""

import ast
from pathlib import Path

import dumont_economy

PACKAGE = Path(dumont_economy.__file__).parent
MAY_OPEN_ONE = {"storage/database.py"}


def opened_by_hand(source: str) -> list[int]:
    """Return the lines of a source text that open a writing transaction as a context."""
    return [
        item.context_expr.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.With)
        for item in node.items
        if isinstance(item.context_expr, ast.Call)
        and isinstance(item.context_expr.func, ast.Attribute)
        and item.context_expr.func.attr == "write"
    ]


def test_no_transaction_is_tried_only_once() -> None:
    """But for the one place that tries it again."""
    found = {
        str(file.relative_to(PACKAGE))
        for file in PACKAGE.rglob("*.py")
        if opened_by_hand(file.read_text("utf-8"))
    }

    assert found == MAY_OPEN_ONE


def test_one_that_is_would_be_noticed() -> None:
    """The check bites."""
    assert opened_by_hand("with database.write(account_id=one) as connection:\n    pass") == [1]
