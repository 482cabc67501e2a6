"""A server on loopback that publishes a feed, and breaks in the ways in which feeds break.

A feed says what it publishes in `publish`; this says how it comes over the wire. Every request is
noted in `requests`. `break_with(kind)` makes the answers bad until `heal()`:

    fake.break_with("html")                              # every answer
    fake.break_with("server_error", after=6, times=1)    # the seventh answer only
    fake.break_with("slow_loris", where="us-east-1/")    # requests whose target has this in it

Kinds, and the options of each:

    html                 a web page, as a proxy or a captive portal sends it
    html_as_json         the same, under the media type of the feed
    empty                200 with nothing in it
    wrong_content_type   the right bytes as text/plain
    redirect             to=URL, status=301
    rate_limited         retry_after=text or None: 429
    server_error         status=500, retry_after=None
    status               status=404: that status, with the right bytes
    silent               the connection is taken and nothing is said
    connection_lost      the connection is closed at once
    reset                the connection is reset within the body
    no_http              something that is no HTTP is said
    slow_loris           seconds=0.01 for each byte of the body; of all bytes with head=True
    slow_chunks          the same within the framing of chunks
    chunks               the right bytes in chunks, their number not announced
    never_ending         bytes without end, as fast as they are taken
    headers              headers={name: value}: these too, and instead
    too_large            a length of 5 GB is announced
    short_body           the connection ends before the announced length
    short_chunks         the connection ends within a chunk
    truncated_json       the JSON ends early, the length is right
    gzip, gzip_bomb      packed, although nobody asked; packed a thousandfold
    packed               body=bytes: these, said to be packed
    deflate              packed in a way that nobody knows
    body                 body=bytes: these instead
"""

import gzip
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import repeat
from pathlib import Path
from socket import SO_LINGER, SOL_SOCKET
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

_CHUNK_BYTES = 1 << 18
_FIVE_GB = 5_000_000_000
PAGE_OF_A_PORTAL = b"<!doctype html><title>Sign in</title><p>Accept the terms of this network.</p>"


@dataclass(frozen=True)
class Request:
    """What was asked for."""

    target: str
    headers: Mapping[str, str]

    @property
    def path(self) -> str:
        """Return the path alone."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """Return the last value of each name in the query."""
        query = parse_qs(urlsplit(self.target).query, keep_blank_values=True)
        return {name: values[-1] for name, values in query.items()}


@dataclass(frozen=True)
class Answer:
    """What a feed publishes at an address: bytes, or the file that holds them."""

    body: bytes | Path
    status: int = 200
    media_type: str = "application/json"

    @property
    def size(self) -> int:
        """Return the number of bytes."""
        return self.body.stat().st_size if isinstance(self.body, Path) else len(self.body)

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes."""
        if isinstance(self.body, bytes):
            yield self.body
            return
        with self.body.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                yield chunk

    def whole(self) -> bytes:
        """Return the bytes at once."""
        return b"".join(self.chunks())


@dataclass
class _Breakage:
    """How answers are bad, which ones, and how many requests it has met."""

    kind: str
    where: str
    after: int
    times: int | None
    options: dict[str, Any]
    met: int = 0

    def strikes(self, request: Request) -> bool:
        """Say whether this request meets it."""
        if self.where not in request.target:
            return False
        self.met += 1
        return self.after < self.met and (self.times is None or self.met <= self.after + self.times)


