"""Queries on price imports: what was read, what of it was refused, and the raw payloads."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select

from dumont_economy.pricing.price_claim import FeedScope, StatedKey
from dumont_economy.pricing.rate import PricingModel, SourceKind
from dumont_economy.storage.tables import (
    audit_entry,
    price_import,
    price_payload,
    price_payload_chunk,
    price_refusal,
    provider_pricing,
)

_NO_REGION = ""
NEWEST_IMPORT = select(func.max(price_import.c.number)).scalar_subquery()
NEWEST_DECISION = select(func.max(audit_entry.c.number)).scalar_subquery()
# Asked for by every poll, so it is made once.
_READ_VERSION = select(NEWEST_IMPORT, NEWEST_DECISION)


class ImportOutcome(StrEnum):
    """How an attempt to learn prices ended: taken, refused as a whole, or not readable."""

    TAKEN = "taken"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ImportCounts:
    """How many rows of a reading went which way."""

    added: int = 0
    confirmed: int = 0
    agreeing: int = 0
    refused: int = 0
    quarantined: int = 0
    skipped: int = 0
    missing: int = 0


@dataclass(frozen=True, slots=True)
class ImportRecord:
    """One attempt to learn prices. `code` and `detail` are empty where it went well.

    `retry_at` is when the provider asked to be called again, None where it did not say; `edition`
    the day on which the source says that it published what was read; `stated` of how many SKUs
    under how many pricing models it stated a price, whatever became of it.
    """

    scope: FeedScope
    url: str
    retrieved_at: datetime
    outcome: ImportOutcome
    code: str
    detail: str
    counts: ImportCounts
    payload_sha256: str | None
    retry_at: datetime | None = None
    edition: date | None = None
    stated: int | None = None


@dataclass(frozen=True, slots=True)
class StoredImport:
    """An import record with its number and the instant from which it is known."""

    number: int
    published_at: datetime
    record: ImportRecord


@dataclass(frozen=True, slots=True)
class RefusedRows:
    """Rows that were not taken for one reason: how many, and where one of them stood."""

    code: str
    subject: str
    rows: int
    place: str
    detail: str


def add_import(connection: Connection, record: ImportRecord, *, published_at: datetime) -> int:
    """Add an import and return its number."""
    scope, counts = record.scope, record.counts
    added = connection.execute(
        insert(price_import)
        .values(
            source_kind=scope.source_kind,
            source=scope.source,
            provider=scope.provider,
            region=scope.region or _NO_REGION,
            url=record.url,
            retrieved_at=record.retrieved_at,
            published_at=published_at,
            outcome=record.outcome,
            code=record.code,
            detail=record.detail,
            added=counts.added,
            confirmed=counts.confirmed,
            agreeing=counts.agreeing,
            refused=counts.refused,
            quarantined=counts.quarantined,
            skipped=counts.skipped,
            missing=counts.missing,
            payload_sha256=record.payload_sha256,
            retry_at=record.retry_at,
            edition=None if record.edition is None else record.edition.isoformat(),
            stated=record.stated,
        )
        .returning(price_import.c.number)
    )
    return int(added.scalar_one())


def add_refusals(
    connection: Connection, import_number: int, refusals: Sequence[RefusedRows]
) -> None:
    """Add what an import did not take."""
    if not refusals:
        return
    rows = [
        {
            "import_number": import_number,
            "number": number,
            "code": one.code,
            "subject": one.subject,
            "rows": one.rows,
            "place": one.place,
            "detail": one.detail,
        }
        for number, one in enumerate(refusals, start=1)
    ]
    connection.execute(insert(price_refusal), rows)


def refusals_of(connection: Connection, import_number: int) -> list[RefusedRows]:
    """Return what an import did not take, in the order in which it was added."""
    statement = (
        select(price_refusal)
        .where(price_refusal.c.import_number == import_number)
        .order_by(price_refusal.c.number)
    )
    return [
        RefusedRows(row.code, row.subject, row.rows, row.place, row.detail)
        for row in connection.execute(statement)
    ]


def scopes_heard(connection: Connection, since: datetime) -> list[FeedScope]:
    """Return the scopes that were read well since an instant."""
    column = price_import.c
    scope = (column.source_kind, column.source, column.provider, column.region)
    statement = (
        select(*scope)
        .where(column.outcome == ImportOutcome.TAKEN, column.retrieved_at >= since)
        .distinct()
    )
    return [
        FeedScope(SourceKind(row.source_kind), row.source, row.provider, row.region or None)
        for row in connection.execute(statement)
    ]


def imports_version(connection: Connection) -> tuple[int, int]:
    """Return a pair that changes with every attempt to learn prices and every decision on one."""
    newest_import, newest_decision = connection.execute(_READ_VERSION).one()
    return newest_import or 0, newest_decision or 0


def newest_imports(connection: Connection) -> list[StoredImport]:
    """Return the newest import of every source, provider and region, whatever its outcome."""
    column = price_import.c
    scope = (column.source_kind, column.source, column.provider, column.region)
    newest = select(func.max(column.number)).group_by(*scope).scalar_subquery()
    statement = select(price_import).where(column.number.in_(newest)).order_by(*scope)
    return [_stored_import(row) for row in connection.execute(statement)]


def newest_taken_at(connection: Connection, scope: FeedScope) -> datetime | None:
    """Return when a scope was last read well, None where it never was."""
    column = price_import.c
    statement = select(func.max(column.retrieved_at)).where(
        column.source_kind == scope.source_kind,
        column.source == scope.source,
        column.provider == scope.provider,
        column.region == (scope.region or _NO_REGION),
        column.outcome == ImportOutcome.TAKEN,
    )
    found: datetime | None = connection.execute(statement).scalar()
    return found


def newest_import(
    connection: Connection, scope: FeedScope, outcome: ImportOutcome | None = None
) -> StoredImport | None:
    """Return the newest import of a scope, with one outcome or any; None where there was none."""
    column = price_import.c
    statement = select(price_import).where(
        column.source_kind == scope.source_kind,
        column.source == scope.source,
        column.provider == scope.provider,
        column.region == (scope.region or _NO_REGION),
    )
    if outcome is not None:
        statement = statement.where(column.outcome == outcome)
    row = connection.execute(statement.order_by(column.number.desc()).limit(1)).first()
    return None if row is None else _stored_import(row)


def last_stated(connection: Connection, scope: FeedScope) -> dict[StatedKey, date]:
    """Return what a source has stated before in a scope, and on which day last."""
    column = provider_pricing.c
    key = (column.region, column.instance_type, column.pricing_model)
    statement = (
        select(*key, func.max(column.retrieved_at).label("retrieved_at"))
        .where(
            column.provider == scope.provider,
            column.source_kind == scope.source_kind,
            column.source == scope.source,
        )
        .group_by(*key)
    )
    if scope.region is not None:
        statement = statement.where(column.region == scope.region)
    return {
        StatedKey(
            row.region, row.instance_type, PricingModel(row.pricing_model)
        ): date.fromisoformat(row.retrieved_at)
        for row in connection.execute(statement)
    }


def has_payload(connection: Connection, sha256: str) -> bool:
    """Say whether the bytes with that hash are kept."""
    statement = select(price_payload.c.sha256).where(price_payload.c.sha256 == sha256)
    return connection.execute(statement).first() is not None


def add_payload(
    connection: Connection,
    *,
    sha256: str,
    url: str,
    retrieved_at: datetime,
    raw_bytes: int,
    chunks: Iterable[bytes],
) -> None:
    """Keep raw bytes; `chunks` are one zlib stream, cut."""
    # The row goes first, for the chunks refer to it; the size is known once they are through.
    connection.execute(
        insert(price_payload).values(
            sha256=sha256,
            url=url,
            retrieved_at=retrieved_at,
            raw_bytes=raw_bytes,
            compressed_bytes=0,
        )
    )
    compressed = 0
    for number, content in enumerate(chunks):
        compressed += len(content)
        connection.execute(
            insert(price_payload_chunk).values(sha256=sha256, number=number, content=content)
        )
    connection.execute(
        price_payload.update()
        .where(price_payload.c.sha256 == sha256)
        .values(compressed_bytes=compressed)
    )


def prune_payloads(connection: Connection, keep_bytes: int) -> int:
    """Delete the oldest payloads until at most `keep_bytes` are kept; return how many went.

    The hashes stay with the prices that were read from them.
    """
    column = price_payload.c
    statement = select(column.sha256, column.compressed_bytes).order_by(
        column.retrieved_at.desc(), column.sha256
    )
    total = 0
    doomed = []
    for row in connection.execute(statement):
        total += row.compressed_bytes
        if total > keep_bytes:
            doomed.append(row.sha256)
    for sha256 in doomed:
        chunks = price_payload_chunk.c.sha256 == sha256
        connection.execute(delete(price_payload_chunk).where(chunks))
        connection.execute(delete(price_payload).where(column.sha256 == sha256))
    return len(doomed)


def payload_chunks(connection: Connection, sha256: str) -> list[bytes]:
    """Return the kept bytes with that hash: one zlib stream, cut; empty where they are pruned."""
    column = price_payload_chunk.c
    statement = select(column.content).where(column.sha256 == sha256).order_by(column.number)
    return [bytes(content) for content in connection.execute(statement).scalars()]


def _stored_import(row: Row[Any]) -> StoredImport:
    return StoredImport(
        number=row.number,
        published_at=row.published_at,
        record=ImportRecord(
            scope=FeedScope(
                SourceKind(row.source_kind), row.source, row.provider, row.region or None
            ),
            url=row.url,
            retrieved_at=row.retrieved_at,
            outcome=ImportOutcome(row.outcome),
            code=row.code,
            detail=row.detail,
            counts=ImportCounts(
                added=row.added,
                confirmed=row.confirmed,
                agreeing=row.agreeing,
                refused=row.refused,
                quarantined=row.quarantined,
                skipped=row.skipped,
                missing=row.missing,
            ),
            payload_sha256=row.payload_sha256,
            retry_at=row.retry_at,
            edition=None if row.edition is None else date.fromisoformat(row.edition),
            stated=row.stated,
        ),
    )
