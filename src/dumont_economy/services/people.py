"""Accounts, people and their credentials: who may see what."""

import hmac
import secrets
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from hashlib import sha256
from threading import BoundedSemaphore
from uuid import uuid4

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection

from dumont_economy.clock import Clock
from dumont_economy.errors import (
    AlreadyExistsError,
    AlreadySetUpError,
    FieldProblem,
    InvalidInputError,
    NotFoundError,
    SetupCodeError,
    WrongCredentialsError,
)
from dumont_economy.savings.local_day import parse_zone
from dumont_economy.storage import accounts
from dumont_economy.storage.account_versions import AccountVersions
from dumont_economy.storage.accounts import Account, ApiToken, LoginSession, User
from dumont_economy.storage.database import Database
from dumont_economy.storage.installation import read_setting, write_setting
from dumont_economy.storage.row_security import RowScope, restrict_rows


class Scope(StrEnum):
    """What a machine's token may do."""

    INGEST = "ingest"
    BACKFILL = "backfill"
    READ = "read"


# What only a person's session may do: manage tokens, change the policy.
OWNER = "owner"
OWNER_SCOPES = frozenset({OWNER, *Scope})
DEFAULT_CURRENCY = "USD"
DEFAULT_TIMEZONE = "UTC"
DEFAULT_ACCOUNT = "default"
SESSION_IDLE = timedelta(minutes=60)
SESSION_LASTS = timedelta(hours=12)

_TOUCH_AFTER = timedelta(minutes=1)
_MIN_PASSWORD = 8
_MAX_PASSWORD_BYTES = 1_024
_MAX_EMAIL = 255
_MAX_NAME = 255
_TOKEN_BYTES = 32
_API_TOKEN_PREFIX = "dme_"  # noqa: S105  makes a leaked token recognisable
_SECRET_KEY = "secret_key"  # noqa: S105  the setting's name
# What everybody tries first, among those long enough to pass the length rule.
_COMMON_PASSWORDS = frozenset(
    """
    password password1 password12 password123 passw0rd passw0rd1 12345678 123456789 1234567890
    11111111 00000000 87654321 qwertyui qwertyuiop qwerty123 qwerty12 1q2w3e4r 1qaz2wsx
    abcd1234 abc12345 iloveyou sunshine princess football baseball superman trustno1 letmein1
    welcome1 welcome123 admin123 administrator changeme changeme1 default1 computer internet
    dumont123 economy1 economy123
    """.split()
)

_hasher = PasswordHasher()  # argon2id, 64 MiB, 3 passes: the library's profile for servers.
_hashing = BoundedSemaphore(4)  # So that a flood of logins cannot take all memory.
_nobody = _hasher.hash(secrets.token_hex())  # Makes an unknown user take as long as a known one.


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking: an account, through a person's session or a machine's token.

    One of the two hashes is that of the credential. `versions` are the account's at that moment,
    where they were asked for.
    """

    account: Account
    scopes: frozenset[str]
    reporter: str
    user: User | None = None
    session_hash: str | None = None
    versions: AccountVersions | None = None
    token_hash: str | None = None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh session: its token, shown once, and whose it is."""

    token: str
    user: User
    account: Account


def secret_key(database: Database) -> str:
    """Return the installation's key for signing cookies, made at its first start."""

    def read_or_make(connection: Connection) -> str:
        key = read_setting(connection, _SECRET_KEY)
        if key is None:
            key = secrets.token_hex(_TOKEN_BYTES)
            write_setting(connection, _SECRET_KEY, key)
        return key

    return database.transact(read_or_make)


def needs_owner(database: Database) -> bool:
    """Say whether nobody can sign in yet."""
    with database.read() as connection:
        return not accounts.has_users(connection)


def set_up_owner(
    database: Database,
    clock: Clock,
    *,
    email: str,
    password: str,
    account_name: str = DEFAULT_ACCOUNT,
    required_code: str | None = None,
    code: str | None = None,
) -> SignedIn:
    """Create the installation's owner, once, and sign them in.

    Raises:
        AlreadySetUpError: there is an owner.
        SetupCodeError: a code is required, and this is not it.
        InvalidInputError: the e-mail or password cannot be used.
    """
    if not needs_owner(database):
        raise AlreadySetUpError
    if required_code is not None and not hmac.compare_digest(
        (code or "").encode(), required_code.encode()
    ):
        raise SetupCodeError
    address, password_hash = _checked(email, password)

    def set_up(connection: Connection) -> SignedIn:
        if accounts.has_users(connection):
            raise AlreadySetUpError
        now = clock.now()
        user = User(str(uuid4()), address, password_hash)
        account = _add_user_to(connection, account_name, user, now)
        return _begin_session(connection, user, account, now)

    return database.transact(set_up)


