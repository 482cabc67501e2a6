"""The real server as a process of its own, and a reporter that pushes to it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from random import SystemRandom
from typing import Any

from dumont_economy.clock import SystemClock
from dumont_economy.services import people
from dumont_economy.services.people import Scope
from dumont_economy.services.prepare_database import prepare_database

HOST = "127.0.0.1"
EMAIL = "owner@example.com"
PASSWORD = "three quiet instruments"
# On a slow machine that runs other tests too.
_READY_SECONDS = 60
_STOPPED_SECONDS = 60
# Below those that the system gives to whoever connects: while a server restarts, nobody takes its.
_PORTS = range(20_000, 32_000)
_random = SystemRandom()
_MAIN = "from dumont_economy.cli.main import main; main()"


def _free_port() -> int:
    while True:
        port = _random.choice(_PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind((HOST, port))
            return port


@dataclass
class LiveServer:
    """`economy serve` over a database in a folder of the test's own."""

    database: Path
    port: int = field(default_factory=_free_port)
    process: "subprocess.Popen[bytes] | None" = None
    program: Sequence[str] = (sys.executable, "-c", _MAIN)
    options: Sequence[str] = ()
    # Of the account's reporter, where one was added.
    token: str = ""

    @property
    def database_url(self) -> str:
        """Return the database's address."""
        return f"sqlite:///{self.database}"

    @property
    def url(self) -> str:
        """Return the server's address."""
        return f"http://{HOST}:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment that names the database."""
        return {**os.environ, "DUMONT_ECONOMY_DATABASE_URL": self.database_url}

    def economy(self, *arguments: str, given: str = "") -> str:
        """Run a command on the same database and return its standard output."""
        finished = subprocess.run(
            [sys.executable, "-c", _MAIN, *arguments],
            input=given,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return finished.stdout.strip()

    def start(self) -> None:
        """Start the server and wait until it is ready."""
        self.process = subprocess.Popen(
            [*self.program, "serve", "--port", str(self.port), *self.options],
            env=self.environment,
            start_new_session=True,
        )
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if self.request("GET", "/readyz")[0] == 200:
                    return
            except OSError:
                time.sleep(0.1)
        message = "The server did not become ready."
        raise AssertionError(message)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop the server: politely, or as a crash with SIGKILL to all of its processes."""
        if self.process is not None:
            if how is signal.SIGKILL:
                os.killpg(self.process.pid, how)
            else:
                self.process.send_signal(how)
            self.process.wait(_STOPPED_SECONDS)
            self.process = None

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, Any]:
        """Make a request and return status and decoded body."""
        connection = HTTPConnection(HOST, self.port, timeout=20)
        try:
            sent = None if body is None else json.dumps(body)
            given = {"Content-Type": "application/json", **(headers or {})}
            connection.request(method, path, sent, given)
            answer = connection.getresponse()
            text = answer.read().decode()
            is_json = "json" in (answer.headers.get("Content-Type") or "")
            return answer.status, json.loads(text) if is_json else text
        finally:
            connection.close()


def add_account(server: LiveServer, name: str, email: str, *, is_sample: bool = False) -> str:
    """Add an account with an owner, and return a token of all scopes for its reporter.

    By the services, not by commands: each of those is a process that takes a second to start.
    """
    clock = SystemClock()
    database = prepare_database(server.database_url, clock)
    account = people.make_account(database, clock, name, is_sample=is_sample)
    people.add_person(database, clock, email=email, password=PASSWORD, account_name=name)
    _, token = people.create_token(database, clock, account, name="fleet", scopes=Scope)
    database.close()
    return token


@dataclass
class Reporter:
    """Pushes usage events with an API token, as a machine does."""

    server: LiveServer
    token: str
    _sent: int = 0

    def push(self, kind: str, instance: str, at: datetime | None = None, **more: object) -> None:
        """Push one event, dated now unless told."""
        self._sent += 1
        event = {
            "id": f"e{self._sent}",
            "source": "test",
            "type": kind,
            "instance": instance,
            "time": (at or datetime.now(UTC)).isoformat(),
            **more,
        }
        headers = {"Authorization": f"Bearer {self.token}"}
        status, answer = self.server.request(
            "POST", "/api/v1/usage/events", {"events": [event]}, headers
        )
        assert (status, answer["results"][0]["status"]) == (200, "accepted"), answer

    def read(self, path: str) -> Any:  # noqa: ANN401  JSON
        """Return an answer of the API."""
        status, answer = self.server.request(
            "GET", path, headers={"Authorization": f"Bearer {self.token}"}
        )
        assert status == 200, answer
        return answer
