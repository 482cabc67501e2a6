"""Notices tell in their code and parameters what their English words name, and nothing else."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from dumont_economy.api.economy.shared import notices_of
from dumont_economy.pricing.match_timeline import ask
from dumont_economy.pricing.policy import Policy
from dumont_economy.pricing.price_claim import FeedScope
from dumont_economy.pricing.rate import PricingModel, SourceKind
from dumont_economy.pricing.sku import ComparisonProvider
from dumont_economy.services.notice import (
    NAMED_SENTENCES,
    NOTICE_SENTENCES,
    NoticeCode,
    names_in,
    notice,
)
from dumont_economy.services.price_health import CONFLICT, FeedHealth, PriceHealth
from dumont_economy.services.price_notices import notices_on_prices
from dumont_economy.storage.price_imports import ImportOutcome, RefusedRows
from dumont_economy.storage.price_quarantine import NewQuarantine, QuarantinedPrice
from tests.api.harness import (
    NOON,
    Application,
    Json,
    before,
    hours_ago,
    start,
    start_application,
    stop,
)

NOW = datetime(2026, 8, 3, 12, tzinfo=UTC)
QUESTION = ask(Policy(), ComparisonProvider.AWS)
FEED = FeedHealth(
    scope=FeedScope(SourceKind.PROVIDER_FEED, "AWS Price List", "aws", "us-east-1"),
    outcome=ImportOutcome.TAKEN,
    code="",
    detail="",
    tried_at=NOW - timedelta(minutes=5),
    last_good_at=NOW - timedelta(minutes=5),
    refused=(),
)
CATALOGUE = FeedScope(SourceKind.OTHER, "gpuhunt catalogue", "aws", None)


@pytest.fixture
def application(tmp_path: Path) -> Iterator[Application]:
    """Return an application whose price book no other test adds to."""
    made = start_application(tmp_path)
    yield made
    made.close()


def on_usage(application: Application) -> list[Json]:
    """Return the notices on an account of whose use everything is said that can be."""
    caller = application.machine(application.account("everything"))
    flapping = [
        event
        for run in range(21)
        for event in (
            start("flapping", before(NOON, seconds=600 - 20 * run)),
            stop("flapping", before(NOON, seconds=590 - 20 * run)),
        )
    ]
    caller.push(
        *flapping,
        *(stop(f"orphan-{number}", hours_ago(1)) for number in range(7)),
        start("twice", hours_ago(1), rate="0.50", id="a"),
        start("twice", hours_ago(1), rate="0.90", id="b"),
        start("silent", hours_ago(30)),
        {**start("moon", hours_ago(2)), "provider": "moon"},
        start("foo", hours_ago(2), gpu="4091"),
        start("foo-big", hours_ago(2), gpu="4091", gpu_memory_gib="80"),
        start("a100", hours_ago(2), gpu="A100"),
        start("a100-pcie", hours_ago(2), gpu="A100 PCIe"),
        start("h100", hours_ago(2), gpu="H100", gpu_memory_gib="80"),
        start("t4", hours_ago(2), gpu="T4"),
        start("euro", hours_ago(2), currency="EUR"),
        start("yen", hours_ago(2), currency="JPY"),
        start("disk", hours_ago(2), disk_gb="90"),
        start(
            "disk-2",
            hours_ago(2),
            disk_gb="90",
            disk_rate_running="0.10",
            disk_rate_stopped="0.20",
            disk_hours_per_month=720,
        ),
        {**start("ahead", before(NOON, seconds=-90)), "source": "poller"},
    )
    beside_prices: list[Json] = caller.read("/economy/savings", provider="Azure")["notices"]
    beside_card: list[Json] = caller.read("/economy/savings", rate_card="reference")["notices"]
    return beside_prices + [one for one in beside_card if one["code"] == "disks_not_compared"]


def on_prices() -> list[Json]:
    """Return the notices on prices of which everything is said that can be."""
    failed = replace(FEED, outcome=ImportOutcome.FAILED, code="wrong_content_type")
    refused = (
        RefusedRows("zero_price", "p5.48xlarge", 3, "row 7", "A price of 0."),
        RefusedRows("currency_changed", "p4d.24xlarge", 1_200, "row 8", "In CNY."),
    )
    feeds = (
        failed,
        replace(failed, scope=CATALOGUE, last_good_at=None),
        replace(FEED, last_good_at=NOW - timedelta(days=2)),
        replace(FEED, scope=CATALOGUE, last_good_at=NOW - timedelta(days=8)),
        replace(FEED, refused=refused),
        replace(FEED, scope=CATALOGUE, refused=refused[:1]),
    )
    waiting = tuple(
        QuarantinedPrice(number, CATALOGUE, NOW, conflict(f"p{number}.48xlarge"), "0" * 64)
        for number in range(4)
    )
    health = PriceHealth((1, 1), feeds, waiting)
    found = notices_of(notices_on_prices(health, QUESTION, NOW))
    return [one.model_dump() for one in found]


def conflict(instance_type: str) -> NewQuarantine:
    """Return a price that another source contradicts."""
    return NewQuarantine(
        provider="aws",
        region="us-east-1",
        instance_type=instance_type,
        pricing_model=PricingModel.ON_DEMAND,
        price_per_instance_hour=Decimal("50.0"),
        last_price=Decimal("55.04"),
        code=CONFLICT,
        detail="50 against 55.04 (AWS Price List): more than 2 % apart.",
        claim="{}",
    )


def test_every_notice_is_as_reviewed_and_names_what_its_sentence_does(
    application: Application, snapshot: Callable[[str, object], None]
) -> None:
    """The screen's tests word the same file in each of its languages."""
    notices = on_usage(application) + on_prices()

    snapshot("notices", notices)
    told = {(one["code"], name) for one in notices for name in one["parameters"]}
    told |= {(one["code"], "named") for one in notices if one["named"]}
    told_of_each = {
        (one["code"], name) for one in notices for each in one["named"] for name in each
    }
    # Of some, there are not so many here that more would have to be counted.
    assert {name for _, name in names_of(NOTICE_SENTENCES) ^ told} == {"more"}
    assert names_of(NAMED_SENTENCES) == told_of_each
    assert {one["code"] for one in notices} == set(NOTICE_SENTENCES)


def names_of(sentences: Mapping[NoticeCode, str]) -> set[tuple[str, str]]:
    """Return what the sentence of each code names."""
    return {(code, name) for code, sentence in sentences.items() for name in names_in(sentence)}


def test_what_is_not_told_is_left_out_of_the_words() -> None:
    """What is not told is left out with its brackets, and what has none has to be told."""
    alarming = notice("price_feed_stale", source="x", last_good_at="y", command="z")
    stale = notice("price_feed_stale", source="x", last_good_at="y", command=None)

    assert alarming.message == "Stale: nothing new of x since y. Check `z`."
    assert stale.message == "Stale: nothing new of x since y."
    assert "command" not in stale.parameters
    with pytest.raises(KeyError, match="last_good_at"):
        notice("price_feed_stale", source="x")


def test_what_is_told_is_no_part_of_the_notation() -> None:
    """Names that people give to instances may have brackets, bars and braces."""
    odd = "[a|{b}] {named}"

    found = notice("orphan_stops", [{"instance": odd}])

    assert f"reported to start: {odd}. Their" in found.message
