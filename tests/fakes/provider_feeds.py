"""All feeds of providers together, for tests of the whole refresh.

with FakeFeeds() as fake:
    fake.aws.plant({"p5.48xlarge": "55.0400000000"})
    fake.azure.plant({"Standard_NC24ads_A100_v4": "3.673"})
    fake.gpuhunt.plant({"a2-highgpu-1g": "3.673477"}, provider="gcp")
    ... refresh from fake.aws.url, fake.azure.url and fake.gpuhunt.url ...
    fake.aws.break_with("html")
"""

from contextlib import ExitStack
from typing import Self

from tests.fakes.aws_price_list import FakeAwsPriceList
from tests.fakes.azure_retail_prices import FakeAzureRetailPrices
from tests.fakes.gpuhunt_catalogue import FakeGpuhuntCatalogue


class FakeFeeds:
    """The feeds of AWS, of Azure and of gpuhunt, each on a port of its own."""

    def __init__(self) -> None:
        self.aws = FakeAwsPriceList()
        self.azure = FakeAzureRetailPrices()
        self.gpuhunt = FakeGpuhuntCatalogue()

    def __enter__(self) -> Self:
        with ExitStack() as started:
            started.enter_context(self.aws)
            started.enter_context(self.azure)
            started.enter_context(self.gpuhunt)
            self._started = started.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._started.close()