def add_person(
    database: Database, clock: Clock, *, email: str, password: str, account_name: str
) -> None:
    """Add a person who can sign in to an account, which is made where it does not exist.

    Raises:
        AlreadyExistsError: somebody has that e-mail.
        InvalidInputError: the e-mail or password cannot be used.
    """
    address, password_hash = _checked(email, password)

    def add(connection: Connection) -> None:
        if accounts.user_by_email(connection, address) is not None:
            message = f"There is a user {address} already. Change the password with `passwd`."
            raise AlreadyExistsError(message)
        user = User(str(uuid4()), address, password_hash)
        _add_user_to(connection, account_name, user, clock.now())

    database.transact(add)


def change_password(database: Database, clock: Clock, *, email: str, password: str) -> None:
    """Give a person a new password; their sessions end.

    Raises:
        NotFoundError: nobody has that e-mail.
        InvalidInputError: the password cannot be used.
    """
    address, password_hash = _checked(email, password)

    def change(connection: Connection) -> None:
        found = accounts.user_by_email(connection, address)
        if found is None:
            raise NotFoundError(f"There is no user {address}.")
        accounts.set_password(connection, found[0].id, password_hash, clock.now())

    database.transact(change)


def sign_in(database: Database, clock: Clock, *, email: str, password: str) -> SignedIn:
    """Begin a session for whoever knows the password.

    Raises:
        WrongCredentialsError: whatever was wrong; it takes as long, and says no more.
    """
    with database.read() as connection:
        found = accounts.user_by_email(connection, email.strip().lower())
    is_right = _is_password(found[0].password_hash if found else _nobody, password)
    if found is None or not is_right:
        raise WrongCredentialsError
    user, account = found

    def begin(connection: Connection) -> SignedIn:
        return _begin_session(connection, user, account, clock.now())

    return database.transact(begin, account_id=account.id)


def sign_out(database: Database, clock: Clock, principal: Principal) -> None:
    """End the session that is asking."""
    if principal.session_hash is not None:
        end = partial(
            accounts.end_login_session, token_hash=principal.session_hash, now=clock.now()
        )
        database.transact(end, account_id=principal.account.id)


def authenticate(
    database: Database, clock: Clock, token: str, *, account_id: str = ""
) -> Principal | None:
    """Return whom a session's or machine's token stands for; None where it is not in force.

    Args:
        database: The database.
        clock: Tells whether a session is over.
        token: The token.
        account_id: The account that the token is known to be of: then its versions are told too.
    """
    token_hash = hash_of(token)
    if token.startswith(_API_TOKEN_PREFIX):
        machine = accounts.api_token_by_hash(database, token_hash, account_id)
        return None if machine is None else _machine(machine, token_hash)
    session = accounts.login_session_by_hash(database, token_hash, account_id)
    now = clock.now()
    if session is None or _is_over(session, now):
        return None
    if now - session.last_used_at >= _TOUCH_AFTER:
        touch = partial(accounts.touch_login_session, token_hash=token_hash, now=now)
        database.transact(touch, account_id=session.account.id)
    return Principal(
        session.account,
        OWNER_SCOPES,
        f"user {session.user.email}",
        session.user,
        token_hash,
        session.versions,
    )


def _machine(token: ApiToken, token_hash: str) -> Principal:
    return Principal(
        token.account,
        token.scopes,
        f"token {token.name}",
        versions=token.versions,
        token_hash=token_hash,
    )


def still_in_force(
    connection: Connection, account_id: str, asked: Collection[Principal], now: datetime
) -> set[str]:
    """Return the hashes of those credentials of an account that are in force still."""
    sessions = [one.session_hash for one in asked if one.session_hash is not None]
    machines = [one.token_hash for one in asked if one.token_hash is not None]
    found: set[str] = set()
    if sessions:
        found |= {
            token_hash
            for token_hash, began, used in accounts.sessions_not_ended(
                connection, account_id, sessions
            )
            if not _has_passed(began, used, now)
        }
    if machines:
        found |= accounts.api_tokens_in_force(connection, account_id, machines)
    return found


def create_token(
    database: Database, clock: Clock, account: Account, *, name: str, scopes: Iterable[str]
) -> tuple[ApiToken, str]:
    """Create a machine's token; the second of the pair is the token itself, shown once.

    Raises:
        InvalidInputError: the name says nothing: nobody could tell later what the token is for.
    """
    name = name.strip()
    if not name:
        message = "Give the token a name, such as that of the machine that will use it."
        raise InvalidInputError([FieldProblem("name", "empty", message)])
    token = _API_TOKEN_PREFIX + secrets.token_urlsafe(_TOKEN_BYTES)
    new = ApiToken(str(uuid4()), account, name, frozenset(scopes), clock.now(), None)
    add = partial(accounts.add_api_token, new=new, token_hash=hash_of(token))
    database.transact(add, account_id=account.id)
    return new, token


