"""Queries on the requests that were sent with an idempotency key, and on what was answered."""

import zlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from dumont_economy.storage.tables import idempotency_key

_PRUNED_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer as it was given: its status, type and body."""

    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class HeldRequest:
    """A request that was begun under a key; `answer` is None until it was answered."""

    request_sha256: str
    begun_at: datetime
    answer: KeptAnswer | None


def request_of_key(connection: Connection, account_id: str, key: str) -> HeldRequest | None:
    """Return what an account's key was used for, None where it was not."""
    statement = select(idempotency_key).where(
        idempotency_key.c.account_id == account_id, idempotency_key.c.key == key
    )
    row = connection.execute(statement).one_or_none()
    if row is None:
        return None
    answer = None
    if row.status is not None:
        answer = KeptAnswer(row.status, row.content_type, zlib.decompress(row.answer))
    return HeldRequest(row.request_sha256, row.begun_at, answer)


def begin_key(
    connection: Connection, account_id: str, key: str, request_sha256: str, begun_at: datetime
) -> None:
    """Say that a request is at work under a key, in the place of one that was given up."""
    forget_key(connection, account_id, key)
    connection.execute(
        insert(idempotency_key).values(
            account_id=account_id, key=key, request_sha256=request_sha256, begun_at=begun_at
        )
    )


def keep_answer(
    connection: Connection,
    account_id: str,
    key: str,
    request_sha256: str,
    begun_at: datetime,
    answer: KeptAnswer,
) -> None:
    """Keep what was answered to the request of a key."""
    forget_key(connection, account_id, key)
    connection.execute(
        insert(idempotency_key).values(
            account_id=account_id,
            key=key,
            request_sha256=request_sha256,
            begun_at=begun_at,
            status=answer.status,
            content_type=answer.content_type,
            answer=zlib.compress(answer.body),
        )
    )


def forget_key(
    connection: Connection, account_id: str, key: str, *, begun_at: datetime | None = None
) -> None:
    """Forget a key, or, with `begun_at`, only the unanswered request that was begun then."""
    statement = delete(idempotency_key).where(
        idempotency_key.c.account_id == account_id, idempotency_key.c.key == key
    )
    if begun_at is not None:
        unanswered = idempotency_key.c.status.is_(None)
        statement = statement.where(unanswered, idempotency_key.c.begun_at == begun_at)
    connection.execute(statement)


def prune_keys(connection: Connection, account_id: str, before: datetime) -> None:
    """Forget the keys of an account that were begun before an instant, at most 1,000 at once."""
    outdated = (
        select(idempotency_key.c.key)
        .where(idempotency_key.c.account_id == account_id, idempotency_key.c.begun_at < before)
        .limit(_PRUNED_AT_ONCE)
    )
    connection.execute(
        delete(idempotency_key).where(
            idempotency_key.c.account_id == account_id, idempotency_key.c.key.in_(outdated)
        )
    )
