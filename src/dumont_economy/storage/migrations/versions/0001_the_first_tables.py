"""The first tables."""

import sqlalchemy as sa
from alembic import op

from dumont_economy.storage.column_types import ExactAmount, Instant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create accounts, people, tokens, usage events, prices and billing rules."""
    op.create_table(
        "account",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("is_sample", sa.Boolean(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("name", name=op.f("uq_account_name")),
    )
    op.create_table(
        "billing_rule",
        sa.Column("provider", sa.String(length=64), nullable=False),
        sa.Column("effective_from", Instant(), nullable=False),
        sa.Column("published_at", Instant(), nullable=False),
        sa.Column("min_seconds", sa.Integer(), nullable=False),
        sa.Column("increment_seconds", sa.Integer(), nullable=False),
        sa.Column("rounding", sa.String(length=8), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("sureness", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "provider", "effective_from", "published_at", name=op.f("pk_billing_rule")
        ),
    )
    op.create_table(
        "installation",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_installation")),
    )
    op.create_table(
        "provider_pricing",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("region", sa.String(length=64), nullable=False),
        sa.Column("instance_type", sa.String(length=128), nullable=False),
        sa.Column("gpu_model", sa.String(length=64), nullable=False),
        sa.Column("gpu_count", ExactAmount(), nullable=False),
        sa.Column("cpu_architecture", sa.String(length=16), nullable=False),
        sa.Column("vcpus", ExactAmount(), nullable=True),
        sa.Column("memory_gib", ExactAmount(), nullable=True),
        sa.Column("pricing_model", sa.String(length=16), nullable=False),
        sa.Column("price_per_instance_hour", ExactAmount(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("effective_from", Instant(), nullable=False),
        sa.Column("published_at", Instant(), nullable=False),
        sa.Column("source_kind", sa.String(length=16), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_url", sa.Text(), nullable=True),
        sa.Column("retrieved_at", sa.String(length=10), nullable=False),
        sa.Column("first_seen", sa.String(length=10), nullable=True),
        sa.Column("previous_last_seen", sa.String(length=10), nullable=True),
        sa.Column("payload_sha256", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_provider_pricing")),
        sa.UniqueConstraint(
            "provider",
            "region",
            "instance_type",
            "pricing_model",
            "effective_from",
            "source_kind",
            "source",
            "published_at",
            name="uq_provider_pricing_fact",
        ),
    )
    op.create_table(
        "user",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
        sa.UniqueConstraint("email", name=op.f("uq_user_email")),
    )
    op.create_table(
        "api_token",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.String(length=64), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_api_token_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
    )
    op.create_table(
        "login_session",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("last_used_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_login_session_account_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_login_session_user_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_login_session")),
    )
    op.create_table(
        "membership",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_membership_account_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_membership_user_id")),
        sa.PrimaryKeyConstraint("account_id", "user_id", name=op.f("pk_membership")),
    )
    op.create_table(
        "refused_event",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_refused_event_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "number", name=op.f("pk_refused_event")),
    )
    op.create_table(
        "usage_event",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=255), nullable=False),
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("time", Instant(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("reporter", sa.String(length=255), nullable=False),
        sa.Column("instance", sa.String(length=255), nullable=True),
        sa.Column("provider", sa.String(length=255), nullable=True),
        sa.Column("gpu", sa.String(length=255), nullable=True),
        sa.Column("gpu_count", sa.Integer(), nullable=True),
        sa.Column("rate", ExactAmount(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=True),
        sa.Column("gpu_memory_gib", ExactAmount(), nullable=True),
        sa.Column("arch", sa.String(length=16), nullable=True),
        sa.Column("void_of", sa.String(length=255), nullable=True),
        sa.Column("disk_gb", ExactAmount(), nullable=True),
        sa.Column("disk_rate_running", ExactAmount(), nullable=True),
        sa.Column("disk_rate_stopped", ExactAmount(), nullable=True),
        sa.Column("disk_hours_per_month", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_usage_event_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "seq", name=op.f("pk_usage_event")),
        sa.UniqueConstraint(
            "account_id", "source", "id", name=op.f("uq_usage_event_account_id_source_id")
        ),
    )
    with op.batch_alter_table("usage_event", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_usage_event_account_id_instance_seq"),
            ["account_id", "instance", "seq"],
            unique=False,
        )
