"""Price feeds: which readings there are to make, from which address, of which regions."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from pathlib import Path

from sqlalchemy import Connection

from dumont_economy.clock import Clock
from dumont_economy.config import Settings
from dumont_economy.feeds import aws, azure, gpuhunt
from dumont_economy.feeds.address import FeedAddress
from dumont_economy.feeds.fetch import SYSTEM_TIMING, Fetcher, Timing
from dumont_economy.feeds.limits import DEFAULT_LIMITS, FetchLimits
from dumont_economy.feeds.raw_payload import FeedDownload
from dumont_economy.pricing.policy import BASELINE_REGIONS
from dumont_economy.pricing.price_claim import FeedScope
from dumont_economy.pricing.rate import SourceKind
from dumont_economy.pricing.sku import ComparisonProvider
from dumont_economy.storage import policies


class FeedName(StrEnum):
    """What can be refreshed. GCP publishes no machine prices itself: they are gpuhunt's."""

    AWS = "aws"
    AZURE = "azure"
    GCP = "gcp"
    GPUHUNT = "gpuhunt"


# What is read unless told: the clouds that usage is compared with.
DEFAULT_FEEDS = (FeedName.AWS, FeedName.AZURE, FeedName.GCP)


@dataclass(frozen=True, slots=True)
class FeedAddresses:
    """Where the feeds are read. `gpuhunt_folder` goes before `gpuhunt_url` where it is set."""

    aws_url: str
    azure_url: str
    gpuhunt_url: str
    gpuhunt_folder: Path | None


def feed_addresses(settings: Settings) -> FeedAddresses:
    """Return the addresses that the settings name, the providers' own where they name none."""
    return FeedAddresses(
        aws_url=settings.aws_prices_url or aws.OFFICIAL_URL,
        azure_url=settings.azure_prices_url or azure.OFFICIAL_URL,
        gpuhunt_url=settings.gpuhunt_url or gpuhunt.OFFICIAL_URL,
        gpuhunt_folder=settings.gpuhunt_folder,
    )


@dataclass(frozen=True, slots=True)
class Edition:
    """One reading of a feed; an old edition says what prices were, not what they are."""

    download: FeedDownload
    is_of_the_past: bool = False


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed within one scope; `editions` reads it, the oldest edition first.

    It raises a `FeedError` where one cannot be read whole; those before it were.
    """

    scope: FeedScope
    url: str
    editions: Callable[[], Iterator[Edition]]


@dataclass(frozen=True, slots=True)
class FeedReaders:
    """What feeds are read with. `progress` hears how many bytes have just arrived."""

    addresses: FeedAddresses
    clock: Clock
    progress: Callable[[int], None]
    limits: FetchLimits = DEFAULT_LIMITS
    timing: Timing = SYSTEM_TIMING

    def fetcher(self, base_url: str, official_url: str) -> Fetcher:
        """Return the reader of one address.

        Raises:
            InvalidSettingError: the base URL is no address of a web server.
        """
        address = FeedAddress(base_url, official_url)
        return Fetcher(address, self.clock, self.limits, self.timing, self.progress)


def plan_feeds(
    names: Collection[FeedName],
    readers: FeedReaders,
    regions: Mapping[ComparisonProvider, Sequence[str]],
    since: datetime | None = None,
) -> list[Feed]:
    """Return the feeds to read, in a fixed order.

    Args:
        names: Which ones.
        readers: What they are read with.
        regions: The regions of the providers whose feeds go by region.
        since: From when on the past of AWS is read too, which alone publishes it; None for not.

    Raises:
        InvalidSettingError: an address is none of a web server.
    """
    feeds: list[Feed] = []
    if FeedName.AWS in names:
        feeds += _aws_feeds(readers, regions[ComparisonProvider.AWS], since)
    if FeedName.AZURE in names:
        feeds += _azure_feeds(readers, regions[ComparisonProvider.AZURE])
    if FeedName.GPUHUNT in names:
        feeds += [_gpuhunt_feed(readers, provider) for provider in gpuhunt.PROVIDERS]
    elif FeedName.GCP in names:
        feeds.append(_gpuhunt_feed(readers, ComparisonProvider.GCP.value))
    return feeds


def regions_to_read(connection: Connection) -> dict[ComparisonProvider, list[str]]:
    """Return the regions that usage is compared with: the default ones, and those of policies."""
    in_use = policies.regions_in_use(connection)
    return {
        provider: sorted({BASELINE_REGIONS[provider], *in_use[provider]})
        for provider in ComparisonProvider
    }


def _aws_feeds(
    readers: FeedReaders, regions: Sequence[str], since: datetime | None
) -> Iterator[Feed]:
    fetcher = readers.fetcher(readers.addresses.aws_url, aws.OFFICIAL_URL)

    def editions(region: str) -> Iterator[Edition]:
        # In the order in which they were published: what came later outranks what came before.
        if since is not None:
            for download in aws.read_history(fetcher, region, since, readers.clock.now()):
                yield Edition(download, is_of_the_past=True)
        yield Edition(aws.read_region(fetcher, region))

    for region in regions:
        scope = FeedScope(SourceKind.PROVIDER_FEED, aws.SOURCE, aws.PROVIDER, region)
        yield Feed(scope, fetcher.address.base_url, partial(editions, region))


def _azure_feeds(readers: FeedReaders, regions: Sequence[str]) -> Iterator[Feed]:
    fetcher = readers.fetcher(readers.addresses.azure_url, azure.OFFICIAL_URL)

    def editions(region: str) -> Iterator[Edition]:
        yield Edition(azure.read_region(fetcher, region))

    for region in regions:
        scope = FeedScope(SourceKind.PROVIDER_FEED, azure.SOURCE, azure.PROVIDER, region)
        yield Feed(scope, fetcher.address.base_url, partial(editions, region))


def _gpuhunt_feed(readers: FeedReaders, provider: str) -> Feed:
    scope = FeedScope(SourceKind.OTHER, gpuhunt.SOURCE, provider, None)
    folder = readers.addresses.gpuhunt_folder
    if folder is not None:

        def from_folder() -> Iterator[Edition]:
            yield Edition(gpuhunt.read_catalogue_folder(folder, provider, readers.clock.now()))

        return Feed(scope, str(folder), from_folder)
    fetcher = readers.fetcher(readers.addresses.gpuhunt_url, gpuhunt.OFFICIAL_URL)

    def from_mirror() -> Iterator[Edition]:
        yield Edition(gpuhunt.read_catalogue(fetcher, provider))

    return Feed(scope, fetcher.address.base_url, from_mirror)