def list_tokens(database: Database, account: Account) -> list[ApiToken]:
    """Return an account's tokens, oldest first."""
    with database.read(account_id=account.id) as connection:
        return accounts.api_tokens_of(connection, account.id)


def revoke_token(database: Database, clock: Clock, account: Account, token_id: str) -> None:
    """Revoke a machine's token.

    Raises:
        NotFoundError: the account has no such token in force.
    """
    revoke = partial(
        accounts.revoke_api_token, account_id=account.id, token_id=token_id, now=clock.now()
    )
    if not database.transact(revoke, account_id=account.id):
        raise NotFoundError(f"The account has no token {token_id} in force.")


def account_named(database: Database, name: str) -> Account:
    """Return an account by its name.

    Raises:
        NotFoundError: there is none.
    """
    with database.read() as connection:
        account = accounts.account_by_name(connection, name)
    if account is None:
        message = f"There is no account {name!r}. Make one with `economy user add EMAIL --account`."
        raise NotFoundError(message)
    return account


def make_account(
    database: Database,
    clock: Clock,
    name: str,
    *,
    timezone: str = DEFAULT_TIMEZONE,
    is_sample: bool = False,
) -> Account:
    """Return the account of that name, made where it does not exist."""
    parse_zone(timezone)

    def find_or_make(connection: Connection) -> Account:
        return _account_named(connection, name, clock.now(), timezone=timezone, is_sample=is_sample)

    return database.transact(find_or_make)


def _account_named(
    connection: Connection,
    name: str,
    now: datetime,
    *,
    timezone: str = DEFAULT_TIMEZONE,
    is_sample: bool = False,
) -> Account:
    found = accounts.account_by_name(connection, name)
    if found is None:
        if not 0 < len(name) <= _MAX_NAME or not _is_text(name):
            message = f"Use 1 to {_MAX_NAME} characters, without control characters."
            raise InvalidInputError([FieldProblem("account", "invalid_text", message)])
        found = Account(str(uuid4()), name, DEFAULT_CURRENCY, timezone, is_sample)
        accounts.add_account(connection, found, now)
    return found


def _add_user_to(connection: Connection, account_name: str, user: User, now: datetime) -> Account:
    """Make a person an owner of the account of that name, whose rows are then open."""
    account = _account_named(connection, account_name, now)
    restrict_rows(connection, RowScope(account_id=account.id))
    accounts.add_user(connection, user, account.id, now)
    return account


def _begin_session(connection: Connection, user: User, account: Account, now: datetime) -> SignedIn:
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    accounts.add_login_session(connection, hash_of(token), account.id, user.id, now)
    return SignedIn(token, user, account)


def _is_over(session: LoginSession, now: datetime) -> bool:
    return _has_passed(session.created_at, session.last_used_at, now)


def _has_passed(began: datetime, used: datetime, now: datetime) -> bool:
    return now - began >= SESSION_LASTS or now - used >= SESSION_IDLE


def hash_of(token: str) -> str:
    """Return what is kept of a token."""
    # Tokens have 256 random bits: nothing slower than one hash is needed to keep them.
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _is_password(password_hash: str, password: str) -> bool:
    if len(password.encode("utf-8", "surrogatepass")) > _MAX_PASSWORD_BYTES:
        password = ""  # Never right, and takes as long as any other.
    with _hashing:
        try:
            return _hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False


def _is_text(value: str) -> bool:
    """Say whether a text has nothing in it that is no character."""
    return not any(unicodedata.category(character) in ("Cc", "Cs") for character in value)


def _checked(email: str, password: str) -> tuple[str, str]:
    """Return the address as it is kept, and the password's hash."""
    address = email.strip().lower()
    name, at, host = address.partition("@")
    is_address = bool(name and at and host) and not any(c.isspace() for c in address)
    problems = []
    if not is_address or len(address) > _MAX_EMAIL or "@" in host or not address.isprintable():
        problems.append(FieldProblem("email", "invalid_email", "Enter an e-mail address."))
    if len(password) < _MIN_PASSWORD:
        message = f"Use at least {_MIN_PASSWORD} characters; a few words make a good password."
        problems.append(FieldProblem("password", "password_too_short", message))
    elif len(password.encode("utf-8", "surrogatepass")) > _MAX_PASSWORD_BYTES:
        message = f"Use at most {_MAX_PASSWORD_BYTES} bytes."
        problems.append(FieldProblem("password", "password_too_long", message))
    elif password.lower() in _COMMON_PASSWORDS or not password.strip():
        message = "This is one of the passwords that are tried first. Choose another."
        problems.append(FieldProblem("password", "common_password", message))
    elif not _is_text(password):
        problems.append(FieldProblem("password", "invalid_text", "Must be UTF-8 text."))
    if problems:
        raise InvalidInputError(problems)
    with _hashing:
        return address, _hasher.hash(password)
