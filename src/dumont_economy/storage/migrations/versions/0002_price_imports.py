"""Price imports: what was read, refused and kept waiting, raw payloads, audit and leases."""

import sqlalchemy as sa
from alembic import op

from dumont_economy.storage.column_types import ExactAmount, Instant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables around price feeds, and the index that a rate is found by."""
    op.create_index(
        "ix_provider_pricing_in_force",
        "provider_pricing",
        [
            "provider",
            "region",
            "pricing_model",
            "instance_type",
            "effective_from",
            "published_at",
        ],
    )
    _create_imports()
    _create_payloads()
    op.create_table(
        "audit_entry",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("subject_kind", sa.String(length=32), nullable=False),
        sa.Column("subject_number", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_entry")),
    )
    op.create_index(
        op.f("ix_audit_entry_subject_kind_subject_number"),
        "audit_entry",
        ["subject_kind", "subject_number"],
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )


def _create_imports() -> None:
    op.create_table(
        "price_import",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("source_kind", sa.String(length=16), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("region", sa.String(length=64), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("retrieved_at", Instant(), nullable=False),
        sa.Column("published_at", Instant(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in (
                "added",
                "confirmed",
                "agreeing",
                "refused",
                "quarantined",
                "skipped",
                "missing",
            )
        ),
        sa.Column("payload_sha256", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_price_import")),
    )
    op.create_table(
        "price_refusal",
        sa.Column("import_number", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_number"],
            ["price_import.number"],
            name=op.f("fk_price_refusal_import_number"),
        ),
        sa.PrimaryKeyConstraint("import_number", "number", name=op.f("pk_price_refusal")),
    )
    op.create_table(
        "price_quarantine",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("import_number", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("region", sa.String(length=64), nullable=False),
        sa.Column("instance_type", sa.String(length=128), nullable=False),
        sa.Column("pricing_model", sa.String(length=16), nullable=False),
        sa.Column("price_per_instance_hour", ExactAmount(), nullable=False),
        sa.Column("last_price", ExactAmount(), nullable=True),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("claim", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_number"],
            ["price_import.number"],
            name=op.f("fk_price_quarantine_import_number"),
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_price_quarantine")),
    )
    op.create_index(
        op.f("ix_price_quarantine_provider_region_instance_type"),
        "price_quarantine",
        ["provider", "region", "instance_type"],
    )


def _create_payloads() -> None:
    op.create_table(
        "price_payload",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("retrieved_at", Instant(), nullable=False),
        sa.Column("raw_bytes", sa.BigInteger(), nullable=False),
        sa.Column("compressed_bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_price_payload")),
    )
    op.create_table(
        "price_payload_chunk",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sha256"],
            ["price_payload.sha256"],
            name=op.f("fk_price_payload_chunk_sha256"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("sha256", "number", name=op.f("pk_price_payload_chunk")),
    )
