"""The AWS Price List on loopback: indexes, region files, past versions.

    with FakeAwsPriceList() as fake:
        fake.plant({"p5.48xlarge": "55.0400000000"})
        fetcher = Fetcher(FeedAddress(fake.url, aws.OFFICIAL_URL), clock)

`plant` says what the current files hold, each price with the traps of `aws_region_file` beside it
(`has_traps = False` leaves them out). Then the story goes on:

    fake.alter(lambda price: replace(price, price="..."))   # or None: the price is gone
    fake.scale("100")                                       # every price a hundredfold
    fake.drop_share("0.3"); fake.drop_region("us-east-1")
    fake.archive("20250404000000", begins="2025-04-01T00:00:00Z", ends="2025-05-01T00:00:00Z",
                 published="2025-04-04T00:00:00Z")          # what is planted becomes the past
    fake.files["us-east-1"] = path                          # a file of true size instead
    fake.break_with("html"); fake.heal()                    # see `feed_server`
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from tests.fakes.aws_region_file import AwsPrice, region_file
from tests.fakes.feed_server import Answer, FeedServer, Request

_ROOT = "/offers/v1.0/aws"
_EC2 = f"{_ROOT}/AmazonEC2"
_NOT_FOUND = Answer(b"<Error><Code>NoSuchKey</Code></Error>", 404, "application/xml")


@dataclass(frozen=True)
class _Version:
    """A past version: its window, when it was published, what it said."""

    begins: str
    ends: str
    published: str
    prices: tuple[AwsPrice, ...]


@dataclass
class FakeAwsPriceList(FeedServer):
    """The price list of EC2, as an operator's mirror has it: its links are paths."""

    prices: list[AwsPrice] = field(default_factory=list)
    files: dict[str, Path] = field(default_factory=dict)
    has_traps: bool = True
    version: str = "20260820000000"
    published: str = "2026-08-20T00:00:00Z"
    # What stands before the path in every link: nothing, or an origin.
    link_origin: str = ""
    media_type: str = "application/json"
    _past: dict[str, _Version] = field(default_factory=dict)

    def plant(
        self, prices: Iterable[AwsPrice] | Mapping[str, str], *, region: str = "us-east-1"
    ) -> None:
        """Let the current files hold these prices and no others; or these types in one region."""
        if isinstance(prices, Mapping):
            prices = [AwsPrice(name, price, region) for name, price in prices.items()]
        self.prices = list(prices)

    def alter(self, change: Callable[[AwsPrice], AwsPrice | None]) -> None:
        """Put what `change` makes of it in the place of every price."""
        self.prices = [new for price in self.prices if (new := change(price)) is not None]

    def scale(self, times: str) -> None:
        """Multiply every price."""
        self.alter(
            lambda price: replace(price, price=f"{Decimal(price.price) * Decimal(times):.10f}")
        )

    def drop_share(self, share: str) -> None:
        """Let the last part of the prices be gone."""
        del self.prices[len(self.prices) - int(len(self.prices) * Decimal(share)) :]

    def drop_region(self, region: str) -> None:
        """Let a region be gone, from the index too."""
        self.alter(lambda price: None if price.region == region else price)

    def archive(self, version: str, *, begins: str, ends: str, published: str) -> None:
        """Make a past version of what the current files hold."""
        self._past[version] = _Version(begins, ends, published, tuple(self.prices))

    def publish(self, request: Request) -> Answer:
        """Return what lies at a path."""
        if request.path == f"{_EC2}/current/region_index.json":
            return self._json(self._region_index())
        if request.path == f"{_EC2}/index.json":
            return self._json(self._version_index())
        if request.path == f"{_ROOT}/index.json":
            return self._json(self._offer_index())
        version, _, rest = request.path.removeprefix(f"{_EC2}/").partition("/")
        region = rest.removesuffix("/index.json")
        if version == self.version and region in self.files:
            return Answer(self.files[region], media_type=self.media_type)
        return self._region_file(version, region)

    def _region_file(self, version: str, region: str) -> Answer:
        past = self._past.get(version)
        if past is None and version != self.version:
            return _NOT_FOUND
        published, prices = self.published, self.prices
        if past is not None:
            published, prices = past.published, list(past.prices)
        held = [price for price in prices if price.region == region]
        if not held:
            return _NOT_FOUND
        return self._json(
            region_file(held, version=version, published=published, has_traps=self.has_traps)
        )

    def _region_index(self) -> object:
        regions = sorted({price.region for price in self.prices} | self.files.keys())
        return {
            "formatVersion": "v1.0",
            "publicationDate": self.published,
            "regions": {
                region: {
                    "regionCode": region,
                    "currentVersionUrl": self._link(f"{self.version}/{region}/index.json"),
                }
                for region in regions
            },
        }

    def _version_index(self) -> object:
        versions = {
            name: {
                "versionEffectiveBeginDate": past.begins,
                "versionEffectiveEndDate": past.ends,
                "offerVersionUrl": self._link(f"{name}/index.json"),
            }
            for name, past in self._past.items()
        }
        versions[self.version] = {
            "versionEffectiveBeginDate": self.published,
            "versionEffectiveEndDate": "",
            "offerVersionUrl": self._link(f"{self.version}/index.json"),
        }
        return {
            "formatVersion": "v1.0",
            "publicationDate": self.published,
            "offerCode": "AmazonEC2",
            "currentVersion": self.version,
            "versions": versions,
        }

    def _offer_index(self) -> object:
        offer = {
            "offerCode": "AmazonEC2",
            "versionIndexUrl": f"{_EC2}/index.json",
            "currentVersionUrl": f"{_EC2}/current/index.json",
            "currentRegionIndexUrl": f"{_EC2}/current/region_index.json",
        }
        return {
            "formatVersion": "v1.0",
            "publicationDate": self.published,
            "offers": {"AmazonEC2": offer},
        }

    def _link(self, path: str) -> str:
        return f"{self.link_origin}{_EC2}/{path}"

    def _json(self, said: object) -> Answer:
        return Answer(json.dumps(said, indent=1).encode(), media_type=self.media_type)
