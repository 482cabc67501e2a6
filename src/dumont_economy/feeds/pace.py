"""The pace of a response: whether its bytes arrive fast enough to go on waiting for them."""

from collections import deque
from collections.abc import Callable

from dumont_economy.errors import FeedError
from dumont_economy.feeds.limits import FetchLimits


class Pace:
    """Watches the bytes of one response as they arrive, its head and framing included."""

    def __init__(self, limits: FetchLimits, monotonic: Callable[[], float]) -> None:
        self._limits = limits
        self._monotonic = monotonic
        self._ends_at = monotonic() + limits.response_seconds
        # When the newest `window_bytes` bytes began to arrive: at first, when we began to wait.
        self._window_since = monotonic()
        self._arrivals: deque[tuple[float, int]] = deque()
        self._bytes_in_window = 0
        self._has_begun = False

    def seconds_left(self) -> float:
        """Return for how long more bytes may be waited for.

        Raises:
            FeedError: no longer.
        """
        left = min(self._ends_at, self._window_since + self._limits.window_seconds)
        left -= self._monotonic()
        if left <= 0:
            raise self.exceeded()
        return left

    def arrived(self, count: int) -> None:
        """Note that `count` more bytes are here.

        Raises:
            FeedError: they came too late.
        """
        self.seconds_left()
        self._has_begun = True
        self._arrivals.append((self._monotonic(), count))
        self._bytes_in_window += count
        while self._bytes_in_window - self._arrivals[0][1] >= self._limits.window_bytes:
            self._bytes_in_window -= self._arrivals.popleft()[1]
        if self._bytes_in_window >= self._limits.window_bytes:
            self._window_since = self._arrivals[0][0]

    def exceeded(self) -> FeedError:
        """Return the error that says which bound was reached."""
        if not self._has_begun:
            return FeedError("timed_out", "The server did not begin to answer in time.")
        if self._monotonic() >= self._ends_at:
            seconds = self._limits.response_seconds
            return FeedError("too_slow", f"The answer was not complete after {seconds:g} seconds.")
        least, seconds = self._limits.window_bytes, self._limits.window_seconds
        reason = f"Fewer than {least} bytes of the answer arrived in {seconds:g} seconds."
        return FeedError("too_slow", reason)