@dataclass
class FeedServer:
    """A feed on a port of its own; a context manager. Subclasses say what is published."""

    requests: list[Request] = field(default_factory=list, init=False)
    _breakage: _Breakage | None = field(default=None, init=False)

    def publish(self, request: Request) -> Answer:
        """Return what the feed has at an address."""
        raise NotImplementedError

    @property
    def url(self) -> str:
        """Return the base URL to set instead of the provider's."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def break_with(
        self,
        kind: str,
        *,
        where: str = "",
        after: int = 0,
        times: int | None = None,
        **options: object,
    ) -> None:
        """Answer badly from now on; see the head of this module."""
        if kind not in _KINDS:
            raise KeyError(kind)
        self._breakage = _Breakage(kind, where, after, times, options)

    def heal(self) -> None:
        """Answer well again."""
        self._breakage = None

    def answer(self, connection: "_Connection") -> None:
        """Answer one request."""
        request = Request(connection.path, dict(connection.headers))
        self.requests.append(request)
        breakage, good = self._breakage, self.publish(request)
        if breakage is not None and breakage.strikes(request):
            _KINDS[breakage.kind](connection, good, **breakage.options)
        else:
            connection.send(good)

    def __enter__(self) -> Self:
        self._closed = threading.Event()
        self._server = _Server(self, self._closed)
        # The poll decides how long closing takes.
        arguments = {"poll_interval": 0.01}
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs=arguments)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    """Serves one feed; its threads end when the feed is closed."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, feed: FeedServer, closed: threading.Event) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.feed = feed
        self.closed = closed

    def handle_error(self, *_: object) -> None:
        """Say nothing: a client that has had enough hangs up."""


