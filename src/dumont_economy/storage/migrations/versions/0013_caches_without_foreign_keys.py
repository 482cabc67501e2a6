"""Caches of usage without foreign keys: PostgreSQL asked for the account of each of their rows."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_TABLES = ("ledger_cache", "instance_state", "ended_use", "usage_sum")


def upgrade() -> None:
    """Take the keys away: caches are made anew of facts, which keep theirs."""
    for table in _TABLES:
        with op.batch_alter_table(table) as changed:
            changed.drop_constraint(f"fk_{table}_account_id", type_="foreignkey")
