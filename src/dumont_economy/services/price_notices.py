"""What is to be known of the prices that figures rest on, in words; no notice changes a figure."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from dumont_economy.instant import instant_text
from dumont_economy.pricing.match_timeline import ComparisonQuestion
from dumont_economy.pricing.policy import RateCardName
from dumont_economy.services.notice import Notice
from dumont_economy.services.price_health import FeedHealth, PriceHealth

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
        notice
        for feed in concerned.feeds
        for notice in (*_on_failure(feed), *_on_age(feed, now), *_on_refusals(feed))
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
    since = "it was never read" if feed.last_good_at is None else _last_good(feed.last_good_at)
    tried_at = instant_text(feed.tried_at)
    message = (
        f"{_name(feed)} could not be taken at {tried_at} ({feed.code}); {since}. "
        "The last good prices stay in effect."
    )
    yield Notice("price_feed_failed", message)


def _on_age(feed: FeedHealth, now: datetime) -> Iterator[Notice]:
    late = _lateness(feed, now)
    if feed.last_good_at is None or not late:
        return
    remedy = " Check `economy worker`." if late == _ALARMING else ""
    message = (
        f"Stale: nothing new of {_name(feed)} since {instant_text(feed.last_good_at)}.{remedy}"
    )
    yield Notice("price_feed_stale", message)


def _on_refusals(feed: FeedHealth) -> Iterator[Notice]:
    refused = feed.refused_prices
    if not refused:
        return
    reasons = ", ".join(f"{rows} {code}" for code, rows in sorted(refused.items()))
    message = (
        f"{_name(feed)} stated prices that were refused at {instant_text(feed.tried_at)}: "
        f"{reasons}. The last good ones stay in effect."
    )
    yield Notice("price_rows_refused", message)


def _on_waiting(health: PriceHealth, label: str) -> Iterator[Notice]:
    if health.waiting:
        message = (
            f"Prices of {label} that wait for a person: {len(health.waiting)} "
            "(`economy prices review`). Until then the last good ones stay in effect."
        )
        yield Notice("prices_quarantined", message)
    conflicts = health.conflicts
    if conflicts:
        named = " ".join(
            # The detail has both prices, and the other source.
            f"{one.price.instance_type}, {one.scope.source}: {one.price.detail}"
            for one in conflicts[:_NAMED]
        )
        more = len(conflicts) - _NAMED
        message = f"Sources of {label} prices are in conflict. {named}" + (
            f" And {more} more." if more > 0 else ""
        )
        yield Notice("price_conflict", message)


def _last_good(at: datetime) -> str:
    return f"last read well at {instant_text(at)}"


def _name(feed: FeedHealth) -> str:
    return " ".join(filter(None, (feed.scope.source, feed.scope.region or feed.scope.provider)))
