"""The connection under an answer that does not end: whether its other end is there still."""

import socket
from collections.abc import Mapping
from typing import Any

from dumont_economy.services.listener import Line

# What the server keeps for a reader who is slow; the kernel doubles it.
_KEPT_BYTES = 32 * 1024
# What was sent and not taken for so long is taken by nobody: the kernel then ends the connection.
_TAKEN_WITHIN_MILLISECONDS = 30_000
_IS_WATCHED = hasattr(socket, "TCP_INFO") and hasattr(socket, "TCP_USER_TIMEOUT")
_ESTABLISHED = 1


class _Connection:
    """A TCP connection that Linux watches for us."""

    def __init__(self, client: socket.socket) -> None:
        self._client = client
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KEPT_BYTES)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _TAKEN_WITHIN_MILLISECONDS)

    def is_open(self) -> bool:
        """Say whether both ends are open, without waiting for anything."""
        try:
            state = self._client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
        except OSError:
            return False
        return state[0] == _ESTABLISHED

    def cut(self) -> None:
        """End it in both directions, so that a write under way fails."""
        try:
            self._client.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # It has ended by itself.


class _Unwatched:
    """A connection that cannot be looked at: who hangs up is found out by writing."""

    def is_open(self) -> bool:
        """Say what is not known to be otherwise."""
        return True

    def cut(self) -> None:
        """Leave it to whoever writes."""


def line_of(environ: Mapping[str, Any]) -> Line:
    """Return the line to whoever sent a request."""
    client = environ.get("gunicorn.socket")
    is_tcp = getattr(client, "family", None) in (socket.AF_INET, socket.AF_INET6)
    return _Connection(client) if is_tcp and client and _IS_WATCHED else _Unwatched()
