"""Queries on accounts, people, sessions and tokens. Secrets are kept as hashes only."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from dumont_economy.fact_digest import CHAIN_START
from dumont_economy.storage.account_versions import (
    VERSION_COLUMNS,
    AccountVersions,
    versions_of,
)
from dumont_economy.storage.database import Database
from dumont_economy.storage.prepared_question import PreparedQuestion
from dumont_economy.storage.row_security import RowScope, restrict_rows
from dumont_economy.storage.tables import (
    account,
    api_token,
    login_session,
    membership,
    user,
)


@dataclass(frozen=True, slots=True)
class Account:
    """Whose ledger it is. `timezone` is an IANA name, `currency` ISO 4217.

    The zone that is stored is the one that the account began with; its policy may name another.
    """

    id: str
    name: str
    currency: str
    timezone: str
    is_sample: bool


@dataclass(frozen=True, slots=True)
class User:
    """A person who can sign in."""

    id: str
    email: str
    password_hash: str


@dataclass(frozen=True, slots=True)
class LoginSession:
    """A person's signed-in session in one account."""

    token_hash: str
    account: Account
    user: User
    created_at: datetime
    last_used_at: datetime
    versions: AccountVersions | None = None


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A machine's credential; the token itself is shown once and never kept."""

    id: str
    account: Account
    name: str
    scopes: frozenset[str]
    created_at: datetime
    revoked_at: datetime | None
    versions: AccountVersions | None = None


_ACCOUNT_COLUMNS = (
    account.c.id.label("account_id"),
    account.c.name.label("account_name"),
    account.c.currency,
    account.c.timezone,
    account.c.is_sample,
)
_USER_COLUMNS = (user.c.id.label("user_id"), user.c.email, user.c.password_hash)
_TOKENS = select(
    api_token.c.id,
    api_token.c.name,
    api_token.c.scopes,
    api_token.c.created_at,
    api_token.c.revoked_at,
    *_ACCOUNT_COLUMNS,
).join(account, account.c.id == api_token.c.account_id)
# Asked for by every request, so they are made once.
_TOKEN = _TOKENS.where(api_token.c.token_hash == bindparam("token_hash"))
_TOKEN_ALONE = PreparedQuestion("token_alone", _TOKEN)
_TOKEN_AND_VERSIONS = PreparedQuestion(
    "token_and_versions",
    _TOKEN.add_columns(*VERSION_COLUMNS).where(api_token.c.account_id == bindparam("account_id")),
)
_SESSION = (
    select(
        login_session.c.created_at,
        login_session.c.last_used_at,
        *_USER_COLUMNS,
        *_ACCOUNT_COLUMNS,
    )
    .join(user, user.c.id == login_session.c.user_id)
    .join(account, account.c.id == login_session.c.account_id)
    .where(
        login_session.c.token_hash == bindparam("token_hash"), login_session.c.ended_at.is_(None)
    )
)
_SESSIONS_IN_FORCE = select(
    login_session.c.token_hash, login_session.c.created_at, login_session.c.last_used_at
).where(
    login_session.c.account_id == bindparam("account_id"),
    login_session.c.token_hash.in_(bindparam("token_hashes", expanding=True)),
    login_session.c.ended_at.is_(None),
)
_TOKENS_IN_FORCE = select(api_token.c.token_hash).where(
    api_token.c.account_id == bindparam("account_id"),
    api_token.c.token_hash.in_(bindparam("token_hashes", expanding=True)),
    api_token.c.revoked_at.is_(None),
)
_SESSION_ALONE = PreparedQuestion("session_alone", _SESSION)
_SESSION_AND_VERSIONS = PreparedQuestion(
    "session_and_versions",
    _SESSION.add_columns(*VERSION_COLUMNS).where(
        login_session.c.account_id == bindparam("account_id")
    ),
)


def has_users(connection: Connection) -> bool:
    """Say whether anybody can sign in."""
    return bool(connection.execute(select(func.count()).select_from(user)).scalar())


def add_account(connection: Connection, new: Account, now: datetime) -> None:
    """Add an account with an empty ledger."""
    connection.execute(
        insert(account).values(
            id=new.id,
            name=new.name,
            currency=new.currency,
            timezone=new.timezone,
            is_sample=new.is_sample,
            last_seq=0,
            last_hash=CHAIN_START,
            created_at=now,
        )
    )


def account_by_name(connection: Connection, name: str) -> Account | None:
    """Return the account of that name."""
    row = connection.execute(select(*_ACCOUNT_COLUMNS).where(account.c.name == name)).first()
    return None if row is None else _account(row)


def all_accounts(connection: Connection) -> list[Account]:
    """Return every account, by name."""
    return [_account(row) for row in connection.execute(select(*_ACCOUNT_COLUMNS).order_by("name"))]


def add_user(connection: Connection, new: User, account_id: str, now: datetime) -> None:
    """Add a person and make them an owner of an account."""
    connection.execute(
        insert(user).values(
            id=new.id, email=new.email, password_hash=new.password_hash, created_at=now
        )
    )
    connection.execute(
        insert(membership).values(account_id=account_id, user_id=new.id, role="owner")
    )


def user_by_email(connection: Connection, email: str) -> tuple[User, Account] | None:
    """Return the person with that e-mail and their account; their rows are then open."""
    row = connection.execute(select(*_USER_COLUMNS).where(user.c.email == email)).first()
    if row is None:
        return None
    restrict_rows(connection, RowScope(user_id=row.user_id))
    accounts = (
        select(*_ACCOUNT_COLUMNS)
        .join(membership, membership.c.account_id == account.c.id)
        .where(membership.c.user_id == row.user_id)
    )
    found = connection.execute(accounts).first()
    return None if found is None else (_user(row), _account(found))


