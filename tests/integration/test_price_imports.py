"""Price imports as the database keeps them: records, what waits for a person, raw payloads."""

import zlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from sqlalchemy import Connection

from dumont_economy.pricing.price_claim import FeedScope, StatedKey
from dumont_economy.pricing.price_fact import PriceFact
from dumont_economy.pricing.rate import PricingModel, SourceKind
from dumont_economy.pricing.sku import Sku
from dumont_economy.storage import leases, price_imports, price_quarantine, prices
from dumont_economy.storage.database import Database
from dumont_economy.storage.price_imports import (
    ImportCounts,
    ImportOutcome,
    ImportRecord,
    RefusedRows,
)
from dumont_economy.storage.price_quarantine import Decision, NewQuarantine

NOON = datetime(2026, 8, 3, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
VIRGINIA = FeedScope(SourceKind.PROVIDER_FEED, "AWS Price List", "aws", "us-east-1")
ALL_REGIONS = FeedScope(SourceKind.OPERATOR_FILE, "prices.csv", "aws", None)


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    """Return a connection that writes to a database of this test, of either kind."""
    with database.write() as opened:
        yield opened


def record(
    scope: FeedScope = VIRGINIA,
    *,
    at: datetime = NOON,
    outcome: ImportOutcome = ImportOutcome.TAKEN,
    code: str = "",
) -> ImportRecord:
    """Return an import that went well, unless told."""
    return ImportRecord(
        scope=scope,
        url="http://127.0.0.1/offers",
        retrieved_at=at,
        outcome=outcome,
        code=code,
        detail="",
        counts=ImportCounts(added=3, refused=1),
        payload_sha256=None,
    )


def waiting(price: str = "393.28") -> NewQuarantine:
    """Return a price that nobody has judged."""
    return NewQuarantine(
        provider="aws",
        region="us-east-1",
        instance_type="p5.48xlarge",
        pricing_model=PricingModel.ON_DEMAND,
        price_per_instance_hour=Decimal(price),
        last_price=Decimal("55.04"),
        code="jump",
        detail="7.15 times the last price",
        claim="{}",
    )


class TestRecords:
    """Every attempt is kept, and the newest of each scope says how its feed is."""

    def test_the_newest_import_of_each_scope_is_its_health(self, connection: Connection) -> None:
        """A failed attempt after a good one shows, and does not hide when it last went well."""
        price_imports.add_import(connection, record(), published_at=NOON)
        failed = record(at=NOON + MINUTE, outcome=ImportOutcome.FAILED, code="wrong_content_type")
        price_imports.add_import(connection, failed, published_at=NOON + MINUTE)
        price_imports.add_import(connection, record(ALL_REGIONS), published_at=NOON)

        newest = price_imports.newest_imports(connection)

        assert [(one.record.scope, one.record.outcome) for one in newest] == [
            (ALL_REGIONS, ImportOutcome.TAKEN),
            (VIRGINIA, ImportOutcome.FAILED),
        ]
        assert newest[1].record == failed
        assert price_imports.newest_taken_at(connection, VIRGINIA) == NOON

    def test_a_scope_that_was_never_read_has_no_date(self, connection: Connection) -> None:
        """Unknown is unknown."""
        assert price_imports.newest_taken_at(connection, VIRGINIA) is None

    def test_refusals_come_back_as_they_went_in(self, connection: Connection) -> None:
        """With how many rows, and where one of them stood."""
        number = price_imports.add_import(connection, record(), published_at=NOON)
        refused = [
            RefusedRows("zero_price", "p5.48xlarge", 2, "rate code X", "A price of 0."),
            RefusedRows("unknown_instance_type", "p9.huge", 1, "rate code Y", "Not known."),
        ]

        price_imports.add_refusals(connection, number, refused)

        assert price_imports.refusals_of(connection, number) == refused

    def test_what_a_source_stated_before_is_known_by_region(self, connection: Connection) -> None:
        """So that a reading that lacks it is noticed; other sources and regions do not count."""
        for region, source, day in (
            ("us-east-1", "AWS Price List", 1),
            ("us-east-1", "AWS Price List", 2),
            ("eu-west-1", "AWS Price List", 1),
            ("us-east-1", "another", 3),
        ):
            prices.append_prices(
                connection,
                [stated(region, source, date(2026, 8, day))],
                published_at=prices.next_publication(connection, NOON),
                payload_sha256="0" * 64,
            )

        found = price_imports.last_stated(connection, VIRGINIA)

        key = StatedKey("us-east-1", "g4dn.xlarge", PricingModel.ON_DEMAND)
        assert found == {key: date(2026, 8, 2)}


def stated(region: str, source: str, day: date) -> PriceFact:
    """Return the price of a T4 as a provider's feed states it."""
    return PriceFact(
        sku=Sku("aws", region, "g4dn.xlarge", "T4", Fraction(1), "x86_64"),
        pricing_model=PricingModel.ON_DEMAND,
        usd_per_instance_hour=Decimal("0.526"),
        effective_from=NOON,
        source_kind=SourceKind.PROVIDER_FEED,
        source=source,
        source_url=None,
        retrieved_at=day,
        first_seen=None,
        previous_last_seen=None,
    )


class TestQuarantine:
    """A price waits until somebody decides, and both stay on record."""

    def test_a_price_waits_with_its_source_and_reason(self, connection: Connection) -> None:
        """As it was put there."""
        number = price_imports.add_import(connection, record(), published_at=NOON)

        price_quarantine.add_quarantine(connection, number, [waiting()])

        [found] = price_quarantine.waiting_prices(connection)
        assert (found.price, found.scope, found.since) == (waiting(), VIRGINIA, NOON)
        assert price_quarantine.waiting_price(connection, found.number) == found

    def test_what_was_decided_waits_no_more_and_is_on_record(self, connection: Connection) -> None:
        """Who, when, what and why."""
        number = price_imports.add_import(connection, record(), published_at=NOON)
        price_quarantine.add_quarantine(connection, number, [waiting("1"), waiting("2")])
        first, second = price_quarantine.waiting_prices(connection)

        price_quarantine.decide(
            connection,
            first.number,
            Decision.REJECTED,
            actor="finance",
            reason="a typing error of the source",
            now=NOON,
        )

        assert price_quarantine.waiting_prices(connection) == [second]
        assert price_quarantine.waiting_price(connection, first.number) is None
        [entry] = price_quarantine.decisions(connection)
        assert (entry.subject_number, entry.action, entry.actor, entry.at) == (
            first.number,
            "price_rejected",
            "finance",
            NOON,
        )
        assert entry.reason == "a typing error of the source"


class TestPayloads:
    """The bytes that prices were read from are kept, and pruned from the oldest on."""

    def keep(self, connection: Connection, name: str, at: datetime) -> int:
        """Keep a payload, and return its compressed size."""
        packed = zlib.compress(name.encode() * 100)
        price_imports.add_payload(
            connection,
            sha256=name,
            url="http://127.0.0.1/",
            retrieved_at=at,
            raw_bytes=100 * len(name),
            chunks=[packed[:5], packed[5:]],
        )
        return len(packed)

    def test_they_come_back_byte_for_byte(self, connection: Connection) -> None:
        """One stream, cut into rows."""
        self.keep(connection, "a", NOON)

        chunks = price_imports.payload_chunks(connection, "a")

        assert zlib.decompress(b"".join(chunks)) == b"a" * 100
        assert price_imports.has_payload(connection, "a")
        assert not price_imports.has_payload(connection, "b")

    def test_the_oldest_go_first_until_the_rest_fits(self, connection: Connection) -> None:
        """Down to the limit and no further."""
        sizes = [self.keep(connection, name, NOON + i * MINUTE) for i, name in enumerate("abc")]

        gone = price_imports.prune_payloads(connection, keep_bytes=sizes[1] + sizes[2])

        assert gone == 1
        assert [price_imports.has_payload(connection, name) for name in "abc"] == [
            False,
            True,
            True,
        ]
        assert price_imports.payload_chunks(connection, "a") == []


class TestLeases:
    """Work that must not run twice at once has one holder."""

    def take(self, connection: Connection, holder: str, at: datetime) -> bool:
        """Try to hold the lease for ten minutes."""
        return leases.take_lease(
            connection, "refresh", holder, now=at, until=at + timedelta(minutes=10)
        )

    def test_only_one_holds_it(self, connection: Connection) -> None:
        """Until it is over or given back; the holder may prolong it."""
        assert self.take(connection, "one", NOON)
        assert not self.take(connection, "two", NOON + MINUTE)
        assert self.take(connection, "one", NOON + 9 * MINUTE)
        assert not self.take(connection, "two", NOON + 18 * MINUTE)
        assert self.take(connection, "two", NOON + 19 * MINUTE)

    def test_it_can_be_given_back_by_its_holder_alone(self, connection: Connection) -> None:
        """Nobody ends the work of another."""
        self.take(connection, "one", NOON)

        leases.give_lease_back(connection, "refresh", "two")
        assert not self.take(connection, "two", NOON)

        leases.give_lease_back(connection, "refresh", "one")
        assert self.take(connection, "two", NOON)
