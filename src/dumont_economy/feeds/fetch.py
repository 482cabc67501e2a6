"""The one way in which feeds are read: bounded, patient, and never led elsewhere."""

import random
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from dumont_economy.clock import Clock
from dumont_economy.errors import FeedError
from dumont_economy.feeds.address import FeedAddress
from dumont_economy.feeds.exchange import Request, get
from dumont_economy.feeds.limits import DEFAULT_LIMITS, FetchLimits
from dumont_economy.feeds.pace import Pace
from dumont_economy.feeds.raw_payload import PayloadRecorder, RawPayload

T = TypeVar("T")

# What another attempt may mend. All else is the same the next time, or was abandoned for its cost.
TRANSIENT = frozenset(
    {
        "bad_answer",
        "connection_failed",
        "empty_body",
        "rate_limited",
        "redirected",
        "server_error",
        "timed_out",
        "truncated",
        "wrong_content_type",
    }
)


@dataclass(frozen=True, slots=True)
class Timing:
    """What waiting is made of; tests set it, so that they need not wait."""

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = random.random


SYSTEM_TIMING = Timing()


def _unheard(_new_bytes: int) -> None:
    """Progress that nobody follows."""


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Reads documents at one feed's address.

    `progress` is called with the number of bytes that have just been read.
    """

    address: FeedAddress
    clock: Clock
    limits: FetchLimits = DEFAULT_LIMITS
    timing: Timing = SYSTEM_TIMING
    progress: Callable[[int], None] = _unheard

    def page(self, link: str, media_types: Collection[str]) -> bytes:
        """Return a document of at most one page's size.

        Raises:
            FeedError: it could not be read whole, also not by trying again.
        """

        def attempt() -> bytes:
            return b"".join(self._chunks(link, media_types, self.limits.page_bytes))

        return self._persistently(attempt)

    def file(self, link: str, media_types: Collection[str]) -> RawPayload:
        """Return a bulk file, read into a temporary one.

        Raises:
            FeedError: it could not be read whole, also not by trying again.
        """

        def attempt() -> RawPayload:
            with PayloadRecorder(self.address.url(link), self.clock.now()) as recorder:
                for chunk in self._chunks(link, media_types, self.limits.file_bytes):
                    recorder.write(chunk)
                return recorder.finish()

        return self._persistently(attempt)

    def _chunks(self, link: str, media_types: Collection[str], most_bytes: int) -> Iterator[bytes]:
        url = self.address.url(link)
        request = Request(url, media_types, most_bytes, self.limits.connect_seconds)
        for chunk in get(request, Pace(self.limits, self.timing.monotonic), self.clock):
            self.progress(len(chunk))
            yield chunk

    def _persistently(self, attempt: Callable[[], T]) -> T:
        """Return what an attempt returns, trying again after pauses that grow."""
        waited = 0.0
        for failures in range(1, self.limits.attempts):
            try:
                return attempt()
            except FeedError as error:
                if error.code not in TRANSIENT:
                    raise
                pause = max(self._pause(failures), self._pause_asked_for(error))
                waited += pause
                if waited > self.limits.patience_seconds:
                    if error.retry_at is None:
                        raise
                    retry_at = self.clock.now() + timedelta(seconds=pause)
                    raise FeedError("rate_limited", str(error), retry_at=retry_at) from error
            self.timing.sleep(pause)
        return attempt()

    def _pause(self, failures: int) -> float:
        """Return the seconds before the next attempt: half of them fixed, half by chance.

        So many installations that failed together do not come back together.
        """
        doubled = self.limits.first_pause_seconds * (1 << (failures - 1))
        longest = min(doubled, self.limits.longest_pause_seconds)
        return longest * (1 + self.timing.random()) / 2

    def _pause_asked_for(self, error: FeedError) -> float:
        if error.retry_at is None:
            return 0
        return (error.retry_at - self.clock.now()).total_seconds()