class _Connection(BaseHTTPRequestHandler):
    """One connection, for one answer."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        """Answer."""
        self.close_connection = True
        self.server.feed.answer(self)

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def head(self, answer: Answer, headers: Mapping[str, str]) -> None:
        """Send status and headers."""
        self.send_response(answer.status)
        for name, value in {"Content-Type": answer.media_type, **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def send(self, answer: Answer, headers: Mapping[str, str] | None = None) -> None:
        """Send an answer as it should be."""
        self.head(answer, {"Content-Length": str(answer.size), **(headers or {})})
        for chunk in answer.chunks():
            self.wfile.write(chunk)

    def drip(self, data: bytes, seconds: float) -> None:
        """Send byte by byte, so many seconds apart, for as long as anybody listens."""
        for byte in data:
            if self.server.closed.wait(seconds):
                return
            self.wfile.write(bytes([byte]))

    def wait(self) -> None:
        """Say nothing until the server closes."""
        self.server.closed.wait()


def _html(connection: _Connection, _: Answer) -> None:
    connection.send(Answer(PAGE_OF_A_PORTAL, media_type="text/html; charset=utf-8"))


def _html_as_json(connection: _Connection, good: Answer) -> None:
    connection.send(Answer(b"\n" + PAGE_OF_A_PORTAL, media_type=good.media_type))


def _empty(connection: _Connection, good: Answer) -> None:
    connection.send(Answer(b"", media_type=good.media_type))


def _wrong_content_type(connection: _Connection, good: Answer) -> None:
    connection.send(Answer(good.body, media_type="text/plain"))


def _redirect(connection: _Connection, good: Answer, *, to: str, status: int = 301) -> None:
    connection.send(Answer(good.body, status, good.media_type), {"Location": to})


def _rate_limited(connection: _Connection, _: Answer, *, retry_after: str | None = None) -> None:
    _server_error(connection, _, status=429, retry_after=retry_after)


def _server_error(
    connection: _Connection, _: Answer, *, status: int = 500, retry_after: str | None = None
) -> None:
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    connection.send(Answer(b'{"error":"no"}', status), headers)


def _status(connection: _Connection, good: Answer, *, status: int) -> None:
    connection.send(Answer(good.body, status, good.media_type))


def _silent(connection: _Connection, _: Answer) -> None:
    connection.wait()


def _connection_lost(connection: _Connection, _: Answer) -> None:
    """Send nothing: the connection closes when its handler returns."""


def _reset(connection: _Connection, good: Answer) -> None:
    connection.head(good, {"Content-Length": str(good.size)})
    connection.wfile.write(good.whole()[: good.size // 2])
    # To close without lingering is to reset.
    connection.connection.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    connection.connection.close()


def _no_http(connection: _Connection, _: Answer) -> None:
    connection.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")


def _slow_loris(
    connection: _Connection, good: Answer, *, seconds: float = 0.01, head: bool = False
) -> None:
    body = good.whole()
    if head:
        status = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Filler: "
        connection.drip(status + b"x" * 60_000, seconds)
        return
    connection.head(good, {"Content-Length": str(len(body))})
    connection.drip(body, seconds)


def _slow_chunks(connection: _Connection, good: Answer, *, seconds: float = 0.01) -> None:
    connection.head(good, {"Transfer-Encoding": "chunked"})
    connection.drip(b"5;" + b"x" * 60_000, seconds)


def _chunks(connection: _Connection, good: Answer) -> None:
    connection.head(good, {"Transfer-Encoding": "chunked"})
    for part in (good.whole()[:100], good.whole()[100:], b""):
        connection.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))


def _never_ending(connection: _Connection, good: Answer) -> None:
    connection.head(good, {"Transfer-Encoding": "chunked"})
    block = b" " * _CHUNK_BYTES
    start = b'{"Items":['
    for data in (start, *repeat(block, 40_000)):
        if connection.server.closed.is_set():
            return
        connection.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))


def _too_large(connection: _Connection, good: Answer) -> None:
    connection.head(good, {"Content-Length": str(_FIVE_GB)})
    connection.wfile.write(good.whole())
    connection.wait()


def _headers(connection: _Connection, good: Answer, *, headers: Mapping[str, str]) -> None:
    connection.send(good, headers)


def _short_body(connection: _Connection, good: Answer) -> None:
    connection.head(good, {"Content-Length": str(good.size + 1_000)})
    connection.wfile.write(good.whole())


def _short_chunks(connection: _Connection, good: Answer) -> None:
    connection.head(good, {"Transfer-Encoding": "chunked"})
    connection.wfile.write(b"%x\r\n%b" % (good.size + 1_000, good.whole()))


def _truncated_json(connection: _Connection, good: Answer) -> None:
    body = good.whole()
    connection.send(Answer(body[: len(body) * 9 // 10], media_type=good.media_type))


def _gzip(connection: _Connection, good: Answer) -> None:
    packed = gzip.compress(good.whole())
    connection.send(Answer(packed, media_type=good.media_type), {"Content-Encoding": "gzip"})


def _gzip_bomb(connection: _Connection, good: Answer) -> None:
    connection.send(Answer(_bomb(), media_type=good.media_type), {"Content-Encoding": "gzip"})


@cache
def _bomb() -> bytes:
    # At the lowest level, for a reader that waits for it does not wait long.
    return gzip.compress(b" " * (64 << 20), compresslevel=1)


def _packed(connection: _Connection, good: Answer, *, body: bytes) -> None:
    connection.send(Answer(body, media_type=good.media_type), {"Content-Encoding": "gzip"})


def _deflate(connection: _Connection, good: Answer) -> None:
    connection.send(good, {"Content-Encoding": "deflate"})


def _body(connection: _Connection, good: Answer, *, body: bytes) -> None:
    connection.send(Answer(body, media_type=good.media_type))


_KINDS: Mapping[str, Callable[..., None]] = {
    "body": _body,
    "chunks": _chunks,
    "connection_lost": _connection_lost,
    "deflate": _deflate,
    "empty": _empty,
    "gzip": _gzip,
    "gzip_bomb": _gzip_bomb,
    "headers": _headers,
    "html": _html,
    "html_as_json": _html_as_json,
    "never_ending": _never_ending,
    "no_http": _no_http,
    "packed": _packed,
    "rate_limited": _rate_limited,
    "redirect": _redirect,
    "reset": _reset,
    "server_error": _server_error,
    "short_body": _short_body,
    "short_chunks": _short_chunks,
    "silent": _silent,
    "slow_chunks": _slow_chunks,
    "slow_loris": _slow_loris,
    "status": _status,
    "too_large": _too_large,
    "truncated_json": _truncated_json,
    "wrong_content_type": _wrong_content_type,
}
