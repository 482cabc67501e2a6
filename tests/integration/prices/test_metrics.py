"""`/metrics`: how well prices are known, as Prometheus reads it."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from dumont_economy.instant import parse_instant
from dumont_economy.services.people import Scope
from dumont_economy.services.price_feeds import FeedName
from tests.api.harness import NOON, Caller
from tests.integration.prices.harness import AWS, Installation


def scrape(caller: Caller) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Return every sample by name and labels."""
    answer = caller.client.get("/metrics", headers=caller.headers)
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.get_data(as_text=True))
        for sample in family.samples
    }


def named(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    """Return a sample's name with its labels."""
    return f"dumont_economy_{name}", frozenset(labels.items())


US = {"provider": "aws", "region": "us-east-1", "pricing_model": "on_demand"}
FEED = {"source": "AWS Price List", "provider": "aws", "region": "us-east-1"}


@pytest.fixture
def caller(installation: Installation) -> Caller:
    """Return a machine that may read, and nothing else."""
    account = installation.application.account("watcher")
    return installation.application.machine(account, Scope.READ)


def test_age_and_coverage_are_there_before_any_feed(
    installation: Installation, caller: Caller
) -> None:
    """Of each region that usage is compared with: the shipped book has them."""
    found = scrape(caller)

    age = (parse_instant(NOON) - parse_instant("2026-07-20T00:00:00Z")).total_seconds()
    assert found[named("price_age_seconds", **US, of="newest")] == age
    assert found[named("price_age_seconds", **US, of="oldest")] > age
    assert found[named("priced_skus", **US)] > 50
    assert not any(name.endswith("price_import_outcome") for name, _ in found)
    assert installation.feeds.aws.requests == []


def test_a_refresh_makes_prices_younger(installation: Installation, caller: Caller) -> None:
    """Those that the feed states; the oldest one stays as old as it is."""
    before = scrape(caller)
    installation.refresh(FeedName.AWS)

    after = scrape(caller)

    newest, oldest = (named("price_age_seconds", **US, of=of) for of in ("newest", "oldest"))
    assert after[newest] < before[newest]
    assert after[oldest] >= before[oldest]
    assert after[named("price_import_outcome", **FEED, outcome="taken")] == 1
    assert after[named("price_import_outcome", **FEED, outcome="failed")] == 0
    noon = parse_instant(NOON).timestamp()
    assert after[named("price_import_last_good_timestamp_seconds", **FEED)] == noon


def test_what_is_wrong_can_be_alerted_on(installation: Installation, caller: Caller) -> None:
    """What waits, what was refused, and a feed that fails."""
    installation.feeds.aws.plant({**AWS, "p5.48xlarge": "440.32", "g4dn.xlarge": "0"})
    installation.refresh(FeedName.AWS)
    found = scrape(caller)

    assert found[named("quarantined_prices", provider="aws", code="per_gpu_confusion")] == 1
    assert found[named("price_refused_rows", **FEED, code="zero_price")] == 1

    installation.feeds.aws.break_with("html")
    installation.refresh(FeedName.AWS)
    found = scrape(caller)

    assert found[named("price_import_outcome", **FEED, outcome="failed")] == 1
    assert found[named("price_import_outcome", **FEED, outcome="taken")] == 0


def test_nothing_of_any_account_is_in_it(installation: Installation, caller: Caller) -> None:
    """Neither its name nor its instances nor what it pays."""
    installation.caller("a secret account")

    text = caller.client.get("/metrics", headers=caller.headers).get_data(as_text=True)

    assert "secret" not in text
    assert "4090" not in text


def test_a_scrape_needs_a_token_that_may_read(installation: Installation) -> None:
    """Closed by default, like everything."""
    account = installation.application.account("writer")
    writer = installation.application.machine(account, Scope.INGEST)

    nobody = writer.client.get("/metrics")
    without_scope = writer.client.get("/metrics", headers=writer.headers)

    assert (nobody.status_code, without_scope.status_code) == (401, 403)
