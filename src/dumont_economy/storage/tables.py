"""The tables. Facts are only ever added to; every key of an account's rows begins with it.

`chain_hash` and `row_hash` are digests of their row (`storage/stored_facts.py`).
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from dumont_economy.storage.column_types import ExactAmount, Instant

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

installation = Table(
    "installation",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

account = Table(
    "account",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(255), nullable=False, unique=True),
    Column("currency", String(3), nullable=False),
    Column("timezone", String(64), nullable=False),
    Column("is_sample", Boolean, nullable=False),
    # The sequence of the account's newest usage event: its ledger's version.
    Column("last_seq", BigInteger, nullable=False),
    # That event's digest, so that newest events which were taken away are missed too.
    Column("last_hash", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
)

user = Table(
    "user",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("email", String(255), nullable=False, unique=True),
    Column("password_hash", String(255), nullable=False),
    Column("created_at", Instant, nullable=False),
)

membership = Table(
    "membership",
    metadata,
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("user_id", ForeignKey("user.id"), nullable=False),
    Column("role", String(16), nullable=False),
    PrimaryKeyConstraint("account_id", "user_id"),
    # Who signs in is known before the account is.
    Index(None, "user_id"),
)

login_session = Table(
    "login_session",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("user_id", ForeignKey("user.id"), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("last_used_at", Instant, nullable=False),
    Column("ended_at", Instant),
)

api_token = Table(
    "api_token",
    metadata,
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("id", String(36), nullable=False),
    Column("name", String(255), nullable=False),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("scopes", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    PrimaryKeyConstraint("account_id", "id"),
)

usage_event = Table(
    "usage_event",
    metadata,
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("source", String(255), nullable=False),
    Column("id", String(255), nullable=False),
    Column("type", String(16), nullable=False),
    Column("time", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("reporter", String(255), nullable=False),
    Column("instance", String(255)),
    Column("provider", String(255)),
    Column("gpu", String(255)),
    Column("gpu_count", Integer),
    Column("rate", ExactAmount),
    Column("currency", String(3)),
    Column("name", String(255)),
    Column("gpu_memory_gib", ExactAmount),
    Column("arch", String(16)),
    Column("void_of", String(255)),
    Column("disk_gb", ExactAmount),
    Column("disk_rate_running", ExactAmount),
    Column("disk_rate_stopped", ExactAmount),
    Column("disk_hours_per_month", Integer),
    # The digest of all columns and of the account's event before this one.
    Column("chain_hash", String(64), nullable=False),
    PrimaryKeyConstraint("account_id", "seq"),
    UniqueConstraint("account_id", "source", "id"),
    Index(None, "account_id", "instance", "seq"),
    # What a void names: few events are voids, so this is short.
    Index(
        "ix_usage_event_void_of",
        "account_id",
        "source",
        "void_of",
        sqlite_where=text("void_of IS NOT NULL"),
        postgresql_where=text("void_of IS NOT NULL"),
    ),
)

# What was not taken into the ledger, kept for view: conflicts, and refusals with their reason.
refused_event = Table(
    "refused_event",
    metadata,
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("status", String(16), nullable=False),
    Column("code", String(64), nullable=False),
    Column("detail", Text, nullable=False),
    Column("content", Text, nullable=False),
    PrimaryKeyConstraint("account_id", "number"),
    Index(None, "account_id", "received_at"),
)

# Requests that were sent with a key. While one is at work it has no answer; it is kept for a day.
idempotency_key = Table(
    "idempotency_key",
    metadata,
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("key", String(255), nullable=False),
    Column("request_sha256", String(64), nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("status", Integer),
    Column("content_type", String(64)),
    # The body as it was answered, compressed with zlib.
    Column("answer", LargeBinary),
    PrimaryKeyConstraint("account_id", "key"),
    Index(None, "account_id", "begun_at"),
)

provider_pricing = Table(
    "provider_pricing",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("provider", String(32), nullable=False),
    Column("region", String(64), nullable=False),
    Column("instance_type", String(128), nullable=False),
    Column("gpu_model", String(64), nullable=False),
    Column("gpu_count", ExactAmount, nullable=False),
    Column("cpu_architecture", String(16), nullable=False),
    Column("vcpus", ExactAmount),
    Column("memory_gib", ExactAmount),
    Column("pricing_model", String(16), nullable=False),
    Column("price_per_instance_hour", ExactAmount, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("effective_from", Instant, nullable=False),
    Column("published_at", Instant, nullable=False),
    Column("source_kind", String(16), nullable=False),
    Column("source", Text, nullable=False),
    Column("source_url", Text),
    Column("retrieved_at", String(10), nullable=False),
    Column("first_seen", String(10)),
    Column("previous_last_seen", String(10)),
    Column("payload_sha256", String(64), nullable=False),
    # The digest of all columns but the number.
    Column("row_hash", String(64), nullable=False),
    UniqueConstraint(
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
    # "Which rate, at this instant, as known then" reads one SKU's rows and no others.
    Index(
        "ix_provider_pricing_in_force",
        "provider",
        "region",
        "pricing_model",
        "instance_type",
        "effective_from",
        "published_at",
    ),
)

# One row an attempt to learn prices, whether it ended well or not.
price_import = Table(
    "price_import",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("source_kind", String(16), nullable=False),
    Column("source", Text, nullable=False),
    Column("provider", String(32), nullable=False),
    # Empty where a reading spans regions.
    Column("region", String(64), nullable=False),
    Column("url", Text, nullable=False),
    Column("retrieved_at", Instant, nullable=False),
    Column("published_at", Instant, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("code", String(64), nullable=False),
    Column("detail", Text, nullable=False),
    Column("added", Integer, nullable=False),
    Column("confirmed", Integer, nullable=False),
    Column("agreeing", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("quarantined", Integer, nullable=False),
    Column("skipped", Integer, nullable=False),
    Column("missing", Integer, nullable=False),
    Column("payload_sha256", String(64)),
    # When the provider asked to be called again.
    Column("retry_at", Instant),
    # The day on which the source says that it published what was read.
    Column("edition", String(10)),
    # Of how many SKUs under how many pricing models it stated a price, whatever became of it.
    Column("stated", Integer),
)

# What a reading did not take, by reason: how often, and one place where it stood.
price_refusal = Table(
    "price_refusal",
    metadata,
    Column("import_number", ForeignKey("price_import.number"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("code", String(64), nullable=False),
    Column("subject", Text, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("place", Text, nullable=False),
    Column("detail", Text, nullable=False),
    PrimaryKeyConstraint("import_number", "number"),
)

# Prices that wait for a person; a decision is an audit entry, the row stays as it is.
price_quarantine = Table(
    "price_quarantine",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("import_number", ForeignKey("price_import.number"), nullable=False),
    Column("provider", String(32), nullable=False),
    Column("region", String(64), nullable=False),
    Column("instance_type", String(128), nullable=False),
    Column("pricing_model", String(16), nullable=False),
    Column("price_per_instance_hour", ExactAmount, nullable=False),
    Column("last_price", ExactAmount),
    Column("code", String(64), nullable=False),
    Column("detail", Text, nullable=False),
    # The claim as it was read, so that accepting it needs nothing else.
    Column("claim", Text, nullable=False),
    Index(None, "provider", "region", "instance_type"),
)

# Who decided what, and why; never changed.
audit_entry = Table(
    "audit_entry",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", String(64), nullable=False),
    Column("subject_kind", String(32), nullable=False),
    Column("subject_number", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Index(None, "subject_kind", "subject_number"),
)

# The raw bytes that prices were read from, compressed with zlib; the oldest are pruned.
price_payload = Table(
    "price_payload",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("url", Text, nullable=False),
    Column("retrieved_at", Instant, nullable=False),
    Column("raw_bytes", BigInteger, nullable=False),
    Column("compressed_bytes", BigInteger, nullable=False),
)

price_payload_chunk = Table(
    "price_payload_chunk",
    metadata,
    Column("sha256", ForeignKey("price_payload.sha256", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
    PrimaryKeyConstraint("sha256", "number"),
)

# Work that must not run twice at once: who holds it, and until when.
lease = Table(
    "lease",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("expires_at", Instant, nullable=False),
)

billing_rule = Table(
    "billing_rule",
    metadata,
    Column("provider", String(64), nullable=False),
    Column("effective_from", Instant, nullable=False),
    Column("published_at", Instant, nullable=False),
    Column("min_seconds", Integer, nullable=False),
    Column("increment_seconds", Integer, nullable=False),
    Column("rounding", String(8), nullable=False),
    Column("source", Text, nullable=False),
    Column("sureness", Text, nullable=False),
    Column("row_hash", String(64), nullable=False),
    PrimaryKeyConstraint("provider", "effective_from", "published_at"),
)

# What one unit of a currency is worth in another, from when on, as an operator states it.
exchange_rate = Table(
    "exchange_rate",
    metadata,
    Column("currency", String(3), nullable=False),
    Column("into", String(3), nullable=False),
    Column("rate", ExactAmount, nullable=False),
    Column("effective_from", Instant, nullable=False),
    Column("published_at", Instant, nullable=False),
    Column("source", Text, nullable=False),
    Column("source_url", Text),
    Column("retrieved_at", String(10), nullable=False),
    Column("row_hash", String(64), nullable=False),
    PrimaryKeyConstraint("currency", "into", "effective_from", "published_at", "source"),
)

# What a provider asks for a GB of disk a month, in USD.
disk_price = Table(
    "disk_price",
    metadata,
    Column("provider", String(32), nullable=False),
    Column("region", String(64), nullable=False),
    Column("price_per_gb_month", ExactAmount, nullable=False),
    Column("hours_per_month", Integer, nullable=False),
    Column("effective_from", Instant, nullable=False),
    Column("published_at", Instant, nullable=False),
    Column("source", Text, nullable=False),
    Column("source_url", Text),
    Column("retrieved_at", String(10), nullable=False),
    Column("row_hash", String(64), nullable=False),
    PrimaryKeyConstraint("provider", "region", "effective_from", "published_at", "source"),
)

# As of when an account's figures of a period are final.
closed_period = Table(
    "closed_period",
    metadata,
    Column("account_id", ForeignKey("account.id"), nullable=False),
    # A year, a month or a day, as 2026, 2026-05 or 2026-05-04, in that time zone.
    Column("period", String(10), nullable=False),
    Column("timezone", String(64), nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("as_of", Instant, nullable=False),
    Column("closed_at", Instant, nullable=False),
    Column("closed_by", Text, nullable=False),
    PrimaryKeyConstraint("account_id", "period"),
)

# How an account compares, one row a change. Version 1 is the default policy and has no row.
policy = Table(
    "policy",
    metadata,
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("author", Text, nullable=False),
    Column("pricing_model", String(16), nullable=False),
    Column("basis", String(32), nullable=False),
    Column("substitutes", String(16), nullable=False),
    Column("region_aws", String(64), nullable=False),
    Column("region_gcp", String(64), nullable=False),
    Column("region_azure", String(64), nullable=False),
    Column("discount_aws", ExactAmount, nullable=False),
    Column("discount_gcp", ExactAmount, nullable=False),
    Column("discount_azure", ExactAmount, nullable=False),
    # Without a value: the time zone that the account began with.
    Column("timezone", String(64), nullable=True),
    Column("row_hash", String(64), nullable=False),
    PrimaryKeyConstraint("account_id", "version"),
)

# What follows are caches: functions of the facts, made anew by `economy rebuild`. They say of which
# state of an account's ledger they are, and of which billing rules. They have no foreign keys:
# checking them for each row took PostgreSQL two fifths of its time.
ledger_cache = Table(
    "ledger_cache",
    metadata,
    Column("account_id", String(36), nullable=False),
    # The head of the ledger that the caches were made of, and a digest of the rules.
    Column("seq", BigInteger, nullable=False),
    Column("chain_hash", String(64), nullable=False),
    Column("made_with", String(64), nullable=False),
    # The time of the last event in them: later ones have not happened yet.
    Column("newest_event_at", Instant),
    # The sum of the digests of all sums of days, so that a missing one is missed.
    Column("days_hash", String(64), nullable=False),
    PrimaryKeyConstraint("account_id"),
)

# One row an instance: what holds of it after its last event.
instance_state = Table(
    "instance_state",
    metadata,
    Column("account_id", String(36), nullable=False),
    Column("instance", String(255), nullable=False),
    Column("is_active", Boolean, nullable=False),
    # Whether every answer needs it: it is on, has a disk, or was reported in an odd way.
    Column("is_notable", Boolean, nullable=False),
    Column("first_started_at", Instant),
    Column("last_used_at", Instant),
    Column("last_report_at", Instant),
    Column("next_event_at", Instant),
    # From which event on there are some that have not happened yet.
    Column("waiting_from_seq", BigInteger),
    # The ledger's newest event when this was written.
    Column("changed_seq", BigInteger, nullable=False),
    # The digests of its events added up, so that one that went away is missed.
    Column("seal", String(64), nullable=False),
    # What ended sums it has a part in.
    Column("keys", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("row_hash", String(64), nullable=False),
    PrimaryKeyConstraint("account_id", "instance"),
    Index(None, "account_id", "is_active", "last_used_at"),
    Index(None, "account_id", "is_notable"),
    Index(None, "account_id", "next_event_at"),
    Index(None, "account_id", "changed_seq"),
)

# The sessions and disks that have ended, numbered by instance. `length_class` says how long they
# lasted at most, so that those of a stretch of time are found by their beginning.
ended_use = Table(
    "ended_use",
    metadata,
    Column("account_id", String(36), nullable=False),
    Column("instance", String(255), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("number", Integer, nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("length_class", Integer, nullable=False),
    Column("content", Text, nullable=False),
    Column("row_hash", String(64), nullable=False),
    PrimaryKeyConstraint("account_id", "instance", "kind", "number"),
    Index(None, "account_id", "length_class", "starts_at"),
)

# The sums of all that has ended, by UTC day and hour (`ledger/usage_sum.py`).
usage_sum = Table(
    "usage_sum",
    metadata,
    Column("account_id", String(36), nullable=False),
    Column("span", String(4), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("key", Text, nullable=False),
    Column("sums", Text, nullable=False),
    Column("changed_seq", BigInteger, nullable=False),
    Column("row_hash", String(64), nullable=False),
    PrimaryKeyConstraint("account_id", "span", "number", "key"),
    Index(None, "account_id", "changed_seq"),
)
