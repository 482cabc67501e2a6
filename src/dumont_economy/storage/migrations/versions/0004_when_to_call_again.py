"""When to call again: a provider that is asked too often says until when to leave it alone."""

import sqlalchemy as sa
from alembic import op

from dumont_economy.storage.column_types import Instant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the instant to the record of each attempt; those before it have none."""
    op.add_column("price_import", sa.Column("retry_at", Instant(), nullable=True))
