"""One exchange over HTTP: a GET whose answer is taken as agreed, within its limits, or not at all.

Nothing is followed: whatever the answer asks for is the caller's to decide.
"""

import ssl
import zlib
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from importlib.metadata import version
from io import BufferedReader, RawIOBase
from socket import socket
from typing import IO, cast
from urllib.parse import SplitResult, urlsplit

from dumont_economy.clock import Clock
from dumont_economy.errors import FeedError
from dumont_economy.feeds.pace import Pace

_CHUNK_BYTES = 1 << 16
_GZIP = 31  # zlib's number for a gzip frame
_SHOWN_URL_LENGTH = 200
_LONGEST_RETRY = timedelta(days=366)
_LONGEST_RETRY_DIGITS = 9
_LONGEST_LENGTH_DIGITS = 18
_BLANK = b" \t\r\n\xef\xbb\xbf"
_HEADERS = {
    "User-Agent": f"dumont-economy/{version('dumont-economy')}",
    "Accept": "application/json, */*;q=0.1",
    "Accept-Encoding": "identity",
    "Connection": "close",
}


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for, and what may come: one of the media types, at most so many bytes."""

    url: str
    media_types: Collection[str]
    most_bytes: int
    connect_seconds: float


def get(request: Request, pace: Pace, clock: Clock) -> Iterator[bytes]:
    """Yield the document at a URL in chunks, unpacked; it is complete when nothing was raised.

    Raises:
        FeedError: it is not the document that was asked for, or not all of it.
    """
    try:
        with closing(_connection(request)) as connection:
            response = _response(connection, request.url, pace)
            _check_head(response, request, clock)
            yield from _checked(_unpacked(_body(response), response), request)
    except HTTPException as error:
        raise FeedError("bad_answer", f"{_shown(request)} did not answer in HTTP.") from error


def _connection(request: Request) -> HTTPConnection:
    parts = urlsplit(request.url)
    host, seconds = parts.hostname or "", request.connect_seconds
    connection = (
        HTTPSConnection(host, parts.port, timeout=seconds, context=ssl.create_default_context())
        if parts.scheme == "https"
        else HTTPConnection(host, parts.port, timeout=seconds)
    )
    try:
        connection.connect()
        connection.request("GET", _target(parts), headers=_HEADERS)
    except (OSError, UnicodeError) as error:
        connection.close()
        reason = f"{_shown(request)} cannot be reached: {error}"
        raise FeedError("connection_failed", reason) from error
    return connection


def _target(parts: SplitResult) -> str:
    return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"


def _response(connection: HTTPConnection, url: str, pace: Pace) -> HTTPResponse:
    """Read the head of the answer; from here on, every byte is read at a pace."""
    paced = _PacedSocket(connection.sock, pace)
    response = HTTPResponse(cast("socket", paced), method="GET", url=url)
    response.begin()
    return response


class _PacedSocket:
    """What an HTTP response reads from: a connection whose bytes must come fast enough."""

    def __init__(self, connected: socket, pace: Pace) -> None:
        self._connected = connected
        self._pace = pace

    def makefile(self, _mode: str) -> IO[bytes]:
        """Return a file to read from."""
        return BufferedReader(_PacedReader(self._connected, self._pace), _CHUNK_BYTES)


class _PacedReader(RawIOBase):
    """Reads a socket for as long as its pace allows: no single wait, no sum of waits is longer."""

    def __init__(self, connected: socket, pace: Pace) -> None:
        self._connected = connected
        self._pace = pace

    def readable(self) -> bool:
        """Say that it is there to be read."""
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        """Fill the buffer with what has arrived; 0 is the end."""
        self._connected.settimeout(self._pace.seconds_left())
        try:
            count = self._connected.recv_into(buffer)
        except TimeoutError as error:
            raise self._pace.exceeded() from error
        except OSError as error:
            reason = f"The connection broke while the answer arrived: {error}"
            raise FeedError("connection_failed", reason) from error
        self._pace.arrived(count)
        return count


def _check_head(response: HTTPResponse, request: Request, clock: Clock) -> None:
    """Refuse an answer that by its head alone is not the document."""
    shown = _shown(request)
    _check_status(response, shown, clock)
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type not in request.media_types:
        reason = f"{shown} answered with {media_type or 'no media type'}."
        raise FeedError("wrong_content_type", reason)
    if (_content_length(response) or 0) > request.most_bytes:
        raise _too_large(request)


def _check_status(response: HTTPResponse, shown: str, clock: Clock) -> None:
    status = response.status
    if status == HTTPStatus.OK:
        return
    if 300 <= status < 400:  # noqa: PLR2004  the class of redirects
        code, reason = "redirected", "redirects are not followed"
    elif status == HTTPStatus.TOO_MANY_REQUESTS:
        code, reason = "rate_limited", "too many requests"
    elif status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        code, reason = "server_error", "its server failed"
    elif status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        code, reason = "not_found", "there is no such document"
    else:
        code, reason = "unexpected_status", "the document did not come"
    retry_at = _retry_at(response.headers.get("Retry-After"), clock.now())
    raise FeedError(code, f"{shown} answered {status}: {reason}.", retry_at=retry_at)


def _retry_at(text: str | None, now: datetime) -> datetime | None:
    """Return when `Retry-After` allows the next request; None where it is not usable."""
    if text is None:
        return None
    text = text.strip()
    if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_RETRY_DIGITS:
        return now + min(timedelta(seconds=int(text)), _LONGEST_RETRY)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    # A date without a zone is not HTTP's; all dates of HTTP are in GMT.
    return None if at.tzinfo is None else min(max(at, now), now + _LONGEST_RETRY)


def _body(response: HTTPResponse) -> Iterator[bytes]:
    """Yield the body as it arrives, to the end that its head promised."""
    promised, received = _content_length(response), 0
    try:
        while chunk := response.read1(_CHUNK_BYTES):
            received += len(chunk)
            yield chunk
    except HTTPException as error:
        raise FeedError("truncated", "The answer broke off within its body.") from error
    if promised is not None and received != promised:
        reason = f"The answer broke off after {received} of {promised} bytes."
        raise FeedError("truncated", reason)


def _content_length(response: HTTPResponse) -> int | None:
    text = response.headers.get("Content-Length", "")
    is_number = text.isascii() and text.isdecimal() and len(text) <= _LONGEST_LENGTH_DIGITS
    return int(text) if is_number and not response.chunked else None


def _unpacked(chunks: Iterator[bytes], response: HTTPResponse) -> Iterator[bytes]:
    """Yield the document itself, in small steps: a few packed bytes can hold gigabytes."""
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding == "identity":
        yield from chunks
        return
    if encoding != "gzip":
        raise FeedError("unknown_encoding", f"The answer is packed as {encoding[:40]!r}.")
    inflater = zlib.decompressobj(_GZIP)
    try:
        for chunk in chunks:
            packed = chunk
            while packed:
                yield inflater.decompress(packed, _CHUNK_BYTES)
                packed = inflater.unconsumed_tail
            if inflater.unused_data:
                raise FeedError("bad_encoding", "Something follows the packed document.")
        yield inflater.flush()
    except zlib.error as error:
        raise FeedError("bad_encoding", "The answer is not packed as it says.") from error
    if not inflater.eof:
        raise FeedError("truncated", "The packed document broke off.")


def _checked(chunks: Iterator[bytes], request: Request) -> Iterator[bytes]:
    """Yield a document that is neither empty, nor a web page, nor larger than agreed."""
    size, has_begun = 0, False
    for chunk in chunks:
        size += len(chunk)
        if size > request.most_bytes:
            raise _too_large(request)
        start = b"" if has_begun else chunk.lstrip(_BLANK)
        has_begun = has_begun or bool(start)
        if start.startswith(b"<"):
            reason = f"{_shown(request)} answered with markup under another media type."
            raise FeedError("wrong_content_type", reason)
        yield chunk
    if size == 0:
        raise FeedError("empty_body", f"{_shown(request)} answered with nothing.")


def _too_large(request: Request) -> FeedError:
    reason = f"{_shown(request)} sends more than the {request.most_bytes} bytes that are read."
    return FeedError("too_large", reason)


def _shown(request: Request) -> str:
    return request.url[:_SHOWN_URL_LENGTH]
