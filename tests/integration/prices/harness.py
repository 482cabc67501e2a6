"""What the tests of learning prices share: an installation whose feeds are fakes on loopback."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from dumont_economy.clock import Clock
from dumont_economy.feeds import aws
from dumont_economy.feeds.address import FeedAddress
from dumont_economy.feeds.fetch import Fetcher, Timing
from dumont_economy.feeds.limits import FetchLimits
from dumont_economy.pricing.price_book import PriceBook
from dumont_economy.pricing.rate import PricingModel
from dumont_economy.pricing.sku import ComparisonProvider
from dumont_economy.services.import_prices import (
    STRICT,
    Leniency,
    PriceImport,
    import_prices,
)
from dumont_economy.services.look_up_rates import rate_in_force
from dumont_economy.services.price_feeds import (
    FeedAddresses,
    FeedName,
    FeedReaders,
    plan_feeds,
    regions_to_read,
)
from dumont_economy.services.refresh_prices import LeftAlone, refresh_prices
from dumont_economy.storage import prices
from dumont_economy.storage.database import Database
from tests.api.harness import Application, Caller, SettableClock, start
from tests.fakes.aws_price_list import FakeAwsPriceList
from tests.fakes.gpuhunt_catalogue import CatalogueRow
from tests.fakes.provider_feeds import FakeFeeds

LIMITS = FetchLimits(
    page_bytes=400_000,
    file_bytes=2_000_000,
    response_seconds=60,
    window_seconds=0.5,
    window_bytes=2_000,
    connect_seconds=5,
    attempts=2,
)
# As the shipped book has them, each as its own feed writes it.
AWS = {
    "p5.48xlarge": "55.0400000000",
    "g6e.xlarge": "1.8610000000",
    "g4dn.xlarge": "0.5260000000",
    "p4d.24xlarge": "21.9576420000",
}
AZURE = {
    "Standard_NC24ads_A100_v4": "3.673",
    "Standard_NC4as_T4_v3": "0.526",
    "Standard_ND96isr_H100_v5": "98.32",
    "Standard_NV36ads_A10_v5": "3.2",
}


@dataclass
class Installation:
    """An application whose prices come from fake feeds; waiting takes no time."""

    application: Application
    feeds: FakeFeeds
    pauses: list[float] = field(default_factory=list)

    @property
    def clock(self) -> SettableClock:
        """Return the clock that everything here goes by."""
        return self.application.clock

    @property
    def database(self) -> Database:
        """Return where everything is kept."""
        return self.application.database

    def refresh(
        self,
        *names: FeedName,
        leniency: Leniency = STRICT,
        since: datetime | None = None,
        folder: Path | None = None,
    ) -> list[PriceImport | LeftAlone]:
        """Read feeds, and return what became of each."""
        addresses = FeedAddresses(
            self.feeds.aws.url, self.feeds.azure.url, self.feeds.gpuhunt.url, folder
        )
        timing = Timing(sleep=self._sleep, random=lambda: 1.0)
        readers = FeedReaders(addresses, self.clock, lambda _bytes: None, LIMITS, timing)
        with self.database.read() as connection:
            regions = regions_to_read(connection)
        planned = plan_feeds(names, readers, regions, since)
        done = list(refresh_prices(self.database, self.clock, planned, leniency))
        # No two facts become known at one instant, so those of now are known a little later.
        self.clock.advance(seconds=1)
        return done

    def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.clock.present += timedelta(seconds=seconds)

    def price(
        self,
        instance_type: str,
        at: str | None = None,
        provider: ComparisonProvider = ComparisonProvider.AWS,
        region: str = "us-east-1",
    ) -> str:
        """Return the price in force of a SKU, now unless told."""
        rate = rate_in_force(
            self.database,
            provider,
            region,
            instance_type,
            pricing_model=PricingModel.ON_DEMAND,
            at=self.clock.now() if at is None else datetime.fromisoformat(at),
            as_of=self.clock.now(),
        )
        return f"{rate.usd_per_instance_hour.normalize():f}"

    def book(self, as_of: datetime) -> PriceBook:
        """Return the prices that were known at an instant."""
        with self.database.read() as connection:
            return PriceBook(prices.rates_known(connection, as_of), [], 1)

    def caller(self, name: str = "ours") -> Caller:
        """Return a machine of an account in which several GPUs are running."""
        caller = self.application.machine(self.application.account(name))
        caller.push(
            start("h100", at="2026-08-03T09:00:00Z", gpu="H100 SXM", gpu_count=8, rate="20.00"),
            start("t4", at="2026-08-02T09:00:00Z", gpu="T4", gpu_count=1, rate="0.20"),
            start("4090", at="2026-08-01T09:00:00Z", gpu="RTX 4090", gpu_count=2, rate="0.90"),
        )
        return caller


def figures(caller: Caller, provider: str) -> list[dict[str, Any]]:
    """Return every figure of the five endpoints; without what is said about the feeds."""
    answers = [
        caller.read(f"/economy/{path}", provider=provider)
        for path in ("savings", "savings/history", "savings/realtime", "active-session", "pricing")
    ]
    for answer in answers:
        for said in ("notices", "prices"):
            answer.pop(said, None)
    return answers


def notice_codes(caller: Caller, provider: str) -> set[str]:
    """Return what a total is said to leave out, assume or doubt."""
    answer = caller.read("/economy/savings", provider=provider)
    return {notice["code"] for notice in answer["notices"]}


def taken(done: Sequence[PriceImport | LeftAlone]) -> list[str]:
    """Return how each attempt ended, with its reason."""
    return [
        f"{one.record.outcome} {one.record.code}".strip()
        if isinstance(one, PriceImport)
        else "left_alone"
        for one in done
    ]


def plant_catalogue(installation: Installation, price: str) -> None:
    """Let the catalogue of today state a price of eight H100 on AWS."""
    catalogue = installation.feeds.gpuhunt
    catalogue.versions["aws"] = f"{installation.clock.now():%Y%m%d}-1"
    catalogue.rows = [
        CatalogueRow(
            "p5.48xlarge",
            price,
            provider="aws",
            location="us-east-1",
            gpu_name="H100",
            gpu_count="8",
            gpu_memory="80.0",
        )
    ]


def imported(database: Database, clock: Clock, feed: FakeAwsPriceList) -> PriceImport:
    """Read the feed's region and learn what it says."""
    fetcher = Fetcher(FeedAddress(feed.url, aws.OFFICIAL_URL), clock)
    with aws.read_region(fetcher, "us-east-1") as download:
        return import_prices(database, clock, download)


@contextmanager
def fake_feeds() -> Iterator[FakeFeeds]:
    """Run all fakes, with what the shipped book says in them."""
    with FakeFeeds() as feeds:
        feeds.aws.published = "2026-08-01T00:00:00Z"
        feeds.aws.plant(AWS)
        feeds.azure.plant(AZURE)
        yield feeds
