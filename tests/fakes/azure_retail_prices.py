"""Azure Retail Prices on loopback: pages of rows, linked to Azure's own address as the true ones.

    with FakeAzureRetailPrices() as fake:
        fake.plant({"Standard_NC24ads_A100_v4": "3.673"})
        fetcher = Fetcher(FeedAddress(fake.url, azure.OFFICIAL_URL), clock)

`plant` says what the rows are, each with the traps of the true list beside it: the size with
Windows, at low priority, for cloud services, on a dedicated host, on another region's meter, for
development, reserved for a whole term, in the past. Those of another type come only where the
filter is not obeyed (`obeys_filter = False`). Then the story goes on:

    fake.alter(lambda price: replace(price, price="..."))   # or None: the row is gone
    fake.scale("100"); fake.drop_share("0.3"); fake.drop_region("eastus")
    fake.page_size = 5                                      # more pages
    fake.between_pages = lambda skip: fake.prices.insert(0, ...)  # the list shifts in the walk
    fake.break_with("server_error", after=6); fake.heal()   # see `feed_server`
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

from tests.fakes.feed_server import Answer, FeedServer, Request

_PATH = "/api/retail/prices"
_TERM = re.compile(r"(\w+) eq '((?:[^']|'')*)'")
_FILTER_NAMES = {"priceType": "type"}


@dataclass(frozen=True)
class AzurePrice:
    """One size by the hour. `price` stands in the JSON as it is, a number unless it says not.

    `since` None leaves the date out; `row` replaces members, a value of None leaves one out.
    """

    size: str
    price: str
    region: str = "eastus"
    since: str | None = "2026-08-01T00:00:00Z"
    currency: str = "USD"
    is_spot: bool = False
    row: Mapping[str, object] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return the size as meters name it: NC24ads A100 v4."""
        return self.size.removeprefix("Standard_").replace("_", " ")


def row(price: AzurePrice) -> str:
    """Return a row as the list has it."""
    name = f"{price.name} Spot" if price.is_spot else price.name
    said: dict[str, object] = {
        "currencyCode": price.currency,
        "tierMinimumUnits": 0.0,
        "armRegionName": price.region,
        "location": "US East",
        "effectiveStartDate": price.since,
        "meterId": "000a794b-bdb0-58be-a0cd-0c3a0f222923",
        "meterName": name,
        "productId": "DZH318Z0CSHJ",
        "skuId": "DZH318Z0CSHJ/00Q1",
        "productName": f"Virtual Machines {price.name.split(' ')[0]} Series",
        "skuName": name,
        "serviceName": "Virtual Machines",
        "serviceId": "DZH313Z7MMC8",
        "serviceFamily": "Compute",
        "unitOfMeasure": "1 Hour",
        "type": "Consumption",
        "isPrimaryMeterRegion": True,
        "armSkuName": price.size,
        **price.row,
    }
    text = json.dumps({member: value for member, value in said.items() if value is not None})
    return f'{{"retailPrice":{price.price},"unitPrice":{price.price},{text[1:]}'


def traps_beside(price: AzurePrice) -> list[AzurePrice]:
    """Return the rows that the true list has beside a machine by the hour."""
    product = f"Virtual Machines {price.name.split(' ')[0]} Series"
    rows: list[tuple[str, dict[str, object]]] = [
        ("1.2", {"productName": f"{product} Windows"}),
        (
            "0.2",
            {"meterName": f"{price.name} Low Priority", "skuName": f"{price.name} Low Priority"},
        ),
        ("1.01", {"productName": f"{product} CloudServices"}),
        ("1.02", {"productName": f"{product} Cloud Services"}),
        ("1.03", {"productName": f"{product} Dedicated Host"}),
        ("1.04", {"isPrimaryMeterRegion": False}),
        ("1.05", {"unitOfMeasure": "1/Month"}),
        ("0.9", {"tierMinimumUnits": 100.0}),
        ("2", {"effectiveEndDate": "2026-07-31T00:00:00Z"}),
        ("0.7", {"type": "DevTestConsumption"}),
        (
            "5000",
            {"type": "Reservation", "reservationTerm": "1 Year", "unitOfMeasure": "1 Hour"},
        ),
        ("1.07", {"serviceName": "Azure Machine Learning"}),
        ("1.08", {"armSkuName": "Standard_D4s_v5", "meterName": "D4s v5", "skuName": "D4s v5"}),
        ("1.09", {"armSkuName": "Standard_NP10s", "meterName": "NP10s", "skuName": "NP10s"}),
    ]
    try:
        plain = Decimal(price.price)
    except ArithmeticError:
        plain = Decimal(1)
    return [
        AzurePrice(price.size, f"{plain * Decimal(times):f}", price.region, row=members)
        for times, members in rows
    ]