def set_password(connection: Connection, user_id: str, password_hash: str, now: datetime) -> None:
    """Give a person a new password and end all their sessions."""
    connection.execute(update(user).where(user.c.id == user_id).values(password_hash=password_hash))
    connection.execute(
        update(login_session)
        .where(login_session.c.user_id == user_id, login_session.c.ended_at.is_(None))
        .values(ended_at=now)
    )


def add_login_session(
    connection: Connection, token_hash: str, account_id: str, user_id: str, now: datetime
) -> None:
    """Begin a session."""
    connection.execute(
        insert(login_session).values(
            token_hash=token_hash,
            account_id=account_id,
            user_id=user_id,
            created_at=now,
            last_used_at=now,
        )
    )


def login_session_by_hash(
    database: Database, token_hash: str, account_id: str = ""
) -> LoginSession | None:
    """Return the session with that token hash, unless it has been ended.

    Of an account that is named it is returned with the versions of that.
    """
    row = _credential(database, _SESSION_ALONE, _SESSION_AND_VERSIONS, token_hash, account_id)
    if row is None:
        return None
    return LoginSession(
        token_hash,
        _account(row),
        _user(row),
        row.created_at,
        row.last_used_at,
        versions_of(row) if account_id else None,
    )


def _credential(
    database: Database,
    alone: PreparedQuestion,
    with_versions: PreparedQuestion,
    token_hash: str,
    account_id: str,
) -> Any:  # noqa: ANN401  a row, by its columns
    if not account_id:
        return database.ask(alone, {"token_hash": token_hash}, token_hash=token_hash)
    whose = {"token_hash": token_hash, "account_id": account_id}
    return database.ask(with_versions, whose, **whose)


def touch_login_session(connection: Connection, token_hash: str, now: datetime) -> None:
    """Note that a session was used."""
    used = update(login_session).where(login_session.c.token_hash == token_hash)
    connection.execute(used.values(last_used_at=now))


def end_login_session(connection: Connection, token_hash: str, now: datetime) -> None:
    """End a session."""
    ended = update(login_session).where(login_session.c.token_hash == token_hash)
    connection.execute(ended.values(ended_at=now))


def add_api_token(connection: Connection, new: ApiToken, token_hash: str) -> None:
    """Add a machine's token."""
    connection.execute(
        insert(api_token).values(
            account_id=new.account.id,
            id=new.id,
            name=new.name,
            token_hash=token_hash,
            scopes=" ".join(sorted(new.scopes)),
            created_at=new.created_at,
        )
    )


def api_token_by_hash(database: Database, token_hash: str, account_id: str = "") -> ApiToken | None:
    """Return the token with that hash, unless it has been revoked.

    Of an account that is named it is returned with the versions of that.
    """
    row = _credential(database, _TOKEN_ALONE, _TOKEN_AND_VERSIONS, token_hash, account_id)
    if row is None or row.revoked_at is not None:
        return None
    return _api_token(row, versions_of(row) if account_id else None)


def sessions_not_ended(
    connection: Connection, account_id: str, token_hashes: Collection[str]
) -> list[tuple[str, datetime, datetime]]:
    """Return which of an account's sessions nobody has ended: hash, when begun, when last used."""
    asked = {"account_id": account_id, "token_hashes": list(token_hashes)}
    return [(*row,) for row in connection.execute(_SESSIONS_IN_FORCE, asked)]


def api_tokens_in_force(
    connection: Connection, account_id: str, token_hashes: Collection[str]
) -> set[str]:
    """Return which of an account's tokens, by their hashes, have not been revoked."""
    asked = {"account_id": account_id, "token_hashes": list(token_hashes)}
    return set(connection.execute(_TOKENS_IN_FORCE, asked).scalars())


def api_tokens_of(connection: Connection, account_id: str) -> list[ApiToken]:
    """Return an account's tokens, oldest first, revoked ones included."""
    of_account = _TOKENS.where(api_token.c.account_id == account_id)
    oldest_first = of_account.order_by(api_token.c.created_at, api_token.c.id)
    return [_api_token(row) for row in connection.execute(oldest_first)]


def _api_token(
    row: Row[Any, *tuple[Any, ...]], versions: AccountVersions | None = None
) -> ApiToken:
    return ApiToken(
        id=row.id,
        account=_account(row),
        name=row.name,
        scopes=frozenset(row.scopes.split()),
        created_at=row.created_at,
        revoked_at=row.revoked_at,
        versions=versions,
    )


def revoke_api_token(connection: Connection, account_id: str, token_id: str, now: datetime) -> bool:
    """Revoke a token; False where the account has no such token in force."""
    revoked = connection.execute(
        update(api_token)
        .where(
            api_token.c.account_id == account_id,
            api_token.c.id == token_id,
            api_token.c.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )
    return revoked.rowcount == 1


def _account(row: Row[Any, *tuple[Any, ...]]) -> Account:
    return Account(
        id=row.account_id,
        name=row.account_name,
        currency=row.currency,
        timezone=row.timezone,
        is_sample=row.is_sample,
    )


def _user(row: Row[Any, *tuple[Any, ...]]) -> User:
    return User(row.user_id, row.email, row.password_hash)
