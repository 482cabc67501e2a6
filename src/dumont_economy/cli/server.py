"""Runs the application under gunicorn; gevent, so that many open connections cost little."""

import os
import signal
import socket
import time
from collections.abc import Callable
from typing import Any

import click
from flask import Flask, Response
from gunicorn.app.base import BaseApplication
from gunicorn.http.errors import ParseException

from dumont_economy.api.api_error import ApiError
from dumont_economy.api.app import create_app
from dumont_economy.api.error_responses import problem
from dumont_economy.cli.server_worker import RefusingWorker
from dumont_economy.config import Settings
from dumont_economy.errors import DatabaseUnavailableError, EconomyError

_GRACE_SECONDS = 8
# The first read of a long ledger keeps a worker busy; it is not hung.
_TIMEOUT_SECONDS = 600
_LOOKS_AGAIN_SECONDS = 1


class PortInUseError(EconomyError):
    """The address to listen on cannot be had."""

    code = "port_in_use"

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(
            f"Cannot listen on {host} port {port}: {reason}. Stop what listens there, or choose "
            "another port with --port."
        )


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    def __init__(self, settings: Settings, options: dict[str, Any]) -> None:
        self._settings = settings
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Return the application of a worker, which waits for a database that is away.

        A worker that cannot start would end the server, which has seen the database before.
        """
        while True:
            try:
                app = create_app(self._settings)
            except DatabaseUnavailableError as error:
                click.echo(f"economy: {error}", err=True)
                time.sleep(_LOOKS_AGAIN_SECONDS)
            else:
                app.register_error_handler(ParseException, _of_malformed_chunks)
                return app


def _of_malformed_chunks(_error: ParseException) -> Response:
    """Answer a body whose chunks cannot be told apart, which is only found while it is read."""
    detail = "The chunks of the body are malformed. Send it with a Content-Length."
    return problem(ApiError(400, "malformed_chunks", detail))


def check_port(host: str, port: int) -> None:
    """Make sure that an address can be listened on.

    Raises:
        PortInUseError: it cannot.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortInUseError(host, port, error.strerror or str(error)) from error


def _stop_gracefully_on_ctrl_c() -> None:
    """Make Ctrl-C end the server as SIGTERM does: requests under way are answered first."""
    signal.signal(signal.SIGINT, lambda _signal, _frame: os.kill(os.getpid(), signal.SIGTERM))


def run_server(settings: Settings, *, workers: int, on_ready: Callable[[], None]) -> None:
    """Serve until told to stop; `on_ready` is called once the address answers."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host

    def when_ready(_arbiter: object) -> None:
        _stop_gracefully_on_ctrl_c()
        on_ready()

    options = {
        "bind": f"{host}:{settings.port}",
        "workers": workers,
        "worker_class": RefusingWorker,
        "graceful_timeout": _GRACE_SECONDS,
        "timeout": _TIMEOUT_SECONDS,
        "loglevel": "warning",
        # The screen polls: a line for each poll would bury what matters.
        "accesslog": None,
        "limit_request_line": 8190,
        "limit_request_field_size": 16_380,
        "when_ready": when_ready,
        # Ctrl-C reaches every process of the terminal; the first one tells the others.
        "post_worker_init": lambda _worker: signal.signal(signal.SIGINT, signal.SIG_IGN),
    }
    _Server(settings, options).run()
