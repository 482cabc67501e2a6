"""Closed periods: as of when an account's figures of a period were taken as final."""

import sqlalchemy as sa
from alembic import op

from dumont_economy.storage.column_types import Instant

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_REFUSAL = "facts are only added to"


def upgrade() -> None:
    """Make the table, and its guard: a period is closed once."""
    op.create_table(
        "closed_period",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("starts_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("as_of", Instant(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=False),
        sa.Column("closed_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_closed_period_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "period", name=op.f("pk_closed_period")),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER closed_period_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE "
            "ON closed_period FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_facts()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER closed_period_refuses_{change.lower()} BEFORE {change} "
            f"ON closed_period BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
        )
