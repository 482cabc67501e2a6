"""First run, signing in and out, and machines' tokens."""

from http import HTTPStatus

from flask import Blueprint, Request, Response, request, session
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager, login_user, logout_user
from flask_wtf.csrf import generate_csrf
from pydantic import BaseModel, ConfigDict, Field, StrictStr, model_validator

from dumont_economy.api.operation import (
    caller,
    mark_cookie_use,
    may_be_at_hand,
    model_response,
    operation,
    principal,
    services,
)
from dumont_economy.api.parameters import NameField
from dumont_economy.instant import instant_text
from dumont_economy.services import people
from dumont_economy.services.people import Principal, SignedIn
from dumont_economy.services.policies import read_in_its_zone
from dumont_economy.storage.accounts import Account, ApiToken

blueprint = Blueprint("auth", __name__, url_prefix="/api/v1")
login_manager = LoginManager()
limiter = Limiter(get_remote_address, storage_uri="memory://", headers_enabled=False)

_LOGINS = "20 per 5 minutes"
_LOGINS_PER_ADDRESS = "100 per 5 minutes"
_BEARER = "bearer "


class SetupState(BaseModel):
    """Whether the installation has an owner, and what creating one takes."""

    needs_owner: bool
    code_required: bool


class SetupBody(BaseModel):
    """The first-run form."""

    model_config = ConfigDict(extra="forbid")

    email: StrictStr
    password: StrictStr
    account: NameField = people.DEFAULT_ACCOUNT
    code: StrictStr | None = None


class LoginBody(BaseModel):
    """Who signs in; `username` is another name for `email`."""

    model_config = ConfigDict(extra="forbid")

    email: StrictStr = ""
    username: StrictStr = ""
    password: StrictStr

    @model_validator(mode="after")
    def _has_a_name(self) -> "LoginBody":
        if not (self.email or self.username):
            message = "Send the e-mail address as email."
            raise ValueError(message)
        return self


class UserInfo(BaseModel):
    """A person."""

    email: str


class AccountInfo(BaseModel):
    """An account; `sample_data` marks the demo's."""

    id: str
    name: str
    currency: str
    timezone: str
    sample_data: bool


class SignedInAnswer(BaseModel):
    """A fresh session; `token` serves as a bearer token for as long as the session lasts."""

    # What is always answered is so in the OpenAPI document too.
    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    success: bool = True
    token: str
    user: UserInfo
    account: AccountInfo
    csrf_token: str


class MeAnswer(BaseModel):
    """Who is asking; `user` is null for a machine, everything is for nobody."""

    authenticated: bool
    user: UserInfo | None
    account: AccountInfo | None
    csrf_token: str | None


class TokenBody(BaseModel):
    """A token to create."""

    model_config = ConfigDict(extra="forbid")

    name: NameField
    scopes: list[people.Scope] = Field(min_length=1, max_length=3)


class TokenInfo(BaseModel):
    """A machine's token, without the token itself."""

    id: str
    name: str
    scopes: list[people.Scope]
    created_at: str
    revoked_at: str | None


class TokenCreated(TokenInfo):
    """A new token; it is shown here once and never again."""

    token: str


class TokensAnswer(BaseModel):
    """All tokens of the account, oldest first."""

    tokens: list[TokenInfo]


class _LoginUser:
    """What flask-login holds: a principal, and the session token that the cookie carries."""

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __init__(self, who: Principal, token: str = "") -> None:
        self.principal = who
        self._token = token

    def get_id(self) -> str:
        return self._token


@login_manager.user_loader  # type: ignore[untyped-decorator]
def user_of_cookie(token: str) -> _LoginUser | None:
    """Return who a cookie's session belongs to, while the session is in force.

    A bearer token that is sent as well is what the caller means: a browser adds cookies unasked.
    """
    if _bearer_token(request) is not None:
        return _user_of_bearer(request)
    who = _authenticated(token)
    if who is None:
        return None
    mark_cookie_use()
    return _LoginUser(who, token)


@login_manager.request_loader  # type: ignore[untyped-decorator]
def user_of_header(incoming: Request) -> _LoginUser | None:
    """Return who an `Authorization: Bearer` header stands for."""
    return _user_of_bearer(incoming)


def _user_of_bearer(incoming: Request) -> _LoginUser | None:
    token = _bearer_token(incoming)
    if token is None:
        return None
    who = _authenticated(token)
    return None if who is None else _LoginUser(who)


def _authenticated(token: str) -> Principal | None:
    return services().credentials.principal_of(token, with_versions=may_be_at_hand())


def _bearer_token(incoming: Request) -> str | None:
    header = incoming.headers.get("Authorization", "")
    return header[len(_BEARER) :].strip() if header.lower().startswith(_BEARER) else None


def _was_refused(response: Response) -> bool:
    """Count guesses only: whoever knows the password may sign in as often as they like."""
    return response.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


