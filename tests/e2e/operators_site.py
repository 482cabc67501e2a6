"""An operator's own site: a dashboard of theirs, and a reverse proxy to the meter under a path."""

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.e2e.live_server import HOST, LiveServer

PREFIX = "/economy"
_PART = 64 * 1024
# What is between two neighbours and not for whoever is behind them.
_BETWEEN_NEIGHBOURS = {"connection", "keep-alive", "te", "transfer-encoding", "upgrade"}


@dataclass
class OperatorsSite:
    """Pages by path, each with its type and content, and the headers of every one of them."""

    url: str
    meter: LiveServer
    pages: dict[str, tuple[str, str]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    site: OperatorsSite

    def do_GET(self) -> None:
        if self.path.startswith(f"{PREFIX}/"):
            self._forward()
            return
        path = self.path.partition("?")[0]
        content_type, content = self.site.pages.get(path, ("text/plain", "nothing here"))
        self.send_response(200 if path in self.site.pages else 404)
        for name, value in {**self.site.headers, "Content-Type": content_type}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content.encode())

    do_POST = do_GET  # noqa: N815  the name that http.server asks for

    def _forward(self) -> None:
        self.site.asked.append(f"{self.command} {self.path}")
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        connection = HTTPConnection(HOST, self.site.meter.port, timeout=30)
        # The path as it was sent: what is encoded in it stays encoded.
        path = self.path.removeprefix(PREFIX)
        with closing(connection), suppress(OSError):  # The browser may have gone.
            connection.request(self.command, path, body, _passed_on(self.headers))
            line = connection.sock
            self._pass_back(connection.getresponse(), line)

    def _pass_back(self, answer: HTTPResponse, line: socket.socket) -> None:
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in _BETWEEN_NEIGHBOURS:
                self.send_header(name, value)
        self.end_headers()
        # A stream may have nothing to tell for long: whoever left it has to be noticed.
        is_stream = answer.headers.get_content_type() == "text/event-stream"
        while not (is_stream and self._is_left(line)) and (part := answer.read1(_PART)):
            self.wfile.write(part)

    def _is_left(self, line: socket.socket) -> bool:
        # A browser that waits for an answer is heard only when it goes.
        heard, _, _ = select.select([line, self.connection], [], [])
        return self.connection in heard

    def log_message(self, *_: object) -> None:
        """Say nothing: the test's own words are what counts."""


@contextmanager
def operators_site(meter: LiveServer) -> Iterator[OperatorsSite]:
    """Serve an operator's site on loopback, with the meter under `/economy/`."""

    class Handler(_Handler):
        pass

    listening = ThreadingHTTPServer((HOST, 0), Handler)
    site = OperatorsSite(f"http://{HOST}:{listening.server_port}", meter)
    Handler.site = site
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    yield site
    listening.shutdown()
    listening.server_close()
    thread.join()


def _passed_on(headers: Message) -> dict[str, str]:
    return {
        name: value for name, value in headers.items() if name.lower() not in _BETWEEN_NEIGHBOURS
    }
