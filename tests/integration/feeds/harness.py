"""What the tests of feeds share: readers with small limits, that note their waiting."""

import json
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from dumont_economy.feeds import aws, azure, gpuhunt
from dumont_economy.feeds.address import FeedAddress
from dumont_economy.feeds.fetch import Fetcher, Timing
from dumont_economy.feeds.limits import FetchLimits
from dumont_economy.pricing.price_claim import FeedReading
from tests.builders import SetClock, instant
from tests.fakes.feed_server import Answer, FeedServer, Request

TODAY = instant("2026-08-20 06:00")
JSON = frozenset({"application/json"})
SMALL = FetchLimits(
    page_bytes=200_000,
    file_bytes=400_000,
    response_seconds=60,
    window_seconds=20,
    window_bytes=2_000,
    connect_seconds=5,
    attempts=3,
)
HASTY = replace(SMALL, window_seconds=0.5)


@dataclass
class Waiting:
    """Waiting that takes no time: it moves the clock, and is noted in seconds."""

    clock: SetClock = field(default_factory=lambda: SetClock(TODAY))
    pauses: list[float] = field(default_factory=list)
    chance: float = 1.0

    def sleep(self, seconds: float) -> None:
        """Let time pass at once."""
        self.pauses.append(seconds)
        self.clock.present += timedelta(seconds=seconds)

    def fetcher(
        self, base_url: str, limits: FetchLimits = SMALL, official_url: str = ""
    ) -> Fetcher:
        """Return a reader of that address."""
        return Fetcher(
            FeedAddress(base_url, official_url or base_url),
            self.clock,
            limits,
            Timing(sleep=self.sleep, random=lambda: self.chance),
        )


@dataclass
class Bulletin(FeedServer):
    """A feed that publishes one text, whatever is asked for."""

    body: bytes = json.dumps({"Items": ["x" * 3_000]}).encode()

    def publish(self, _: Request) -> Answer:
        """Return the text."""
        return Answer(self.body)


def read_whole(fetcher: Fetcher, read: str, link: str = "/prices.json") -> bytes:
    """Return a document, read as a `page` or as a `file`."""
    if read == "page":
        return fetcher.page(link, JSON)
    with fetcher.file(link, JSON) as payload:
        return payload.open().read()


def fetcher_of(feed: FeedServer, limits: FetchLimits = SMALL) -> Fetcher:
    """Return a reader of a fake feed, whose official address is the provider's."""
    addresses = {"FakeAwsPriceList": aws, "FakeGpuhuntCatalogue": gpuhunt}
    official = addresses.get(type(feed).__name__, azure).OFFICIAL_URL
    return Waiting().fetcher(feed.url, replace(limits, attempts=1), official)


def prices_of(reading: FeedReading) -> dict[tuple[str, str], str]:
    """Return what a reading says, by type and pricing model, in its own order."""
    return {
        (claim.instance_type, claim.pricing_model.value): str(claim.price_per_instance_hour)
        for claim in reading.claims
    }


def codes_of(reading: FeedReading) -> list[str]:
    """Return why rows of a reading could not be read."""
    return [row.code for row in reading.unreadable]


def at(text: str) -> datetime:
    """Return an instant as the feeds write it."""
    return datetime.fromisoformat(text)


def open_temporary_files() -> int:
    """Return how many files this process holds open that have no name any more."""
    count = 0
    for link in Path("/proc/self/fd").iterdir():
        # Connections of a fake server may close meanwhile.
        with suppress(FileNotFoundError):
            count += "(deleted)" in str(link.readlink())
    return count
