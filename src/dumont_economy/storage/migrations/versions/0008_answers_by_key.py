"""Answers kept by idempotency key, and an index by which what was refused long ago is found."""

import sqlalchemy as sa
from alembic import op

from dumont_economy.storage.column_types import Instant

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of keys; nothing that is kept already changes."""
    op.create_table(
        "idempotency_key",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("request_sha256", sa.String(length=64), nullable=False),
        sa.Column("begun_at", Instant(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("content_type", sa.String(length=64), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_idempotency_key_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "key", name=op.f("pk_idempotency_key")),
    )
    op.create_index(
        op.f("ix_idempotency_key_account_id_begun_at"),
        "idempotency_key",
        ["account_id", "begun_at"],
    )
    op.create_index(
        op.f("ix_refused_event_account_id_received_at"),
        "refused_event",
        ["account_id", "received_at"],
    )
