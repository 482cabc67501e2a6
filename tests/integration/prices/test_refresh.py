"""A refresh learns what has changed, once, and lets nothing of it be lost or done twice."""

import zlib
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256

import pytest

from dumont_economy.errors import RefreshRunningError
from dumont_economy.pricing.policy import Basis, Substitutes
from dumont_economy.pricing.rate import PricingModel
from dumont_economy.pricing.sku import ComparisonProvider
from dumont_economy.services.import_prices import Leniency, PriceImport
from dumont_economy.services.policies import PolicyChange, change_policy
from dumont_economy.services.price_feeds import FeedName, regions_to_read
from dumont_economy.services.refresh_prices import LeftAlone, RefreshLease
from dumont_economy.services.review_prices import prices_to_review
from dumont_economy.storage import price_imports
from tests.fakes.aws_region_file import AwsPrice
from tests.integration.prices.harness import AWS, Installation, plant_catalogue, taken


def counts(done: PriceImport | LeftAlone) -> dict[str, int]:
    """Return how many rows went which way, without the ways that none went."""
    assert isinstance(done, PriceImport)
    said = done.record.counts
    ways = ("added", "confirmed", "agreeing", "refused", "quarantined", "missing")
    return {way: getattr(said, way) for way in ways if getattr(said, way)}


