"""The AWS Price List: EC2 prices of a region, now and in the past, from files without an account.

Two indexes lead to files of one region and one version each: that of the regions to the current
version, that of the versions to the past.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from dumont_economy import strict_json
from dumont_economy.errors import FeedError, InvalidInstantError
from dumont_economy.feeds.aws_region_file import read_region_file
from dumont_economy.feeds.fetch import Fetcher
from dumont_economy.feeds.raw_payload import FeedDownload
from dumont_economy.instant import parse_instant
from dumont_economy.pricing.price_claim import FeedScope
from dumont_economy.pricing.rate import SourceKind

SOURCE = "AWS Price List"
PROVIDER = "aws"
OFFICIAL_URL = "https://pricing.us-east-1.amazonaws.com"

_REGION_INDEX = "/offers/v1.0/aws/AmazonEC2/current/region_index.json"
_VERSION_INDEX = "/offers/v1.0/aws/AmazonEC2/index.json"
_FILE_NAME = "/index.json"
_NOT_FOUND = "not_found"
# They are objects in a store, which may not know what it holds.
_MEDIA_TYPES = frozenset({"application/json", "application/octet-stream", "binary/octet-stream"})


@dataclass(frozen=True, slots=True)
class OfferVersion:
    """One edition of the price list, in effect from `begins_at` until `ends_at`, or still."""

    version: str
    begins_at: datetime
    ends_at: datetime | None
    link: str


def read_region(fetcher: Fetcher, region: str) -> FeedDownload:
    """Return what the current file of a region says, seen on the day it is read.

    Raises:
        FeedError: `region_missing`: AWS lists no such region; or it could not be read whole.
    """
    regions = _object(_index(fetcher, _REGION_INDEX), "regions")
    if region not in regions:
        raise FeedError("region_missing", f"AWS publishes no EC2 prices of a region {region!r}.")
    link = _text(_object(regions, region), "currentVersionUrl")
    return _read_file(fetcher, link, region, is_current=True)


def read_history(
    fetcher: Fetcher, region: str, since: datetime, until: datetime
) -> Iterator[FeedDownload]:
    """Yield what each past version in effect between two instants said of a region, in order.

    Versions from before AWS had the region say nothing of it; the current one is no past.

    Raises:
        FeedError: one of them could not be read whole; those before it were.
    """
    versions = find_versions(fetcher, since, until)
    for version in (one for one in versions if one.ends_at is not None):
        try:
            yield read_version(fetcher, region, version)
        except FeedError as error:
            if error.code != _NOT_FOUND:
                raise


def find_versions(fetcher: Fetcher, since: datetime, until: datetime) -> list[OfferVersion]:
    """Return the versions of the price list in effect between two instants, in order.

    Raises:
        FeedError: the version index could not be read whole.
    """
    listed = _object(_index(fetcher, _VERSION_INDEX), "versions")
    versions = (_offer_version(name, _object(listed, name)) for name in listed)
    return sorted(
        (
            version
            for version in versions
            if version.begins_at < until and (version.ends_at is None or version.ends_at > since)
        ),
        key=lambda version: (version.begins_at, version.version),
    )


def read_version(fetcher: Fetcher, region: str, version: OfferVersion) -> FeedDownload:
    """Return what a version said of a region, seen on the day it was published.

    The version index names a version's file of all regions, of many GB. Those of single regions
    lie in folders beside it that bear the region's code: the links of the current region index
    are built so. Versions from before products had the attribute `marketoption` yield no claims:
    nothing in them tells a capacity block from a machine on demand.

    Raises:
        FeedError: it could not be read whole, or is not there (`not_found`).
    """
    folder = version.link.removesuffix(_FILE_NAME)
    link = f"{folder}/{quote(region, safe='')}{_FILE_NAME}"
    return _read_file(fetcher, link, region, is_current=False)


def _read_file(fetcher: Fetcher, link: str, region: str, *, is_current: bool) -> FeedDownload:
    scope = FeedScope(SourceKind.PROVIDER_FEED, SOURCE, PROVIDER, region)
    with ExitStack() as on_failure:
        payload = on_failure.enter_context(fetcher.file(link, _MEDIA_TYPES))
        reading = read_region_file(payload, scope, is_current=is_current)
        on_failure.pop_all()
    return FeedDownload(reading, payload)


def _index(fetcher: Fetcher, link: str) -> object:
    try:
        return strict_json.decode(fetcher.page(link, _MEDIA_TYPES))
    except strict_json.StrictJsonError as error:
        raise FeedError(error.code, f"{fetcher.address.url(link)}: {error.message}") from error


def _offer_version(name: str, said: Mapping[str, Any]) -> OfferVersion:
    link, ends_at = _text(said, "offerVersionUrl"), _text(said, "versionEffectiveEndDate")
    if not link.endswith(_FILE_NAME):
        raise _unexpected(f"version {name} has no file that is named index.json")
    try:
        return OfferVersion(
            version=name,
            begins_at=parse_instant(_text(said, "versionEffectiveBeginDate")),
            ends_at=parse_instant(ends_at) if ends_at else None,
            link=link,
        )
    except InvalidInstantError as error:
        raise _unexpected(f"version {name} has no dates: {error}") from error


def _object(said: object, name: str) -> Mapping[str, Any]:
    member = said.get(name) if isinstance(said, dict) else None
    if not isinstance(member, dict):
        raise _unexpected(f"there is no object {name!r}")
    return member


def _text(said: Mapping[str, Any], name: str) -> str:
    member = said.get(name)
    if not isinstance(member, str):
        raise _unexpected(f"there is no text {name!r}")
    return member


def _unexpected(what: str) -> FeedError:
    return FeedError("unexpected_shape", f"An index of the AWS Price List is not as known: {what}.")
