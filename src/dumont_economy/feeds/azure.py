"""Azure Retail Prices: what Azure's virtual machines cost in a region, page by page.

A row says in text what it is: the last words of its product and meter are what Azure has for
attributes. They are matched as words, never as parts of one.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

from dumont_economy import strict_json
from dumont_economy.errors import FeedError
from dumont_economy.feeds.fetch import Fetcher
from dumont_economy.feeds.raw_payload import FeedDownload, PayloadRecorder
from dumont_economy.feeds.rows import (
    RowError,
    difference,
    drop_repeats,
    parse_currency,
    parse_effective_date,
    parse_instance_type,
    parse_price,
    shown,
)
from dumont_economy.pricing.price_claim import FeedReading, FeedScope, PriceClaim, UnreadableRow
from dumont_economy.pricing.rate import PricingModel, SourceKind

SOURCE = "Azure Retail Prices"
PROVIDER = "azure"
OFFICIAL_URL = "https://prices.azure.com"

_PATH = "/api/retail/prices"
_API_VERSION = "2023-01-01-preview"
_SERVICE = "Virtual Machines"
_MEDIA_TYPES = frozenset({"application/json"})
_MOST_PAGES = 2_000
_QUERY_SAFE = "$'"

# Sizes of the family N have GPUs, but for those of NP, which have FPGAs.
_GPU_SIZE = re.compile(r"Standard_N(?!P[0-9])")
# A price by the hour, from the first hour on, on the meter that is billed in the region.
_PLAIN_HOURS = {
    "unitOfMeasure": ("1 Hour", "other_unit"),
    "isPrimaryMeterRegion": (True, "secondary_meter"),
    "tierMinimumUnits": (0, "tiered"),
}
_CONSUMPTION = "Consumption"
_OTHER_TYPES = {"Reservation": "reservation", "DevTestConsumption": "dev_test"}
_OTHER_PRODUCTS = {
    "windows": re.compile(r"\bWindows\b"),
    "cloud_services": re.compile(r"\bCloud ?Services\b"),
    "dedicated": re.compile(r"\bDedicated ?Host\b"),
}
_LOW_PRIORITY = re.compile(r"\bLow Priority\b")
_SPOT = re.compile(r"\bSpot\b")


@dataclass(frozen=True, slots=True)
class _Page:
    """One page of a walk."""

    items: list[Any]
    next_link: str | None


def read_region(fetcher: Fetcher, region: str) -> FeedDownload:
    """Return what all pages of a region say, seen on the day they are read.

    The GPU of a size is not said, nor is anything else about it: size names stand for that. A size
    that nobody knows yet is passed on by its family, so that it is noticed.

    Raises:
        FeedError: one of the pages could not be read, or they do not fit together.
    """
    link, now = _first_link(region), fetcher.clock.now()
    reading = FeedReading(
        scope=FeedScope(SourceKind.PROVIDER_FEED, SOURCE, PROVIDER, region),
        retrieved_at=now,
        url=fetcher.address.url(link),
    )
    with PayloadRecorder(reading.url, now) as recorder:
        for page_number, page in enumerate(_pages(fetcher, link, recorder), start=1):
            for position, item in enumerate(page.items, start=1):
                _read_item(item, f"page {page_number}, item {position}", reading)
        # Rows move to the next page when others are added before them during the walk.
        drop_repeats(reading)
        return FeedDownload(reading, recorder.finish())


def _first_link(region: str) -> str:
    quoted = region.replace("'", "''")
    terms = {
        "api-version": _API_VERSION,
        "currencyCode": "'USD'",
        "meterRegion": "'primary'",
        "$filter": (
            f"serviceName eq '{_SERVICE}' and armRegionName eq '{quoted}'"
            f" and priceType eq '{_CONSUMPTION}'"
        ),
    }
    return f"{_PATH}?{urlencode(terms, safe=_QUERY_SAFE, quote_via=quote)}"


def _pages(fetcher: Fetcher, link: str, recorder: PayloadRecorder) -> Iterator[_Page]:
    """Yield every page, each recorded as it came."""
    seen: set[str] = set()
    next_link: str | None = link
    while next_link is not None:
        url = fetcher.address.url(next_link)
        if url in seen:
            raise FeedError("repeated_link", f"The pages lead back to {shown(url)}.")
        if len(seen) == _MOST_PAGES:
            raise FeedError("too_many_pages", f"The walk did not end after {_MOST_PAGES} pages.")
        seen.add(url)
        body = fetcher.page(next_link, _MEDIA_TYPES)
        recorder.write(body + b"\n")
        page = _page(body, url)
        yield page
        next_link = page.next_link


def _page(body: bytes, url: str) -> _Page:
    try:
        said = strict_json.decode(body)
    except strict_json.StrictJsonError as error:
        raise FeedError(error.code, f"{shown(url)}: {error.message}") from error
    if not isinstance(said, dict):
        raise _inconsistent("it is no object")
    # A page that is cut where JSON happens to end lacks its last members.
    if missing := {"Items", "Count", "NextPageLink"} - said.keys():
        raise _inconsistent(f"it lacks {', '.join(sorted(missing))}")
    items, next_link = said["Items"], said["NextPageLink"]
    if not isinstance(items, list) or not isinstance(next_link, str | None):
        raise _inconsistent("its members are not what they should be")
    if said["Count"] != len(items):
        raise _inconsistent(f"it has {len(items)} items and says {shown(said['Count'])}")
    return _Page(items, next_link)


def _inconsistent(what: str) -> FeedError:
    return FeedError("inconsistent_page", f"A page of Azure's prices cannot be used: {what}.")


def _read_item(item: object, place: str, reading: FeedReading) -> None:
    """Note a row as a claim, as of another kind, or as unreadable."""
    try:
        if not isinstance(item, dict):
            raise RowError("unexpected_shape", f"{shown(item)} stands where a row must.")  # noqa: TRY301
        reason = _why_no_gpu_machine(item, reading.scope.region)
        reason = reason or _why_no_plain_price(item, reading.retrieved_at)
        if reason is None:
            reading.claims.append(_claim(item, place, reading))
        else:
            reading.skipped[reason] += 1
    except RowError as error:
        reading.unreadable.append(UnreadableRow(place, error.code, error.message))


def _why_no_gpu_machine(item: Mapping[str, Any], region: str | None) -> str | None:
    if item.get("serviceName") != _SERVICE:
        return "other_service"
    if item.get("armRegionName") != region:
        return "other_region"
    if item.get("type") != _CONSUMPTION:
        return _OTHER_TYPES.get(str(item.get("type")), "other_type")
    return None if _GPU_SIZE.match(str(item.get("armSkuName"))) else "no_gpu"


def _why_no_plain_price(item: Mapping[str, Any], now: datetime) -> str | None:
    if reason := difference(item, _PLAIN_HOURS):
        return reason
    product = _text(item, "productName")
    for reason, words in _OTHER_PRODUCTS.items():
        if words.search(product):
            return reason
    if _says(item, _LOW_PRIORITY):
        return "low_priority"
    ends_at = item.get("effectiveEndDate")
    return "ended" if ends_at is not None and parse_effective_date(ends_at) <= now else None


def _says(item: Mapping[str, Any], words: re.Pattern[str]) -> bool:
    return any(words.search(_text(item, name)) for name in ("meterName", "skuName"))


def _text(item: Mapping[str, Any], name: str) -> str:
    said = item.get(name)
    if not isinstance(said, str):
        raise RowError("unexpected_shape", f"{name} is {shown(said)}, which is no text.")
    return said


def _claim(item: Mapping[str, Any], place: str, reading: FeedReading) -> PriceClaim:
    return PriceClaim(
        provider=reading.scope.provider,
        region=reading.scope.region or "",
        instance_type=parse_instance_type(item.get("armSkuName")),
        pricing_model=PricingModel.SPOT if _says(item, _SPOT) else PricingModel.ON_DEMAND,
        price_per_instance_hour=_price(item.get("retailPrice")),
        currency=parse_currency(item.get("currencyCode")),
        effective_from=parse_effective_date(item.get("effectiveStartDate")),
        seen_on=reading.retrieved_at.date(),
        source_url=reading.url,
        place=place,
    )


def _price(said: object) -> Decimal:
    """Return a price, which Azure writes as a JSON number and no text."""
    if isinstance(said, bool) or not isinstance(said, int | Decimal):
        raise RowError("not_a_price", f"{shown(said)} is no number.")
    return parse_price(str(said))
