"""One operation of the API: its scope, its typed question and answer, and nothing undeclared.

An operation is declared once; parsing, refusals and the OpenAPI document all follow from it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Blueprint, Response, current_app, g, request
from flask_login import current_user
from flask_wtf.csrf import CSRFProtect
from pydantic import BaseModel, ValidationError

from dumont_economy import strict_json
from dumont_economy.api.api_error import ApiError
from dumont_economy.api.idempotency import keyed_request
from dumont_economy.api.request_body import read_json_body
from dumont_economy.api.services import Services
from dumont_economy.errors import FieldProblem
from dumont_economy.services.people import Principal
from dumont_economy.storage.usage_cache import DamagedCacheError

Query = TypeVar("Query", bound=BaseModel)
Opened = TypeVar("Opened")
csrf = CSRFProtect()

JSON = "application/json"
EVENTS = "text/event-stream"

_HAS_BODY = frozenset({"POST", "PUT", "PATCH"})
_AT_HAND = "economy_at_hand"
_VIA_COOKIE = "economy_via_cookie"
_CONVERTER = re.compile(r"<\w+:")


@dataclass(frozen=True)
class Operation:
    """What is declared of one operation; `scope` None is open to everybody.

    A keyed one takes an `Idempotency-Key`; a compressible one takes its body with gzip.
    """

    name: str
    method: str
    path: str
    summary: str
    scope: str | None
    answer: type[BaseModel] | None
    status: int
    query: type[BaseModel] | None
    body: type[BaseModel] | None
    errors: tuple[int, ...]
    is_conditional: bool
    is_keyed: bool
    is_compressible: bool
    media_type: str
    tag: str = field(default="")


OPERATIONS: list[Operation] = []
# Flask's names of those whose answers hold while the versions of what they rest on stay.
_conditional: set[str] = set()


def operation(  # noqa: PLR0913  a declaration names everything
    blueprint: Blueprint,
    method: str,
    rule: str,
    *,
    summary: str,
    scope: str | None,
    answer: type[BaseModel] | None,
    status: int = 200,
    query: type[BaseModel] | None = None,
    body: type[BaseModel] | None = None,
    errors: tuple[int, ...] = (),
    is_conditional: bool = False,
    is_keyed: bool = False,
    is_compressible: bool = False,
    media_type: str = JSON,
) -> Callable[[Callable[..., Any]], Callable[..., Response]]:
    """Declare the decorated handler as an operation.

    The handler is called with `query` and `body` where they are declared, with `keyed` where it is
    keyed, and with the path's arguments; it returns the answer model, or a response of its own.
    """

    def declare(handler: Callable[..., Any]) -> Callable[..., Response]:
        declared = Operation(
            name=handler.__name__,
            method=method,
            path=_CONVERTER.sub("<", f"{blueprint.url_prefix or ''}{rule}"),
            summary=summary,
            scope=scope,
            answer=answer,
            status=status,
            query=query,
            body=body,
            errors=errors,
            is_conditional=is_conditional,
            is_keyed=is_keyed,
            is_compressible=is_compressible,
            media_type=media_type,
            tag=blueprint.name,
        )
        OPERATIONS.append(declared)
        if is_conditional:
            _conditional.add(f"{blueprint.name}.{handler.__name__}")

        @wraps(handler)
        def answer_request(**path_arguments: str) -> Response:
            if scope is not None:
                _require(scope)
            arguments: dict[str, Any] = dict(path_arguments)
            if query is not None:
                arguments["query"] = parse_query(query)
            elif request.args:
                parse_query(BaseModel)
            if body is not None:
                data = read_json_body(may_be_compressed=is_compressible)
                if is_keyed:
                    arguments["keyed"] = keyed_request(data)
                arguments["body"] = parse_body(body, data)
            found = _handled(handler, arguments)
            return found if isinstance(found, Response) else model_response(found, status)

        blueprint.add_url_rule(
            rule, endpoint=handler.__name__, view_func=answer_request, methods=[method]
        )
        return answer_request

    return declare


def _handled(handler: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """Let a handler answer; once more, of the facts alone, where it finds damaged caches."""
    try:
        with _at_hand():
            return handler(**arguments)
    except DamagedCacheError:
        services().views.distrust(principal().account)
    with _at_hand():
        return handler(**arguments)


@contextmanager
def _at_hand() -> Iterator[None]:
    with ExitStack() as stack:
        setattr(g, _AT_HAND, stack)
        yield


def at_hand(opened: AbstractContextManager[Opened]) -> Opened:
    """Open something that the handler needs until it has answered."""
    stack = cast("ExitStack", getattr(g, _AT_HAND))
    return stack.enter_context(opened)


def services() -> Services:
    """Return what the application's handlers call."""
    return cast("Services", current_app.extensions["economy"])


