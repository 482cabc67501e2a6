"""What is learned from a feed, doubted and decided, is the same on SQLite and on PostgreSQL."""

from decimal import Decimal

from dumont_economy.pricing.rate import PricingModel
from dumont_economy.services.look_up_rates import rate_in_force
from dumont_economy.services.price_health import PriceHealthReader
from dumont_economy.services.review_prices import past_decisions, prices_to_review, review_price
from dumont_economy.services.shipped_facts import load_shipped_facts
from dumont_economy.storage.database import Database
from tests.api.harness import SettableClock
from tests.fakes.aws_price_list import FakeAwsPriceList
from tests.integration.prices.harness import AWS, imported


def price_of(database: Database, clock: SettableClock) -> Decimal:
    """Return the price of eight H100, as known now."""
    clock.advance(seconds=1)
    rate = rate_in_force(
        database,
        "aws",
        "us-east-1",
        "p5.48xlarge",
        pricing_model=PricingModel.ON_DEMAND,
        at=clock.now(),
        as_of=clock.now(),
    )
    return rate.usd_per_instance_hour


def test_a_price_goes_from_the_feed_through_a_persons_hands(database: Database) -> None:
    """Learned, then doubted, then accepted; each step on record and seen by who asks next."""
    clock = SettableClock()
    load_shipped_facts(database, clock)
    health = PriceHealthReader()
    with FakeAwsPriceList(published="2026-08-01T00:00:00Z") as feed:
        feed.plant({**AWS, "p5.48xlarge": "50.0000000000"})
        learned = imported(database, clock, feed)
        assert price_of(database, clock) == 50

        feed.plant({**AWS, "p5.48xlarge": "20.0000000000", "g4dn.xlarge": "0"})
        clock.advance(days=1)
        doubted = imported(database, clock, feed)
    assert price_of(database, clock) == 50
    with database.read() as connection:
        before = health.current(connection)
    [waiting] = prices_to_review(database)

    review_price(database, clock, waiting.number, accept=True, actor="finance", reason="announced")

    assert price_of(database, clock) == 20
    with database.read() as connection:
        after = health.current(connection)
    assert (learned.record.counts.added, doubted.record.counts.quarantined) == (1, 1)
    assert [(one.code, one.rows) for one in doubted.refusals] == [("zero_price", 1)]
    assert (len(before.waiting), len(after.waiting)) == (1, 0)
    assert before.version != after.version
    [decided] = past_decisions(database)
    assert (decided.actor, decided.action, decided.reason) == (
        "finance",
        "price_accepted",
        "announced",
    )
