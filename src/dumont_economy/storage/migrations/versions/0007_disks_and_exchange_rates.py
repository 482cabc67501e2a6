"""Disk prices and exchange rates: facts as prices are, only added to."""

import sqlalchemy as sa
from alembic import op

from dumont_economy.storage.column_types import ExactAmount, Instant

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_REFUSAL = "facts are only added to"


def upgrade() -> None:
    """Make both tables, each with its guard."""
    op.create_table(
        "exchange_rate",
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("into", sa.String(length=3), nullable=False),
        sa.Column("rate", ExactAmount, nullable=False),
        *_dates_and_source(),
        sa.PrimaryKeyConstraint(
            "currency", "into", "effective_from", "published_at", "source", name="pk_exchange_rate"
        ),
    )
    op.create_table(
        "disk_price",
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("region", sa.String(length=64), nullable=False),
        sa.Column("price_per_gb_month", ExactAmount, nullable=False),
        sa.Column("hours_per_month", sa.Integer(), nullable=False),
        *_dates_and_source(),
        sa.PrimaryKeyConstraint(
            "provider", "region", "effective_from", "published_at", "source", name="pk_disk_price"
        ),
    )
    for table in ("exchange_rate", "disk_price"):
        _guard(table)


def _dates_and_source() -> list[sa.Column[object]]:
    return [
        sa.Column("effective_from", Instant, nullable=False),
        sa.Column("published_at", Instant, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_url", sa.Text(), nullable=True),
        sa.Column("retrieved_at", sa.String(length=10), nullable=False),
    ]


def _guard(table: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {table}_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_facts()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_refuses_{change.lower()} BEFORE {change} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
        )