def principal() -> Principal:
    """Return who is asking; only where a scope is required."""
    return cast("Principal", current_user.principal)


def caller() -> Principal | None:
    """Return who is asking, None where it is nobody that we know."""
    return principal() if current_user.is_authenticated else None


def may_be_at_hand() -> bool:
    """Say whether the versions of what the request asks for can tell that nothing need be read."""
    return request.endpoint in _conditional


def mark_cookie_use() -> None:
    """Note that the request's credential came in a cookie, which any site may make one send."""
    setattr(g, _VIA_COOKIE, True)


def model_response(model: BaseModel | None, status: int = 200) -> Response:
    """Return a model as JSON, or an empty answer."""
    if model is None:
        return Response(status=status)
    return Response(model.model_dump_json(by_alias=True), status, mimetype="application/json")


def parse_query(model: type[Query]) -> Query:
    """Return the query string as a model.

    Raises:
        ApiError: 422 for a parameter that is unknown, repeated or has no usable value.
    """
    given = request.args.to_dict(flat=False)
    known = {field.alias or name for name, field in model.model_fields.items()}
    problems = []
    for name, values in given.items():
        shown = name[:64]
        if name not in known:
            message = "This address takes no such parameter."
            problems.append(FieldProblem(shown, "unknown_parameter", message))
        elif len(values) > 1:
            message = "Give this parameter once."
            problems.append(FieldProblem(shown, "repeated_parameter", message))
    if problems:
        raise ApiError(
            422, problems[0].code, f"{problems[0].field}: {problems[0].message}", problems
        )
    return _validated(model, {name: values[0] for name, values in given.items()}, "")


def parse_body(model: type[Query], data: bytes) -> Query:
    """Return a JSON body as a model.

    Raises:
        ApiError: 400 for what is not JSON, 422 for what the model refuses.
    """
    try:
        decoded = strict_json.decode(data)
    except strict_json.StrictJsonError as error:
        raise ApiError(400, error.code, error.message) from error
    if not isinstance(decoded, dict):
        raise ApiError(422, "must_be_object", "Send a JSON object.")
    return _validated(model, decoded, "/")


def _validated(model: type[Query], values: Mapping[str, Any], prefix: str) -> Query:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        problems = [_field_problem(one, prefix) for one in error.errors(include_url=False)]
        first = problems[0]
        named = f"{first.field}: " if first.field.strip("/") else ""
        raise ApiError(422, first.code, f"{named}{first.message}", problems) from error


# The codes are part of the contract, so they are ours and not the library's.
OUR_CODES = {
    "enum": "unknown_value",
    "extra_forbidden": "unknown_field",
    "greater_than_equal": "out_of_range",
    "int_type": "must_be_integer",
    "less_than_equal": "out_of_range",
    "list_type": "must_be_array",
    "model_type": "must_be_object",
    "string_too_long": "too_long",
    "string_too_short": "empty",
    "string_type": "must_be_string",
    "too_long": "too_long",
    "too_short": "empty",
    "value_error": "invalid_value",
}


def _field_problem(error: Mapping[str, Any], prefix: str) -> FieldProblem:
    path = "/".join(str(part)[:64] for part in error["loc"])
    code = OUR_CODES.get(error["type"], error["type"])
    message = str(error["msg"]).removeprefix("Value error, ")
    return FieldProblem(f"{prefix}{path}", code, message)


def _require(scope: str) -> None:
    if not current_user.is_authenticated:
        detail = "Sign in, or send a token as Authorization: Bearer TOKEN."
        raise ApiError(401, "unauthenticated", detail, authenticated=False)
    if getattr(g, _VIA_COOKIE, False) and request.method in _HAS_BODY | {"DELETE"}:
        csrf.protect()
    if scope not in principal().scopes:
        detail = f"This token lacks the scope {scope}."
        raise ApiError(403, "insufficient_scope", detail)
