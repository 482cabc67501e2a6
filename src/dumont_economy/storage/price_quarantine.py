"""Queries on prices that wait for a person, and on what was decided of them, by whom and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, exists, insert, select

from dumont_economy.pricing.price_claim import FeedScope
from dumont_economy.pricing.rate import PricingModel, SourceKind
from dumont_economy.storage.tables import audit_entry, price_import, price_quarantine

_SUBJECT_KIND = "price_quarantine"


class Decision(StrEnum):
    """What became of a quarantined price; released is confirmed by a second source."""

    ACCEPTED = "price_accepted"
    REJECTED = "price_rejected"
    RELEASED = "price_released"
    SUPERSEDED = "price_superseded"


@dataclass(frozen=True, slots=True)
class NewQuarantine:
    """A price that will wait for a person. `claim` is it as it was read, as JSON text."""

    provider: str
    region: str
    instance_type: str
    pricing_model: PricingModel
    price_per_instance_hour: Decimal
    last_price: Decimal | None
    code: str
    detail: str
    claim: str


@dataclass(frozen=True, slots=True)
class QuarantinedPrice:
    """A price that waits for a person, and which import put it there.

    `payload_sha256` names the bytes from which that import was made.
    """

    number: int
    scope: FeedScope
    since: datetime
    price: NewQuarantine
    payload_sha256: str


@dataclass(frozen=True, slots=True)
class UnacceptedPrice:
    """A price that waits for a person, or that one rejected."""

    quarantined: QuarantinedPrice
    is_rejected: bool


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who decided what of a quarantined price, when and why."""

    at: datetime
    actor: str
    action: str
    subject_number: int
    reason: str


def add_quarantine(
    connection: Connection, import_number: int, waiting: Sequence[NewQuarantine]
) -> None:
    """Let prices wait."""
    if not waiting:
        return
    rows = [
        {
            "import_number": import_number,
            "provider": one.provider,
            "region": one.region,
            "instance_type": one.instance_type,
            "pricing_model": one.pricing_model,
            "price_per_instance_hour": one.price_per_instance_hour,
            "last_price": one.last_price,
            "code": one.code,
            "detail": one.detail,
            "claim": one.claim,
        }
        for one in waiting
    ]
    connection.execute(insert(price_quarantine), rows)


def waiting_prices(connection: Connection) -> list[QuarantinedPrice]:
    """Return the prices of which nothing has been decided yet, oldest first."""
    return [
        _quarantined(row)
        for row in connection.execute(_waiting().order_by(price_quarantine.c.number))
    ]


def waiting_price(connection: Connection, number: int) -> QuarantinedPrice | None:
    """Return one price that waits, None where it does not, or there is none of that number."""
    row = connection.execute(_waiting().where(price_quarantine.c.number == number)).first()
    return None if row is None else _quarantined(row)


def waiting_on(
    connection: Connection,
    *,
    provider: str,
    region: str,
    instance_type: str,
    pricing_model: PricingModel,
    as_of: datetime,
) -> list[QuarantinedPrice]:
    """Return the prices of one SKU that waited for a person at an instant, oldest first."""
    statement = (
        _quarantine()
        .where(
            price_quarantine.c.provider == provider,
            price_quarantine.c.region == region,
            price_quarantine.c.instance_type == instance_type,
            price_quarantine.c.pricing_model == pricing_model,
            price_import.c.published_at <= as_of,
            ~_has_decision(until=as_of),
        )
        .order_by(price_quarantine.c.number)
    )
    return [_quarantined(row) for row in connection.execute(statement)]


def unaccepted_prices(connection: Connection, provider: str | None) -> list[UnacceptedPrice]:
    """Return what waits, and what was rejected, of one provider or of all, oldest first."""
    statement = _quarantine().where(~_has_decision(without=Decision.REJECTED))
    if provider is not None:
        statement = statement.where(price_quarantine.c.provider == provider)
    is_rejected = _has_decision().label("is_rejected")
    rows = connection.execute(
        statement.add_columns(is_rejected).order_by(price_quarantine.c.number)
    )
    return [UnacceptedPrice(_quarantined(row), bool(row.is_rejected)) for row in rows]


def decide(
    connection: Connection,
    number: int,
    decision: Decision,
    *,
    actor: str,
    reason: str,
    now: datetime,
) -> None:
    """Record what was decided of a quarantined price."""
    connection.execute(
        insert(audit_entry).values(
            at=now,
            actor=actor,
            action=decision,
            subject_kind=_SUBJECT_KIND,
            subject_number=number,
            reason=reason,
        )
    )


def decisions(connection: Connection) -> list[AuditEntry]:
    """Return everything that was decided of quarantined prices, oldest first."""
    statement = (
        select(audit_entry)
        .where(audit_entry.c.subject_kind == _SUBJECT_KIND)
        .order_by(audit_entry.c.number)
    )
    return [
        AuditEntry(row.at, row.actor, row.action, row.subject_number, row.reason)
        for row in connection.execute(statement)
    ]


def _waiting() -> Select[Any]:
    return _quarantine().where(~_has_decision())


def _has_decision(
    without: Decision | None = None, until: datetime | None = None
) -> ColumnElement[bool]:
    """Say of a row whether something was decided of it, other than the decision left out."""
    decided = exists().where(
        audit_entry.c.subject_kind == _SUBJECT_KIND,
        audit_entry.c.subject_number == price_quarantine.c.number,
    )
    if until is not None:
        decided = decided.where(audit_entry.c.at <= until)
    return decided if without is None else decided.where(audit_entry.c.action != without)


def _quarantine() -> Select[Any]:
    return select(
        price_quarantine,
        price_import.c.source_kind,
        price_import.c.source,
        price_import.c.region.label("scope_region"),
        price_import.c.published_at,
        price_import.c.payload_sha256,
    ).join(price_import, price_import.c.number == price_quarantine.c.import_number)


def _quarantined(row: Row[Any]) -> QuarantinedPrice:
    return QuarantinedPrice(
        number=row.number,
        scope=FeedScope(
            SourceKind(row.source_kind), row.source, row.provider, row.scope_region or None
        ),
        since=row.published_at,
        payload_sha256=row.payload_sha256 or "",
        price=NewQuarantine(
            provider=row.provider,
            region=row.region,
            instance_type=row.instance_type,
            pricing_model=PricingModel(row.pricing_model),
            price_per_instance_hour=row.price_per_instance_hour,
            last_price=row.last_price,
            code=row.code,
            detail=row.detail,
            claim=row.claim,
        ),
    )
