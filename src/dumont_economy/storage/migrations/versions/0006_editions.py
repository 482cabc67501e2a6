"""Editions: when a source says that it published what was read, and how much it stated."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both to the record of each attempt; those before it have neither."""
    op.add_column("price_import", sa.Column("edition", sa.String(length=10), nullable=True))
    op.add_column("price_import", sa.Column("stated", sa.Integer(), nullable=True))
