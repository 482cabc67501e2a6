"""GET /metrics: how well prices are known, for Prometheus. Nothing in it is of any account.

The values are read from the database at each scrape, so that it does not matter which of several
processes answers.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from dumont_economy.api.operation import operation, services
from dumont_economy.services.price_feeds import regions_to_read
from dumont_economy.services.price_health import FeedHealth, PriceHealth
from dumont_economy.services.region_coverage import RegionCoverage, coverage_of_regions
from dumont_economy.storage.price_imports import ImportOutcome

blueprint = Blueprint("metrics", __name__)

_PREFIX = "dumont_economy"


@operation(
    blueprint,
    "GET",
    "/metrics",
    summary="How well prices are known, for Prometheus",
    # Closed by default: a scrape sends a token, as `authorization.credentials` of its job.
    scope="read",
    answer=None,
)
def metrics() -> Response:
    """Answer in the text format of Prometheus."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_read())
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _PriceCollector(Collector):
    """The metrics of one scrape."""

    def __init__(
        self, health: PriceHealth, coverage: Iterable[RegionCoverage], now: datetime
    ) -> None:
        self._health = health
        self._coverage = list(coverage)
        self._now = now

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        yield from self._of_prices()
        yield from self._of_feeds()
        waiting = GaugeMetricFamily(
            f"{_PREFIX}_quarantined_prices",
            "Prices that wait for a person",
            labels=["provider", "code"],
        )
        for (provider, code), count in sorted(self._health.waiting_by_code.items()):
            waiting.add_metric([provider, code], count)
        yield waiting

    def _of_prices(self) -> Iterator[Metric]:
        labels = ["provider", "region", "pricing_model"]
        priced = GaugeMetricFamily(
            f"{_PREFIX}_priced_skus", "SKUs on offer that have a price", labels=labels
        )
        age = GaugeMetricFamily(
            f"{_PREFIX}_price_age_seconds",
            "Time since a source was last seen to state the price, by the oldest and the newest",
            labels=[*labels, "of"],
        )
        for one in self._coverage:
            named = [one.provider, one.region, one.pricing_model.value]
            priced.add_metric(named, one.skus)
            for of, day in (("oldest", one.oldest), ("newest", one.newest)):
                seen = datetime.combine(day, time.min, UTC)
                age.add_metric([*named, of], (self._now - seen).total_seconds())
        yield priced
        yield age

    def _of_feeds(self) -> Iterator[Metric]:
        labels = ["source", "provider", "region"]
        outcome = GaugeMetricFamily(
            f"{_PREFIX}_price_import_outcome",
            "1 for how the newest reading of the feed ended",
            labels=[*labels, "outcome"],
        )
        last_good = GaugeMetricFamily(
            f"{_PREFIX}_price_import_last_good_timestamp_seconds",
            "When the feed was last read well",
            labels=labels,
        )
        refused = GaugeMetricFamily(
            f"{_PREFIX}_price_refused_rows",
            "Rows of the newest reading that were not taken",
            labels=[*labels, "code"],
        )
        for feed in self._health.feeds:
            named = _feed_labels(feed)
            for one in ImportOutcome:
                outcome.add_metric([*named, one.value], feed.outcome is one)
            if feed.last_good_at is not None:
                last_good.add_metric(named, feed.last_good_at.timestamp())
            for code, rows in sorted(feed.refused_rows.items()):
                refused.add_metric([*named, code], rows)
        yield outcome
        yield last_good
        yield refused


def _read() -> _PriceCollector:
    """Read what there is to tell, of the regions that usage is compared with."""
    with services().database.read() as connection:
        regions = regions_to_read(connection)
    market, health = services().views.market_and_health()
    now = services().clock.now()
    places = [(provider, region) for provider, held in regions.items() for region in held]
    return _PriceCollector(health, coverage_of_regions(market.matcher.book, places, now), now)


def _feed_labels(feed: FeedHealth) -> list[str]:
    return [feed.scope.source, feed.scope.provider, feed.scope.region or ""]
