"""Caches of usage: instances, what has ended, and its sums; filled when the program starts."""

import sqlalchemy as sa
from alembic import op

from dumont_economy.storage.column_types import Instant

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_OF_ACCOUNT = "account_id = (SELECT current_setting('economy.account_id', true))"
_TABLES = ("ledger_cache", "instance_state", "ended_use", "usage_sum")


def upgrade() -> None:
    """Make the tables, keep accounts apart in them, and let voids be found by what they name."""
    _make(
        "ledger_cache",
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("chain_hash", sa.String(length=64), nullable=False),
        sa.Column("made_with", sa.String(length=64), nullable=False),
        sa.Column("newest_event_at", Instant(), nullable=True),
        sa.Column("days_hash", sa.String(length=64), nullable=False),
        key=("account_id",),
    )
    _make(
        "instance_state",
        sa.Column("instance", sa.String(length=255), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("is_notable", sa.Boolean(), nullable=False),
        sa.Column("first_started_at", Instant(), nullable=True),
        sa.Column("last_used_at", Instant(), nullable=True),
        sa.Column("last_report_at", Instant(), nullable=True),
        sa.Column("next_event_at", Instant(), nullable=True),
        sa.Column("waiting_from_seq", sa.BigInteger(), nullable=True),
        sa.Column("changed_seq", sa.BigInteger(), nullable=False),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.Column("keys", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("row_hash", sa.String(length=64), nullable=False),
        key=("account_id", "instance"),
        indexes=(
            ("is_active", "last_used_at"),
            ("is_notable",),
            ("next_event_at",),
            ("changed_seq",),
        ),
    )
    _make(
        "ended_use",
        sa.Column("instance", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("starts_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("length_class", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("row_hash", sa.String(length=64), nullable=False),
        key=("account_id", "instance", "kind", "number"),
        indexes=(("length_class", "starts_at"),),
    )
    _make(
        "usage_sum",
        sa.Column("span", sa.String(length=4), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("sums", sa.Text(), nullable=False),
        sa.Column("changed_seq", sa.BigInteger(), nullable=False),
        sa.Column("row_hash", sa.String(length=64), nullable=False),
        key=("account_id", "span", "number", "key"),
        indexes=(("changed_seq",),),
    )
    op.create_index(
        "ix_usage_event_void_of",
        "usage_event",
        ["account_id", "source", "void_of"],
        sqlite_where=sa.text("void_of IS NOT NULL"),
        postgresql_where=sa.text("void_of IS NOT NULL"),
    )
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in _TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY rows_of_account ON {table} "
            f"USING ({_OF_ACCOUNT}) WITH CHECK ({_OF_ACCOUNT})"
        )


def _make(
    table: str,
    *columns: sa.Column[object],
    key: tuple[str, ...],
    indexes: tuple[tuple[str, ...], ...] = (),
) -> None:
    op.create_table(
        table,
        sa.Column("account_id", sa.String(length=36), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=f"fk_{table}_account_id"),
        sa.PrimaryKeyConstraint(*key, name=f"pk_{table}"),
    )
    for names in indexes:
        op.create_index(f"ix_{table}_account_id_{'_'.join(names)}", table, ["account_id", *names])