@operation(
    blueprint,
    "GET",
    "/setup",
    summary="Whether the installation has an owner",
    scope=None,
    answer=SetupState,
)
def setup_state() -> SetupState:
    """Say whether the first run is still to come."""
    needs_owner = people.needs_owner(services().database)
    code_required = needs_owner and services().settings.setup_code is not None
    return SetupState(needs_owner=needs_owner, code_required=code_required)


@operation(
    blueprint,
    "POST",
    "/setup",
    summary="Create the owner, once",
    scope=None,
    body=SetupBody,
    answer=SignedInAnswer,
    status=201,
    errors=(403, 409, 429),
)
@limiter.limit(_LOGINS, deduct_when=_was_refused)
def set_up(body: SetupBody) -> Response:
    """Create the installation's owner and sign them in."""
    signed_in = people.set_up_owner(
        services().database,
        services().clock,
        email=body.email,
        password=body.password,
        account_name=body.account,
        required_code=services().settings.setup_code,
        code=body.code,
    )
    return _begin(signed_in, 201)


def _account_at_address() -> str:
    """Limit by whom is guessed at from where, so that the owner still gets in from elsewhere."""
    sent = request.get_json(silent=True)
    name = (sent.get("email") or sent.get("username")) if isinstance(sent, dict) else ""
    return f"{get_remote_address()} {str(name).strip().lower()[:255]}"


@operation(
    blueprint,
    "POST",
    "/auth/login",
    summary="Sign in",
    scope=None,
    body=LoginBody,
    answer=SignedInAnswer,
    errors=(401, 429),
)
@limiter.limit(_LOGINS_PER_ADDRESS, deduct_when=_was_refused)
@limiter.limit(_LOGINS, key_func=_account_at_address, deduct_when=_was_refused)
def login(body: LoginBody) -> Response:
    """Begin a session, in a cookie and as a bearer token."""
    signed_in = people.sign_in(
        services().database,
        services().clock,
        email=body.email or body.username,
        password=body.password,
    )
    return _begin(signed_in, 200)


@operation(
    blueprint, "POST", "/auth/logout", summary="Sign out", scope="read", answer=None, status=204
)
def logout() -> Response:
    """End the session that is asking; a machine's token stays."""
    people.sign_out(services().database, services().clock, principal())
    logout_user()
    session.clear()
    return Response(status=204)


@operation(blueprint, "GET", "/auth/me", summary="Who is asking", scope=None, answer=MeAnswer)
def me() -> MeAnswer:
    """Answer the caller's user and account; to somebody not signed in, only that."""
    who = caller()
    if who is None:
        return MeAnswer(authenticated=False, user=None, account=None, csrf_token=None)
    return MeAnswer(
        authenticated=True,
        user=None if who.user is None else UserInfo(email=who.user.email),
        account=_account_info(read_in_its_zone(services().database, who.account)),
        csrf_token=None if who.session_hash is None else generate_csrf(),
    )


@operation(
    blueprint, "GET", "/tokens", summary="The machines' tokens", scope="owner", answer=TokensAnswer
)
def tokens() -> TokensAnswer:
    """Answer the account's tokens."""
    held = people.list_tokens(services().database, principal().account)
    return TokensAnswer(tokens=[_token_info(token) for token in held])


@operation(
    blueprint,
    "POST",
    "/tokens",
    summary="Create a token for a machine",
    scope="owner",
    body=TokenBody,
    answer=TokenCreated,
    status=201,
)
def create_token(body: TokenBody) -> TokenCreated:
    """Create a token; it is shown in this answer only."""
    created, token = people.create_token(
        services().database,
        services().clock,
        principal().account,
        name=body.name,
        scopes=body.scopes,
    )
    return TokenCreated(**_token_info(created).model_dump(), token=token)


@operation(
    blueprint,
    "DELETE",
    "/tokens/<token_id>",
    summary="Revoke a token",
    scope="owner",
    answer=None,
    status=204,
    errors=(404,),
)
def revoke_token(token_id: str) -> Response:
    """Revoke a machine's token."""
    people.revoke_token(services().database, services().clock, principal().account, token_id)
    return Response(status=204)


def _begin(signed_in: SignedIn, status: int) -> Response:
    # A cookie from before the login is worth nothing after it.
    session.clear()
    who = services().credentials.principal_of(signed_in.token)
    if who is not None:
        login_user(_LoginUser(who, signed_in.token))
    answer = SignedInAnswer(
        token=signed_in.token,
        user=UserInfo(email=signed_in.user.email),
        account=_account_info(read_in_its_zone(services().database, signed_in.account)),
        csrf_token=generate_csrf(),
    )
    return model_response(answer, status)


def _account_info(account: Account) -> AccountInfo:
    return AccountInfo(
        id=account.id,
        name=account.name,
        currency=account.currency,
        timezone=account.timezone,
        sample_data=account.is_sample,
    )


def _token_info(token: ApiToken) -> TokenInfo:
    return TokenInfo(
        id=token.id,
        name=token.name,
        scopes=sorted(people.Scope(scope) for scope in token.scopes),
        created_at=instant_text(token.created_at),
        revoked_at=None if token.revoked_at is None else instant_text(token.revoked_at),
    )
