"""Works on a request that has an idempotency key once; sent again, it gets the same answer."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from dumont_economy.clock import Clock
from dumont_economy.errors import (
    DatabaseUnavailableError,
    IdempotencyKeyReusedError,
    RequestInProgressError,
)
from dumont_economy.storage import idempotency_keys
from dumont_economy.storage.accounts import Account
from dumont_economy.storage.database import Database
from dumont_economy.storage.idempotency_keys import HeldRequest, KeptAnswer

KEPT_FOR = timedelta(hours=24)
# Longer than any batch takes; after that its process is taken for dead, and a retry does the work.
AT_WORK_FOR = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """A request by its key and the SHA-256 of what it says: method, address and body."""

    key: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer, and whether it is the repetition of an earlier one."""

    answer: KeptAnswer
    is_replayed: bool


def answer_once(
    database: Database,
    clock: Clock,
    account: Account,
    request: KeyedRequest | None,
    work: Callable[[Connection], KeptAnswer],
) -> Answered:
    """Do the work of a request and keep its answer in one transaction, or repeat its answer.

    Without a key, which is None, the work is done each time. A key is claimed in a transaction of
    its own before the work: whoever comes while it is done, in whichever process, reads the claim
    and need not wait for the writer's turn. A claim only saves waiting: what makes the answer the
    only one is that it is looked for and kept in the transaction of the work.

    Raises:
        IdempotencyKeyReusedError: the key came with another request before.
        RequestInProgressError: the first request with the key is at work.
        DatabaseUnavailableError: nothing was stored.
    """
    if request is None:
        return Answered(database.transact(work, account_id=account.id), is_replayed=False)
    with database.read(account_id=account.id) as connection:
        held = _answer_or_turn(connection, account, request, clock.now())
    if held is not None:
        return Answered(held, is_replayed=True)

    def claim(connection: Connection) -> tuple[KeptAnswer | None, datetime]:
        begun_at = clock.now()
        held = _answer_or_turn(connection, account, request, begun_at)
        if held is None:
            idempotency_keys.begin_key(
                connection, account.id, request.key, request.sha256, begun_at
            )
        return held, begun_at

    held, begun_at = database.transact(claim, account_id=account.id)
    if held is not None:
        return Answered(held, is_replayed=True)
    try:
        return _work_and_keep(database, account, request, begun_at, work)
    except BaseException:
        # The next try need not wait until the claim lapses; if this fails too, it waits.
        with suppress(DatabaseUnavailableError):
            _forget(database, account, request, begun_at)
        raise


def _forget(
    database: Database, account: Account, request: KeyedRequest, begun_at: datetime
) -> None:
    def forget(connection: Connection) -> None:
        idempotency_keys.forget_key(connection, account.id, request.key, begun_at=begun_at)

    database.transact(forget, account_id=account.id)


def _work_and_keep(
    database: Database,
    account: Account,
    request: KeyedRequest,
    begun_at: datetime,
    work: Callable[[Connection], KeptAnswer],
) -> Answered:
    def work_and_keep(connection: Connection) -> Answered:
        # A retry that took this one for dead may have been faster.
        held = _answer_of(_found(connection, account, request), request)
        if held is not None:
            return Answered(held, is_replayed=True)
        answer = work(connection)
        idempotency_keys.keep_answer(
            connection, account.id, request.key, request.sha256, begun_at, answer
        )
        idempotency_keys.prune_keys(connection, account.id, begun_at - KEPT_FOR)
        return Answered(answer, is_replayed=False)

    return database.transact(work_and_keep, account_id=account.id)


def _answer_or_turn(
    connection: Connection, account: Account, request: KeyedRequest, now: datetime
) -> KeptAnswer | None:
    """Return the answer that was given; None where it is the caller's turn to work."""
    found = _found(connection, account, request)
    answer = _answer_of(found, request)
    # Clocks of two servers may differ, and one may be set back.
    if found is not None and answer is None and abs(now - found.begun_at) < AT_WORK_FOR:
        raise RequestInProgressError
    return answer


def _found(connection: Connection, account: Account, request: KeyedRequest) -> HeldRequest | None:
    return idempotency_keys.request_of_key(connection, account.id, request.key)


def _answer_of(found: HeldRequest | None, request: KeyedRequest) -> KeptAnswer | None:
    if found is None:
        return None
    if found.request_sha256 != request.sha256:
        raise IdempotencyKeyReusedError
    return found.answer
