"""Caches of usage without foreign keys: PostgreSQL asked for the account of each of their rows."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_TABLES = ("ledger_cache", "instance_state", "ended_use", "usage_sum")
_STATEMENTS = sa.text(
    "SELECT sql FROM sqlite_master WHERE tbl_name = :of_table AND sql IS NOT NULL ORDER BY rootpage"
)


def upgrade() -> None:
    """Take the keys away: caches are made anew of facts, which keep theirs."""
    for table in _TABLES:
        if op.get_bind().dialect.name == "postgresql":
            op.drop_constraint(f"fk_{table}_account_id", table, type_="foreignkey")
        else:
            _make_anew(table)


def _make_anew(table: str) -> None:
    """Make a table and its indexes again without the key, which SQLite cannot take away.

    It is empty then, and filled when the program starts.
    """
    key = f", CONSTRAINT fk_{table}_account_id FOREIGN KEY(account_id) REFERENCES account (id)"
    made, *indexes = op.get_bind().execute(_STATEMENTS, {"of_table": table}).scalars().all()
    without = " ".join(made.split()).replace(key, "")
    op.drop_table(table)
    for statement in (without, *indexes):
        op.execute(statement)
