"""What is to be known of the prices that figures rest on, in words; no notice changes a figure."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from dumont_economy.instant import instant_text
from dumont_economy.money import exact_text
from dumont_economy.pricing.match_timeline import ComparisonQuestion
from dumont_economy.pricing.policy import RateCardName
from dumont_economy.services.notice import Notice, notice
from dumont_economy.services.price_health import FeedHealth, PriceHealth
from dumont_economy.storage.price_quarantine import QuarantinedPrice

STALE_AFTER = timedelta(hours=24)
ALARMING_AFTER = timedelta(days=7)

_ALARMING = 2
_NAMED = 3


def notices_on_prices(
    health: PriceHealth, question: ComparisonQuestion, now: datetime
) -> list[Notice]:
    """Return the notices on the list prices that a question compares with; none on a rate card."""
    if question.rate_card is not RateCardName.LIST:
        return []
    concerned = health.of(question.provider, question.region)
    on_feeds = [
        found
        for feed in concerned.feeds
        for found in (*_on_failure(feed), *_on_age(feed, now), *_on_refusals(feed))
    ]
    return [*on_feeds, *_on_waiting(concerned, question.provider.label)]


def lateness(health: PriceHealth, now: datetime) -> tuple[int, ...]:
    """Return how late each feed is: 0 not, 1 stale, 2 alarming.

    Time alone changes it, so an answer that tells it is another one from then on.
    """
    return tuple(_lateness(feed, now) for feed in health.feeds)


def _lateness(feed: FeedHealth, now: datetime) -> int:
    if feed.last_good_at is None:
        return 0
    age = now - feed.last_good_at
    return (age >= STALE_AFTER) + (age >= ALARMING_AFTER)


def _on_failure(feed: FeedHealth) -> Iterator[Notice]:
    if feed.is_good:
        return
    last_good_at = None if feed.last_good_at is None else instant_text(feed.last_good_at)
    yield notice(
        "price_feed_failed",
        **_name(feed),
        tried_at=instant_text(feed.tried_at),
        failure=feed.code,
        last_good_at=last_good_at,
    )


def _on_age(feed: FeedHealth, now: datetime) -> Iterator[Notice]:
    late = _lateness(feed, now)
    if feed.last_good_at is None or not late:
        return
    command = "economy worker" if late == _ALARMING else None
    yield notice(
        "price_feed_stale",
        **_name(feed),
        last_good_at=instant_text(feed.last_good_at),
        command=command,
    )


def _on_refusals(feed: FeedHealth) -> Iterator[Notice]:
    refused = [
        {"rows": str(rows), "refusal": code} for code, rows in sorted(feed.refused_prices.items())
    ]
    if refused:
        tried_at = instant_text(feed.tried_at)
        yield notice("price_rows_refused", refused, **_name(feed), tried_at=tried_at)


def _on_waiting(health: PriceHealth, label: str) -> Iterator[Notice]:
    if health.waiting:
        yield notice("prices_quarantined", provider=label, prices=str(len(health.waiting)))
    conflicts = health.conflicts
    if conflicts:
        more = len(conflicts) - _NAMED
        yield notice(
            "price_conflict",
            [_told(one) for one in conflicts[:_NAMED]],
            provider=label,
            more=str(more) if more > 0 else None,
        )


def _told(conflict: QuarantinedPrice) -> dict[str, str]:
    price = conflict.price
    told = {
        "instance_type": price.instance_type,
        "source": conflict.scope.source,
        "detail": price.detail,
        "price": exact_text(price.price_per_instance_hour),
    }
    if price.last_price is not None:
        told["other_price"] = exact_text(price.last_price)
    return told


def _name(feed: FeedHealth) -> dict[str, str | None]:
    """Return what a feed is called by: its region, or the provider where it spans regions."""
    region = feed.scope.region or None
    provider = feed.scope.provider or None
    return {
        "source": feed.scope.source,
        "region": region,
        "provider": provider if region is None else None,
    }
