"""An installation for each test, with feeds of its own."""

from collections.abc import Iterator

import pytest

from tests.api.harness import Application
from tests.integration.prices.harness import Installation, fake_feeds


@pytest.fixture
def installation(new_application: Application) -> Iterator[Installation]:
    """Return an installation on the day after the newest shipped price."""
    with fake_feeds() as feeds:
        yield Installation(new_application, feeds)
