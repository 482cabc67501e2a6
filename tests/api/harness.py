"""The application under test, a clock that tests set, and the callers of its API."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dumont_economy.api.app import create_app
from dumont_economy.config import Settings
from dumont_economy.instant import instant_text, parse_instant
from dumont_economy.services import people
from dumont_economy.services.change_watch import WatchLimits
from dumont_economy.services.people import Scope
from dumont_economy.services.prepare_database import prepare_database
from dumont_economy.storage.accounts import Account
from dumont_economy.storage.database import Database

# A Monday, after the newest price of the shipped book.
NOON = "2026-08-03T12:00:00Z"
# A test reads answers to their end, so a stream says what there is to say and ends.
BRIEF = WatchLimits(lasts_seconds=0)
PASSWORD = "correct horse battery staple"
CSRF = "X-CSRF-Token"

Json = dict[str, Any]


class SettableClock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.present = parse_instant(NOON)

    def now(self) -> datetime:
        """Return the present as an aware UTC datetime."""
        return self.present

    def set(self, text: str) -> None:
        """Make it that instant."""
        self.present = parse_instant(text)

    def advance(self, **parts: float) -> None:
        """Let time pass: `hours=1`, `seconds=30`."""
        self.present += timedelta(**parts)


@dataclass(frozen=True)
class Application:
    """A running application over a database file of its own."""

    flask: Flask
    clock: SettableClock
    database: Database

    def account(self, name: str, *, timezone: str = "UTC") -> Account:
        """Return a new account with an empty ledger."""
        return people.make_account(self.database, self.clock, name, timezone=timezone)

    def machine(self, account: Account, *scopes: Scope) -> "Caller":
        """Return a caller with a token of these scopes; all of them where none is named."""
        _, token = people.create_token(
            self.database, self.clock, account, name="fleet", scopes=scopes or tuple(Scope)
        )
        return Caller(account, self.flask.test_client(), token)

    def person(self, name: str) -> "Person":
        """Return somebody of a new account, signed in with a cookie."""
        email = f"{name}@example.org"
        people.add_person(
            self.database, self.clock, email=email, password=PASSWORD, account_name=name
        )
        client = self.flask.test_client()
        answer = sign_in(client, email)
        assert answer.status_code == 200
        return Person(email, client, answer.get_json()["token"], answer.get_json()["csrf_token"])

    def close(self) -> None:
        """Close the database."""
        self.database.close()


def start_application(folder: Path, *, setup_code: str | None = None) -> Application:
    """Return an application over a database in a folder; it is noon."""
    return start_application_on(sqlite_in(folder), setup_code=setup_code)


def sqlite_in(folder: Path) -> str:
    """Return the address of a prepared database in a folder, made where there is none."""
    file = folder / "economy.db"
    if not file.exists():
        file.write_bytes(_prepared_sqlite())
    return f"sqlite:///{file}"


def prepare(url: str) -> None:
    """Make of an empty database what an application leaves that was started on it, at noon."""
    prepare_database(url, SettableClock()).close()


@cache
def _prepared_sqlite() -> bytes:
    """Return what is in the file of a prepared database.

    Loading the shipped facts takes most of a start, and each test that starts one would wait.
    """
    with TemporaryDirectory() as folder:
        file = Path(folder) / "economy.db"
        prepare(f"sqlite:///{file}")
        return file.read_bytes()


def start_application_on(
    url: str, *, setup_code: str | None = None, limits: WatchLimits = BRIEF
) -> Application:
    """Return an application over a database; it is noon."""
    clock = SettableClock()
    settings = Settings(url, setup_code=setup_code)
    flask = create_app(settings, clock, limits)
    return Application(flask, clock, flask.extensions["economy"].database)


def sign_in(
    client: FlaskClient, email: str, password: str = PASSWORD, *, address: str = "127.0.0.1"
) -> TestResponse:
    """Try to sign in, from an address."""
    body = {"email": email, "password": password}
    return client.post("/api/v1/auth/login", json=body, environ_overrides={"REMOTE_ADDR": address})


@dataclass(frozen=True)
class Person:
    """A person with a browser."""

    email: str
    client: FlaskClient
    token: str
    csrf_token: str


@dataclass(frozen=True)
class Caller:
    """A machine that calls the API with its token."""

    account: Account
    client: FlaskClient
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """Return what it says who it is with."""
        return {"Authorization": f"Bearer {self.token}"}

    def get(self, path: str, **query: str | int) -> TestResponse:
        """Ask an address under /api/v1."""
        return self.client.get(f"/api/v1{path}", query_string=query, headers=self.headers)

    def read(self, path: str, **query: str | int) -> Json:
        """Return the JSON of an answer that has to be a success."""
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        found: Json = answer.get_json()
        return found

    def send(self, events: object) -> TestResponse:
        """Report usage."""
        return self.send_text({"events": events})

    def send_text(self, body: object) -> TestResponse:
        """Send a body, or its bytes as they are, to the address that takes usage."""
        how = {"data": body} if isinstance(body, bytes) else {"json": body}
        return self.client.post(
            "/api/v1/usage/events", headers=self.headers, content_type="application/json", **how
        )

    def push(self, *events: Json) -> list[Json]:
        """Report usage that has to be taken as a whole; return what became of each event."""
        answer = self.send(list(events))
        assert answer.status_code == 200, answer.get_data(as_text=True)
        results: list[Json] = answer.get_json()["results"]
        assert {result["status"] for result in results} <= {"accepted", "duplicate"}, results
        return results


def start(
    instance: str,
    at: str,
    gpu: str = "RTX 4090",
    rate: str = "0.74",
    gpu_count: int = 1,
    **more: object,
) -> Json:
    """Return the report of an instance that starts."""
    shape = {"provider": "vast", "gpu": gpu, "gpu_count": gpu_count, "rate": rate}
    return report("start", instance, at, **shape, **more)


def stop(instance: str, at: str) -> Json:
    """Return the report of an instance that stops."""
    return report("stop", instance, at)


def report(kind: str, instance: str, at: str, **fields: object) -> Json:
    """Return a report, with an id of its own unless one is given."""
    return {
        "id": f"{kind} {instance} {at}",
        "source": "push",
        "type": kind,
        "instance": instance,
        "time": at,
        **fields,
    }


def before(moment: str, **parts: float) -> str:
    """Return the instant so much before another."""
    return instant_text(parse_instant(moment) - timedelta(**parts))


def hours_ago(number: float) -> str:
    """Return the instant so many hours before noon."""
    return before(NOON, hours=number)


def at(text: str) -> datetime:
    """Return the aware UTC datetime that an answer's text names."""
    return datetime.fromisoformat(text).astimezone(UTC)