@dataclass
class FakeAzureRetailPrices(FeedServer):
    """The list of retail prices."""

    prices: list[AzurePrice] = field(default_factory=list)
    has_traps: bool = True
    obeys_filter: bool = True
    page_size: int = 1000
    link_origin: str = "https://prices.azure.com:443"
    between_pages: Callable[[int], object] | None = None

    def plant(
        self, prices: Iterable[AzurePrice] | Mapping[str, str], *, region: str = "eastus"
    ) -> None:
        """Let the list hold these prices and no others; or these sizes in one region."""
        if isinstance(prices, Mapping):
            prices = [AzurePrice(size, price, region) for size, price in prices.items()]
        self.prices = list(prices)

    def alter(self, change: Callable[[AzurePrice], AzurePrice | None]) -> None:
        """Put what `change` makes of it in the place of every price."""
        self.prices = [new for price in self.prices if (new := change(price)) is not None]

    def scale(self, times: str) -> None:
        """Multiply every price."""
        self.alter(lambda price: replace(price, price=f"{Decimal(price.price) * Decimal(times):f}"))

    def drop_share(self, share: str) -> None:
        """Let the last part of the prices be gone."""
        del self.prices[len(self.prices) - int(len(self.prices) * Decimal(share)) :]

    def drop_region(self, region: str) -> None:
        """Let a region be gone."""
        self.alter(lambda price: None if price.region == region else price)

    def publish(self, request: Request) -> Answer:
        """Return a page."""
        if request.path != _PATH:
            return Answer(b'{"Error":"no such resource"}', 404)
        query = request.query
        skip = int(query.get("$skip", "0"))
        if skip and self.between_pages is not None:
            self.between_pages(skip)
        rows = self._rows(query.get("$filter", ""))
        page, more = rows[skip : skip + self.page_size], len(rows) > skip + self.page_size
        link = None
        if more:
            again = urlencode(
                {**query, "$skip": str(skip + self.page_size)}, quote_via=quote, safe="$'"
            )
            link = f"{self.link_origin}{_PATH}?{again}"
        tail = json.dumps({"NextPageLink": link, "Count": len(page)})[1:]
        head = json.dumps(
            {
                "BillingCurrency": "USD",
                "CustomerEntityId": "Default",
                "CustomerEntityType": "Retail",
            }
        )[:-1]
        body = f'{head}, "Items": [{",".join(page)}], {tail}'
        return Answer(body.encode(), media_type="application/json; charset=utf-8")

    def _rows(self, asked: str) -> list[str]:
        wanted = {
            _FILTER_NAMES.get(name, name): value.replace("''", "'")
            for name, value in _TERM.findall(asked)
        }
        everything = [
            row(one)
            for price in self.prices
            for one in (price, *(traps_beside(price) if self.has_traps else ()))
        ]
        return [text for text in everything if not self.obeys_filter or _fits(text, wanted)]


def _fits(text: str, wanted: Mapping[str, str]) -> bool:
    said: dict[str, Any] = json.loads(text)
    return all(said.get(name) == value for name, value in wanted.items())