class TestLearning:
    """What a feed says becomes the price, dated, with its source and the bytes behind it."""

    def test_a_change_is_learned_and_what_stays_is_confirmed(
        self, installation: Installation
    ) -> None:
        """At its date; the day before the old price held."""
        installation.feeds.aws.plant({**AWS, "p5.48xlarge": "50.0000000000"})

        [done] = installation.refresh(FeedName.AWS)

        assert counts(done) == {"added": 1, "confirmed": 3}
        assert installation.price("p5.48xlarge") == "50"
        assert installation.price("p5.48xlarge", at="2026-07-31T00:00:00Z") == "55.04"

    def test_the_same_again_adds_nothing(self, installation: Installation) -> None:
        """On the same day every row is there already."""
        installation.refresh(FeedName.AWS, FeedName.AZURE)
        before = facts_of(installation)

        done = installation.refresh(FeedName.AWS, FeedName.AZURE)

        assert taken(done) == ["taken", "taken"]
        assert facts_of(installation) == before

    def test_what_was_known_before_answers_as_before(self, installation: Installation) -> None:
        """A correction re-rates what is asked from now on, and no older answer."""
        asked_at = installation.clock.now()
        before = installation.book(asked_at)
        installation.clock.advance(hours=1)
        installation.feeds.aws.scale("1.2")

        installation.refresh(FeedName.AWS)

        after, now = installation.book(asked_at), installation.book(installation.clock.now())
        asked = ("aws", "us-east-1", "p5.48xlarge", PricingModel.ON_DEMAND)
        assert after.offer(*asked) == before.offer(*asked)
        assert now.offer(*asked) != before.offer(*asked)

    def test_the_bytes_are_kept_under_the_hash_that_the_rate_names(
        self, installation: Installation
    ) -> None:
        """From a price to what its source really said."""
        [done] = installation.refresh(FeedName.AWS)
        assert isinstance(done, PriceImport)
        named = done.record.payload_sha256
        assert named is not None

        with installation.database.read() as connection:
            kept = zlib.decompress(b"".join(price_imports.payload_chunks(connection, named)))

        assert sha256(kept).hexdigest() == named
        assert b"55.0400000000" in kept
        assert any(named in row for row in facts_of(installation))

    def test_the_past_of_aws_is_read_when_asked_for(self, installation: Installation) -> None:
        """Each edition is seen on the day of its publication; the present is untouched by it."""
        aws = installation.feeds.aws
        aws.plant([AwsPrice("g6.xlarge", "0.7000000000", since="2026-06-01T00:00:00Z")])
        aws.archive(
            "20260605000000",
            begins="2026-06-05T00:00:00Z",
            ends="2026-07-05T00:00:00Z",
            published="2026-06-05T00:00:00Z",
        )
        aws.plant([AwsPrice("g6.xlarge", "0.8048000000")])

        done = installation.refresh(FeedName.AWS, since=datetime(2026, 1, 1, tzinfo=UTC))

        assert taken(done) == ["taken", "taken"]
        assert [one.record.counts.missing for one in done if isinstance(one, PriceImport)] == [0, 0]
        assert installation.price("g6.xlarge") == "0.8048"

    def archive_a_cut_in_may(self, installation: Installation, instance_type: str) -> None:
        """Publish editions of April, May and June, and the current one; May's price is lower."""
        aws = installation.feeds.aws
        for month, price in (("04", "6.88"), ("05", "5.5"), ("06", "6.88")):
            aws.plant([AwsPrice(instance_type, price, since=f"2026-{month}-01T00:00:00Z")])
            aws.archive(
                f"2026{month}05000000",
                begins=f"2026-{month}-05T00:00:00Z",
                ends=f"2026-{month}-25T00:00:00Z",
                published=f"2026-{month}-05T00:00:00Z",
            )
        aws.plant([AwsPrice(instance_type, "6.88"), *(AwsPrice(*price) for price in AWS.items())])

    def test_a_cut_that_only_an_old_edition_tells_of_is_learned(
        self, installation: Installation
    ) -> None:
        """The price before and after it is the same: in the order of the editions none is lost."""
        self.archive_a_cut_in_may(installation, "p5.4xlarge")

        done = installation.refresh(FeedName.AWS, since=datetime(2026, 4, 1, tzinfo=UTC))

        assert taken(done) == ["taken"] * 4
        days = ("2026-04-10", "2026-05-10", "2026-06-10", "2026-08-02")
        found = [installation.price("p5.4xlarge", at=f"{day}T00:00:00Z") for day in days]
        assert found == ["6.88", "5.5", "6.88", "6.88"]

    def test_a_cut_between_two_known_sightings_waits_for_a_person(
        self, installation: Installation
    ) -> None:
        """Where the book has the price before and after it as one; no later edition settles it."""
        installation.refresh(FeedName.AWS)
        aws = installation.feeds.aws
        aws.plant({**AWS, "g4dn.xlarge": "0.4"})
        aws.archive(
            "20260505000000",
            begins="2026-05-05T00:00:00Z",
            ends="2026-06-05T00:00:00Z",
            published="2026-05-05T00:00:00Z",
        )
        aws.plant(AWS)

        installation.refresh(FeedName.AWS, since=datetime(2026, 4, 1, tzinfo=UTC))
        installation.clock.advance(days=1)
        installation.refresh(FeedName.AWS)

        [waiting] = prices_to_review(installation.database)
        assert (waiting.price.code, waiting.price.instance_type) == ("conflict", "g4dn.xlarge")

    def test_a_mirror_that_stands_still_says_nothing_of_today(
        self, installation: Installation
    ) -> None:
        """An edition older than the one that was taken last is refused, whatever it says."""
        aws = installation.feeds.aws
        aws.published = "2026-08-02T00:00:00Z"
        installation.refresh(FeedName.AWS)
        aws.published = "2026-08-01T00:00:00Z"
        aws.scale("1.2")

        done = installation.refresh(FeedName.AWS)

        assert taken(done) == ["refused older_edition"]
        assert installation.price("p5.48xlarge") == "55.04"

    def test_every_region_that_a_policy_names_is_read(self, installation: Installation) -> None:
        """Beside those that everybody compares with."""
        account = installation.application.account("elsewhere")
        change = PolicyChange(
            PricingModel.ON_DEMAND,
            Basis.PER_GPU,
            Substitutes.COUNT,
            {ComparisonProvider.AWS: "eu-west-1"},
            {},
        )
        change_policy(
            installation.database,
            installation.clock,
            installation.book(installation.clock.now()),
            account,
            change,
            author="test",
        )

        with installation.database.read() as connection:
            regions = regions_to_read(connection)

        assert regions[ComparisonProvider.AWS] == ["eu-west-1", "us-east-1"]
        assert regions[ComparisonProvider.AZURE] == ["eastus"]

    def test_a_region_that_fails_does_not_keep_the_others(self, installation: Installation) -> None:
        """Each scope is on record for itself."""
        installation.feeds.aws.break_with("html")

        done = installation.refresh(FeedName.AWS, FeedName.AZURE)

        assert taken(done) == ["failed wrong_content_type", "taken"]

    def test_a_person_may_accept_that_much_is_gone(self, installation: Installation) -> None:
        """Then what is left counts, and what is gone keeps its last price."""
        installation.refresh(FeedName.AWS)
        installation.clock.advance(days=1)
        installation.feeds.aws.plant({"p5.48xlarge": "56.0000000000"})
        assert taken(installation.refresh(FeedName.AWS)) == ["refused prices_missing"]

        done = installation.refresh(FeedName.AWS, leniency=Leniency(accepts_gone=True))

        assert taken(done) == ["taken"]
        assert installation.price("p5.48xlarge") == "56"
        assert installation.price("g4dn.xlarge") == "0.526"


