"""Time zones of policies: a version may name another zone than the one the account began with."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the zone, empty in the versions that are there: theirs is the account's, as it was.

    What is empty is no part of a digest, so theirs stay what they are.
    """
    op.add_column("policy", sa.Column("timezone", sa.String(length=64), nullable=True))
