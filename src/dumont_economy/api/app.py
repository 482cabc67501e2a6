"""Puts the application together: database, readers, blueprints, and the headers of every answer."""

from datetime import timedelta

from flask import Flask, Response, g, request
from flask.json.provider import DefaultJSONProvider
from flask_wtf.csrf import CSRFProtect

from dumont_economy.api import (
    auth,
    compared_prices,
    economy,
    health,
    instances,
    ledger,
    metrics,
    openapi,
    policy,
    prices,
    screen,
    usage,
)
from dumont_economy.api.error_responses import new_request_id, register_error_responses
from dumont_economy.api.given_answers import GivenAnswers
from dumont_economy.api.logging import configure_logging
from dumont_economy.api.operation import csrf
from dumont_economy.api.services import Services
from dumont_economy.api.text_converter import TextConverter
from dumont_economy.clock import Clock, SystemClock
from dumont_economy.config import Settings, settings_from_environment
from dumont_economy.services import people
from dumont_economy.services.account_view import AccountViews
from dumont_economy.services.change_watch import ChangeWatch, WatchLimits
from dumont_economy.services.credentials import Credentials
from dumont_economy.services.prepare_database import prepare_database

_MAX_BODY_BYTES = 4 * 1024 * 1024
_CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


def create_app(
    settings: Settings | None = None,
    clock: Clock | None = None,
    limits: WatchLimits | None = None,
) -> Flask:
    """Return the application over a database that is migrated and holds the shipped facts.

    Raises:
        DatabaseTooNewError: a newer version wrote the database.
        DatabaseUnavailableError: the database cannot be opened.
        InvalidSettingError: a setting cannot be used.
    """
    configure_logging()
    settings = settings or settings_from_environment()
    clock = clock or SystemClock()
    database = prepare_database(settings.database_url, clock)
    app = Flask(__name__, static_folder=None)
    app.json = _json_provider(app)
    app.config.update(
        SECRET_KEY=people.secret_key(database),
        MAX_CONTENT_LENGTH=_MAX_BODY_BYTES,
        PERMANENT_SESSION_LIFETIME=people.SESSION_LASTS + timedelta(hours=1),
        SESSION_COOKIE_NAME="economy_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
    )
    app.url_map.merge_slashes = False
    app.url_map.converters["text"] = TextConverter
    app.extensions["economy"] = Services(
        settings,
        database,
        clock,
        AccountViews(database, clock),
        Credentials(database, clock),
        GivenAnswers(),
        ChangeWatch(database, clock, limits),
    )
    _add_extensions(app, csrf)
    for blueprint in (
        economy.blueprint,
        instances.blueprint,
        ledger.blueprint,
        usage.blueprint,
        policy.blueprint,
        prices.blueprint,
        compared_prices.blueprint,
        auth.blueprint,
        openapi.blueprint,
        health.blueprint,
        metrics.blueprint,
        screen.blueprint,
    ):
        app.register_blueprint(blueprint)
    register_error_responses(app)
    app.before_request(_name_request)
    app.after_request(_add_headers)
    return app


def _json_provider(app: Flask) -> DefaultJSONProvider:
    provider = DefaultJSONProvider(app)
    provider.sort_keys = False  # Answers keep the order in which they are declared.
    return provider


def _add_extensions(app: Flask, protection: CSRFProtect) -> None:
    protection.init_app(app)
    auth.login_manager.init_app(app)
    auth.limiter.init_app(app)


def _name_request() -> None:
    g.request_id = new_request_id()


def _add_headers(response: Response) -> Response:
    headers = response.headers
    headers["X-Request-Id"] = g.get("request_id", "")
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers["Content-Security-Policy"] = _CONTENT_SECURITY_POLICY
    if request.path.startswith("/api/"):
        headers.setdefault("Cache-Control", "no-store")
    return response