class TestTwoSources:
    """Two sources that state the same price agree, confirm or contradict each other."""

    def test_the_catalogue_does_not_overrule_the_providers_own_feed(
        self, installation: Installation
    ) -> None:
        """More than 2 % apart is a conflict, and both are shown; the figure stays."""
        installation.refresh(FeedName.AWS)
        plant_catalogue(installation, "50.0")

        done = catalogue_of_aws(installation)

        assert [one.code for one in done.waiting] == ["conflict"]
        assert done.waiting[0].last_price == Decimal("55.04")
        assert installation.price("p5.48xlarge") == "55.04"

    def test_two_that_are_near_agree(self, installation: Installation) -> None:
        """Within 2 % nothing is added and nothing waits."""
        installation.refresh(FeedName.AWS)
        plant_catalogue(installation, "54.5")

        done = catalogue_of_aws(installation)

        assert counts(done) == {"agreeing": 1}

    def test_a_second_source_releases_a_doubted_price(self, installation: Installation) -> None:
        """Two that say the same jump need no person."""
        plant_catalogue(installation, "120.0")
        assert counts(catalogue_of_aws(installation)) == {"quarantined": 1}
        assert installation.price("p5.48xlarge") == "55.04"
        installation.feeds.aws.plant({**AWS, "p5.48xlarge": "120.5000000000"})

        done = installation.refresh(FeedName.AWS)

        assert taken(done) == ["taken"]
        assert installation.price("p5.48xlarge") == "120.5"
        with installation.database.read() as connection:
            actions = [
                row[0] for row in connection.exec_driver_sql("SELECT action FROM audit_entry")
            ]
        assert actions == ["price_released"]


class TestPatience:
    """A provider that asks to be left alone is, across restarts too."""

    def test_a_wait_that_it_asks_for_is_kept(self, installation: Installation) -> None:
        """An hour is longer than a refresh waits; until then it is not even asked."""
        azure = installation.feeds.azure
        azure.break_with("rate_limited", retry_after="3600")
        assert taken(installation.refresh(FeedName.AZURE)) == ["failed rate_limited"]
        azure.heal()
        asked = len(azure.requests)

        at_once = installation.refresh(FeedName.AZURE)
        installation.clock.advance(hours=1)
        later = installation.refresh(FeedName.AZURE)

        assert taken(at_once) == ["left_alone"]
        assert len(azure.requests) > asked == 1
        assert taken(later) == ["taken"]

    def test_a_short_failure_is_tried_again_with_a_pause(self, installation: Installation) -> None:
        """Once more in these tests, and never at once."""
        installation.feeds.azure.break_with("server_error", times=1)

        assert taken(installation.refresh(FeedName.AZURE)) == ["taken"]
        assert installation.pauses == [1.0]


class TestLease:
    """Two refreshes never run at once, whoever began them."""

    def test_who_comes_second_is_told(self, installation: Installation) -> None:
        """Until the first is done."""
        first = RefreshLease(installation.database, installation.clock)
        second = RefreshLease(installation.database, installation.clock)

        with first.held(), pytest.raises(RefreshRunningError), second.held():
            pass
        with second.held():
            pass

    def test_work_that_goes_on_keeps_it(self, installation: Installation) -> None:
        """Longer than it lasts by itself."""
        first = RefreshLease(installation.database, installation.clock)
        second = RefreshLease(installation.database, installation.clock)

        with first.held():
            for _ in range(8):
                installation.clock.advance(minutes=10)
                first.prolong()
            with pytest.raises(RefreshRunningError), second.held():
                pass

    def test_who_was_killed_loses_it(self, installation: Installation) -> None:
        """After a while; and who comes back late learns that it is not alone."""
        killed = RefreshLease(installation.database, installation.clock)
        second = RefreshLease(installation.database, installation.clock)

        with killed.held():
            installation.clock.advance(minutes=31)
            with second.held(), pytest.raises(RefreshRunningError):
                killed.prolong()


def catalogue_of_aws(installation: Installation) -> PriceImport:
    """Read all catalogues, and return what became of that of AWS."""
    done = installation.refresh(FeedName.GPUHUNT)
    return next(
        one for one in done if isinstance(one, PriceImport) and one.record.scope.provider == "aws"
    )


def facts_of(installation: Installation) -> list[tuple[object, ...]]:
    """Return every row of the price book, as the database has it."""
    with installation.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM provider_pricing ORDER BY number")
        return [tuple(row) for row in rows]
