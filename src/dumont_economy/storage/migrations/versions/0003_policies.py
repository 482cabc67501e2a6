"""Policies: how an account compares, one row a change."""

import sqlalchemy as sa
from alembic import op

from dumont_economy.storage.column_types import ExactAmount, Instant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of policies; an account without a row has the default policy."""
    op.create_table(
        "policy",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("pricing_model", sa.String(length=16), nullable=False),
        sa.Column("basis", sa.String(length=32), nullable=False),
        sa.Column("substitutes", sa.String(length=16), nullable=False),
        sa.Column("region_aws", sa.String(length=64), nullable=False),
        sa.Column("region_gcp", sa.String(length=64), nullable=False),
        sa.Column("region_azure", sa.String(length=64), nullable=False),
        sa.Column("discount_aws", ExactAmount(), nullable=False),
        sa.Column("discount_gcp", ExactAmount(), nullable=False),
        sa.Column("discount_azure", ExactAmount(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_policy_account_id")),
        sa.PrimaryKeyConstraint("account_id", "version", name=op.f("pk_policy")),
    )
