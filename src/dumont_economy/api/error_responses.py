"""Every error the API answers has this one shape, RFC 9457; statuses stand in one table."""

from dataclasses import replace
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import structlog
from flask import Flask, Response, g, json, request
from flask_limiter import RateLimitExceeded
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from dumont_economy import errors
from dumont_economy.api.api_error import ApiError
from dumont_economy.api.screen import is_built, not_found_page

_log = structlog.get_logger()

STATUS_OF: dict[type[errors.EconomyError], int] = {
    errors.UnknownProviderError: 400,
    errors.WrongCredentialsError: 401,
    errors.SetupCodeError: 403,
    errors.NotFoundError: 404,
    errors.PriceNotFoundError: 404,
    errors.AlreadySetUpError: 409,
    errors.AlreadyExistsError: 409,
    errors.PolicyVersionConflictError: 409,
    errors.RequestInProgressError: 409,
    errors.IdempotencyKeyReusedError: 422,
    errors.InvalidInputError: 422,
    errors.UnknownPolicyVersionError: 422,
    errors.TooManyStreamsError: 429,
    errors.ServerStoppingError: 503,
    errors.StreamsFullError: 503,
    errors.DamageError: 503,
    errors.DatabaseUnavailableError: 503,
}
CODE_OF_STATUS = {
    400: "bad_request",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    414: "address_too_long",
    415: "unsupported_media_type",
    429: "too_many_requests",
    431: "headers_too_large",
}
_DETAIL_OF_STATUS = {
    404: "There is nothing at this address for this account.",
    405: "This address does not take this method; the Allow header names those it takes.",
    413: "The body is larger than this address takes. Send it in smaller parts.",
}
_TITLES = {
    400: "Bad request",
    401: "Sign in first",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    408: "Body too slow",
    409: "Conflict",
    413: "Body too large",
    414: "Address too long",
    415: "Unsupported media type",
    422: "Cannot be used",
    429: "Too many requests",
    500: "Our mistake",
    503: "Unavailable for now",
}
_RETRY_AFTER_SECONDS = 5
_UNAVAILABLE = "The database cannot be used now. Send the request again in a moment."
# Where it is another time than that of everything that is unavailable.
_RETRY_AFTER_OF: dict[type[errors.EconomyError], int] = {
    errors.RequestInProgressError: 1,
    errors.TooManyStreamsError: 30,
    errors.StreamsFullError: 30,
}


def new_request_id() -> str:
    """Return an id by which an answer and its log line are found together."""
    return uuid4().hex


def problem_members(error: ApiError, request_id: str) -> dict[str, Any]:
    """Return what the body of an error says."""
    return {
        "type": "about:blank",
        "title": _TITLES.get(error.status, "Error"),
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
        "request_id": request_id,
        "errors": [
            {
                "pointer": one.field,
                "code": one.code,
                "message": one.message,
                "parameters": one.parameters,
            }
            for one in error.problems
        ],
        **error.extra,
    }


def problem(error: ApiError) -> Response:
    """Return an error as `application/problem+json`."""
    body = problem_members(error, g.get("request_id", ""))
    if request.path.startswith("/api/v1/economy/"):
        # The published contract of the five endpoints names its errors so.
        body |= {"success": False, "error": error.detail}
    response = Response(json.dumps(body), error.status, mimetype="application/problem+json")
    if error.status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    if error.status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = str(_RETRY_AFTER_SECONDS)
    return response


def register_error_responses(app: Flask) -> None:
    """Make every error of an application answer in the one shape."""
    app.register_error_handler(ApiError, problem)
    app.register_error_handler(errors.EconomyError, _of_economy_error)
    app.register_error_handler(CSRFError, _of_csrf_error)
    app.register_error_handler(RateLimitExceeded, _of_rate_limit)
    app.register_error_handler(HTTPException, _of_http_exception)
    app.register_error_handler(Exception, _of_unforeseen)


def _of_economy_error(error: errors.EconomyError) -> Response:
    status = next((s for kind, s in STATUS_OF.items() if isinstance(error, kind)), 500)
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return _of_unforeseen(error)
    if isinstance(error, errors.DamageError):
        _log.error("damaged", reason=str(error), request_id=g.get("request_id"))
    elif status == HTTPStatus.SERVICE_UNAVAILABLE:
        _log.warning("unavailable", reason=str(error), request_id=g.get("request_id"))
    found = error.problems if isinstance(error, errors.InvalidInputError) else []
    problems = [replace(one, field=f"/{one.field}") for one in found]
    # Why is for the log: it may name hosts, roles and paths.
    is_elsewhere = isinstance(error, errors.DatabaseUnavailableError)
    detail = _UNAVAILABLE if is_elsewhere else str(error)
    response = problem(ApiError(status, error.code, detail, problems))
    if type(error) in _RETRY_AFTER_OF:
        response.headers["Retry-After"] = str(_RETRY_AFTER_OF[type(error)])
    return response


def _of_csrf_error(_error: CSRFError) -> Response:
    detail = "Send the X-CSRF-Token that /api/v1/auth/me answers."
    return problem(ApiError(HTTPStatus.FORBIDDEN, "csrf_failed", detail))


def _of_rate_limit(error: RateLimitExceeded) -> Response:
    detail = "Too many tries. Wait some minutes."
    response = problem(ApiError(HTTPStatus.TOO_MANY_REQUESTS, "too_many_requests", detail))
    response.headers["Retry-After"] = str(error.limit.limit.get_expiry())
    return response


def _of_http_exception(error: HTTPException) -> Response:
    if error.code == HTTPStatus.NOT_FOUND and _is_for_a_person():
        return not_found_page()
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    code = CODE_OF_STATUS.get(status, "error")
    detail = _DETAIL_OF_STATUS.get(status, error.name)
    response = problem(ApiError(status, code, detail))
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after"):
            response.headers[name] = value
    return response


def _is_for_a_person() -> bool:
    """Say whether a browser asks for a page, which gets the screen's own "not found"."""
    asks = request.method in ("GET", "HEAD") and not request.path.startswith("/api/")
    return asks and is_built()


def _of_unforeseen(error: Exception) -> Response:
    _log.error("unforeseen", request_id=g.get("request_id"), exc_info=error)
    detail = "Something went wrong on our side. The request id finds it in the server's log."
    return problem(ApiError(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", detail))
