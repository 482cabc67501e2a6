"""`economy demo`: a server over a fresh database of its own, and a sample fleet that feeds it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path

import click

from dumont_economy.cli.console import command
from dumont_economy.cli.server import check_port
from dumont_economy.clock import SystemClock
from dumont_economy.config import (
    DEFAULT_HOST,
    DEFAULT_PORT,
    PREFIX,
    data_directory,
    parse_port,
)
from dumont_economy.demo.fleet import Event, Fleet
from dumont_economy.errors import EconomyError
from dumont_economy.instant import parse_instant
from dumont_economy.services import people
from dumont_economy.services.people import Scope
from dumont_economy.services.prepare_database import prepare_database

_ACCOUNT = "sample"
_EMAIL = "demo@example.com"
# Guards nothing but sample data, on this machine's own loopback address.
_PASSWORD = "see the savings"  # noqa: S105
_DEFAULT_SEED = 4090
_BATCH = 1_000
_READY_SECONDS = 60
_STOP_SECONDS = 10
_AGAIN_AFTER = timedelta(seconds=1)


class DemoServerError(EconomyError):
    """The demo's server does not answer as it should."""

    code = "demo_server"


class _NoAnswerError(DemoServerError):
    """A push was not answered; what it told may have been stored."""


@dataclass(frozen=True)
class _Reporter:
    """Pushes usage events to the server, as any other reporter would."""

    port: int
    token: str

    def push(self, events: list[Event]) -> None:
        connection = HTTPConnection(DEFAULT_HOST, self.port, timeout=30)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        try:
            body = json.dumps({"events": events})
            connection.request("POST", "/api/v1/usage/events", body, headers)
            answer = connection.getresponse()
            said = answer.read().decode()
        except OSError as error:
            message = f"The demo's server does not answer: {error}."
            raise _NoAnswerError(message) from error
        finally:
            connection.close()
        if answer.status != 200 or '"rejected"' in said:  # noqa: PLR2004
            message = f"The demo's server refused events: {said[:500]}"
            raise DemoServerError(message)


@click.command()
@click.option("--port", default=str(DEFAULT_PORT), show_default=True, help="Port to listen on.")
@click.option("--seed", type=int, default=_DEFAULT_SEED, show_default=True, help="Of the fleet.")
@click.option("--start", help="Instant at which the fleet starts, RFC 3339; now unless told.")
@command
def demo(port: str, seed: int, start: str | None) -> None:
    """Show the live dashboard on sample data, in a database of its own."""
    clock = SystemClock()
    number = parse_port(port)
    begins_at = clock.now() if start is None else parse_instant(start)
    check_port(DEFAULT_HOST, number)
    # Told to end, it ends as with Ctrl-C, and takes its server along.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    url, token = _fresh_database()
    server = subprocess.Popen(  # noqa: S603  this program itself
        [sys.executable, "-c", _SERVE, "serve", "--port", str(number)],
        env={**os.environ, f"{PREFIX}DATABASE_URL": url, f"{PREFIX}HOST": DEFAULT_HOST},
        stdout=subprocess.DEVNULL,
        # Ctrl-C is for this process, which then stops the server in good order.
        start_new_session=True,
    )
    try:
        _wait_until_ready(server, number)
        fleet = Fleet(seed, begins_at)
        reporter = _Reporter(number, token)
        _push_history(reporter, fleet.history())
        _say_where(number)
        for at, event in fleet.live():
            _wait_until(at, server)
            _push_until_answered(reporter, event, server)
            click.echo(f"  {at:%H:%M:%S}  {event['instance']}: {event['type']}")
    except KeyboardInterrupt:
        click.echo("\nThe demo has ended; its data is thrown away at the next start.")
    finally:
        _stop(server)


_SERVE = "from dumont_economy.cli.main import main; main()"


def _fresh_database() -> tuple[str, str]:
    """Return the URL of an empty database with the sample account in it, and a token for it."""
    path = data_directory(os.environ) / "demo.db"
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    url = f"sqlite:///{path}"
    clock = SystemClock()
    database = prepare_database(url, clock)
    account = people.make_account(database, clock, _ACCOUNT, is_sample=True)
    people.add_person(database, clock, email=_EMAIL, password=_PASSWORD, account_name=_ACCOUNT)
    _, token = people.create_token(
        database, clock, account, name="sample fleet", scopes=[Scope.INGEST, Scope.BACKFILL]
    )
    database.close()
    return url, token


def _wait_until_ready(server: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            message = "The demo's server ended before it answered."
            raise DemoServerError(message)
        connection = HTTPConnection(DEFAULT_HOST, port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:  # noqa: PLR2004
                return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    message = f"The demo's server did not answer within {_READY_SECONDS} seconds."
    raise DemoServerError(message)


def _push_history(reporter: _Reporter, events: Iterable[Event]) -> None:
    held = list(events)
    for first in range(0, len(held), _BATCH):
        reporter.push(held[first : first + _BATCH])


def _push_until_answered(
    reporter: _Reporter, event: Event, server: "subprocess.Popen[bytes]"
) -> None:
    """Push an event again until it is answered, as reporters have to: it is counted once."""
    while True:
        try:
            reporter.push([event])
        except _NoAnswerError:
            _wait_until(SystemClock().now() + _AGAIN_AFTER, server)
        else:
            return


def _say_where(port: int) -> None:
    click.echo("")
    click.echo("  Dumont Economy, on sample data")
    click.echo("")
    click.echo(f"  address   http://{DEFAULT_HOST}:{port}/")
    click.echo(f"  e-mail    {_EMAIL}")
    click.echo(f"  password  {_PASSWORD}")
    click.echo("")
    click.echo("  What the sample fleet does, as it happens (Ctrl-C ends it):")


def _wait_until(at: datetime, server: "subprocess.Popen[bytes]") -> None:
    while (seconds := (at - SystemClock().now()).total_seconds()) > 0:
        if server.poll() is not None:
            message = "The demo's server has ended."
            raise DemoServerError(message)
        time.sleep(min(seconds, 1))


def _stop(server: "subprocess.Popen[bytes]") -> None:
    server.terminate()
    try:
        server.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
