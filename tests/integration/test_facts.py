"""Facts are only added to: the database itself refuses to change or remove one."""

import pytest
from sqlalchemy import Delete, Table, Update, delete, select, text, update
from sqlalchemy.exc import DBAPIError

from dumont_economy.instant import parse_instant
from dumont_economy.pricing.policy import Basis, Substitutes
from dumont_economy.pricing.price_book import PriceBook
from dumont_economy.pricing.rate import PricingModel
from dumont_economy.services import people
from dumont_economy.services.close_period import close_period
from dumont_economy.services.learn_operator_tables import learn_disk_prices, learn_exchange_rates
from dumont_economy.services.policies import PolicyChange, change_policy
from dumont_economy.services.record_usage import record_usage
from dumont_economy.services.review_prices import prices_to_review, review_price
from dumont_economy.services.shipped_facts import load_shipped_facts
from dumont_economy.storage.database import Database
from dumont_economy.storage.tables import metadata
from tests.api.harness import SettableClock, hours_ago, start
from tests.builders import disk_price, exchange
from tests.fakes.aws_price_list import FakeAwsPriceList
from tests.integration.prices.harness import AWS, imported

FACTS = {
    "usage_event": "instance",
    "provider_pricing": "source",
    "billing_rule": "source",
    "policy": "author",
    "price_import": "detail",
    "price_refusal": "detail",
    "price_quarantine": "detail",
    "audit_entry": "reason",
    "exchange_rate": "source",
    "disk_price": "source",
    "closed_period": "closed_by",
}
"""Every table of facts, and a column of it that somebody might want to change."""


@pytest.fixture
def full(database: Database) -> Database:
    """Return a database of either kind in which every table of facts has a row."""
    clock = SettableClock()
    load_shipped_facts(database, clock)
    account = people.make_account(database, clock, "ours")
    events = [start("i-1", at=hours_ago(1))]
    record_usage(database, clock, account, events, reporter="test", may_backfill=False)
    since = parse_instant("2026-05-04T09:00:00Z")
    euros, disks = [exchange("EUR", "1.1", since)], [disk_price("0.08")]
    learn_exchange_rates(database, clock, euros, believes_jumps=False)
    learn_disk_prices(database, clock, disks, believes_jumps=False)
    change = PolicyChange(
        PricingModel.SPOT, Basis.PER_GPU, Substitutes.COUNT, regions={}, discounts={}
    )
    change_policy(database, clock, PriceBook([], [], 1), account, change, author="test")
    with FakeAwsPriceList(published="2026-08-01T00:00:00Z") as feed:
        feed.plant({**AWS, "p5.48xlarge": "440.32", "g4dn.xlarge": "0"})
        imported(database, clock, feed)
    close_period(database, clock, account, "2026-07", closed_by="test")
    [waiting] = prices_to_review(database)
    review_price(database, clock, waiting.number, accept=False, actor="test", reason="a slip")
    return database


def changes_of(table: Table) -> list[Update | Delete]:
    """Return how somebody might change a table's facts."""
    return [update(table).values({FACTS[table.name]: "another"}), delete(table)]


def contents_of(database: Database, table: Table) -> list[tuple[object, ...]]:
    """Return every row."""
    with database.read(account_id=people.account_named(database, "ours").id) as connection:
        return [tuple(row) for row in connection.execute(select(table))]


def test_the_database_refuses_to_change_a_fact(full: Database) -> None:
    """Whoever asks, also on our own connection; and every row is there afterwards."""
    ours = people.account_named(full, "ours").id
    for name in FACTS:
        table = metadata.tables[name]
        before = contents_of(full, table)

        for change in changes_of(table):
            writing = full.write(account_id=ours)
            with pytest.raises(DBAPIError, match="facts are only added to"), writing as connection:
                connection.execute(change)

        assert contents_of(full, table) == before
        assert before


def test_without_the_guard_a_fact_could_be_changed(full: Database) -> None:
    """The control: it is the trigger that refuses, and nothing else."""
    is_sqlite = full.url.get_backend_name() == "sqlite"
    guard = "refuses_update" if is_sqlite else "refuses_change ON usage_event"
    change, _ = changes_of(metadata.tables["usage_event"])

    with full.write(account_id=people.account_named(full, "ours").id) as connection:
        connection.execute(text(f"DROP TRIGGER usage_event_{guard}"))
        changed = connection.execute(change)

    assert changed.rowcount == 1
