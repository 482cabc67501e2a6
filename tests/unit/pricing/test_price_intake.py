"""The intake: what becomes of each row of a reading, and what a whole reading comes to."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from dumont_economy.pricing.gpu_identity import shipped_identifier
from dumont_economy.pricing.gpu_model import shipped_gpu_models
from dumont_economy.pricing.price_claim import (
    FeedReading,
    FeedScope,
    PriceClaim,
    StatedKey,
    UnreadableRow,
)
from dumont_economy.pricing.price_fact import PriceFact
from dumont_economy.pricing.price_intake import accepted_facts, judge
from dumont_economy.pricing.price_judgement import (
    Before,
    Judgement,
    Known,
    OpenDoubt,
    Outcome,
)
from dumont_economy.pricing.rate import PricingModel, Rate, SourceKind
from dumont_economy.pricing.sku_catalogue import SkuCatalogue, shipped_skus
from tests.builders import claim, instant, rate, sku

FEED = FeedScope(SourceKind.PROVIDER_FEED, "AWS Price List", "aws", "us-east-1")
CATALOGUE = FeedScope(SourceKind.OTHER, "gpuhunt catalogue", "aws", None)
KNOWN_SKUS = SkuCatalogue(shipped_skus(), shipped_gpu_models(), shipped_identifier())
P5 = sku("p5.48xlarge", "H100-80GB-SXM", "8")
TODAY = instant("2026-08-20 06:00")
ON_DEMAND = PricingModel.ON_DEMAND


def book(price: str = "55.04", *, seen: str = "2026-07-20", kind: SourceKind | None = None) -> Rate:
    """Return the price of eight H100 as the shipped book states it, unless told."""
    return replace(
        rate(P5, price, "2025-04-30"),
        source_kind=kind or SourceKind.SHIPPED_BOOK,
        source="shipped",
        retrieved_at=date.fromisoformat(seen),
    )


def said(price: str, *, seen_on: str = "2026-08-20", since: str | None = None) -> PriceClaim:
    """Return what a source says that eight H100 cost."""
    return claim("p5.48xlarge", price, seen_on=seen_on, since=since)


def judged(
    *claims: PriceClaim,
    known: Sequence[Rate] = (),
    scope: FeedScope = FEED,
    stated_before: Sequence[StatedKey] = (),
    prices_before: int = 0,
    **rest: Any,  # noqa: ANN401  whatever else is known
) -> Judgement:
    """Return what a reading of those claims comes to."""
    reading = FeedReading(scope, TODAY, "https://prices.example/", list(claims))
    before = Before(stated_before, prices_before)
    return judge(reading, Known(known, KNOWN_SKUS, before, **rest))


def outcomes(judgement: Judgement) -> dict[str, int]:
    """Return how many rows went which way, without the ways that none went."""
    return {outcome.value: rows for outcome, rows in judgement.counts.items() if rows}


def key(instance_type: str, region: str = "us-east-1") -> StatedKey:
    """Return what a source has stated before."""
    return StatedKey(region, instance_type, ON_DEMAND)


def doubt(
    price: str,
    scope: FeedScope = FEED,
    *,
    seen_on: str = "2026-08-19",
    was_of_the_present: bool = True,
    is_rejected: bool = False,
) -> OpenDoubt:
    """Return a doubted price of eight H100 of an earlier reading."""
    return OpenDoubt(
        number=7,
        source_kind=scope.source_kind,
        source=scope.source,
        provider="aws",
        key=key("p5.48xlarge"),
        price=Decimal(price),
        seen_on=date.fromisoformat(seen_on),
        was_of_the_present=was_of_the_present,
        is_rejected=is_rejected,
    )


def held(facts: Sequence[PriceFact]) -> list[tuple[str, str]]:
    """Return prices with the day from which each holds."""
    return [(f"{one.usd_per_instance_hour:f}", f"{one.effective_from:%Y-%m-%d}") for one in facts]


class TestOneRow:
    """A row is added, confirmed, agreed with, refused, or waits: one of these."""

    def test_a_new_price_is_added_from_when_its_source_dates_it(self) -> None:
        """Within a month the provider's own date is believed."""
        judgement = judged(said("50", since="2026-08-01"), known=[book()])

        assert outcomes(judgement) == {"added": 1}
        assert held(judgement.facts) == [("50", "2026-08-01")]
        assert judgement.facts[0].source_kind is SourceKind.PROVIDER_FEED

    def test_a_price_without_a_date_is_bracketed(self) -> None:
        """A fall holds from the day after the old price was last seen (R-BRACKET)."""
        judgement = judged(said("50"), known=[book()])

        assert held(judgement.facts) == [("50", "2026-07-21")]
        assert judgement.facts[0].first_seen == date(2026, 8, 20)
        assert judgement.facts[0].previous_last_seen == date(2026, 7, 20)

    def test_a_date_of_years_ago_is_not_believed(self) -> None:
        """It would change what is known of the past; a person may ask for that."""
        old = said("50", since="2015-01-01")

        assert held(judged(old, known=[book()]).facts) == [("50", "2026-07-21")]

        new_type = claim("g6.xlarge", "0.8", since="2015-01-01")
        believed = judged(new_type, believes_old_dates=True)
        assert held(judged(new_type).facts) == [("0.8", "2026-08-20")]
        assert held(believed.facts) == [("0.8", "2015-01-01")]

    def test_an_announced_price_holds_from_then(self) -> None:
        """Until then the present one does."""
        judgement = judged(said("55.04"), said("60", since="2026-10-01"), known=[book()])

        assert outcomes(judgement) == {"added": 1, "confirmed": 1}
        assert ("60", "2026-10-01") in held(judgement.facts)

    def test_an_announcement_of_years_ahead_is_a_mistake(self) -> None:
        """A year is as far as any provider plans its list."""
        judgement = judged(said("50", since="2029-01-01"), known=[book()])

        assert [row.code for row in judgement.refused] == ["effective_date_ahead"]
        assert judgement.facts == []

    def test_an_unchanged_price_is_confirmed_with_its_new_age(self) -> None:
        """The same price from the same day on, seen today."""
        judgement = judged(said("55.04"), known=[book()])

        assert outcomes(judgement) == {"confirmed": 1}
        assert held(judgement.facts) == [("55.04", "2025-04-30")]
        assert judgement.facts[0].retrieved_at == date(2026, 8, 20)

    def test_a_lesser_source_does_not_overrule_a_fresh_price(self) -> None:
        """Within 2 % it agrees, beyond it both are shown; a stale price it replaces."""
        fresh = book(seen="2026-08-18", kind=SourceKind.PROVIDER_FEED)
        stale = book(seen="2026-08-01", kind=SourceKind.PROVIDER_FEED)

        agreeing = judged(said("54"), known=[fresh], scope=CATALOGUE)
        against = judged(said("50"), known=[fresh], scope=CATALOGUE)
        later = judged(said("50"), known=[stale], scope=CATALOGUE)

        assert outcomes(agreeing) == {"agreeing": 1}
        assert outcomes(against) == {"waiting": 1}
        assert against.doubted[0].doubt.code == "conflict"
        assert outcomes(later) == {"added": 1}

    def test_a_price_seen_between_two_sightings_of_another_is_a_conflict(self) -> None:
        """Both cannot be true on that day."""
        judgement = judged(said("50", seen_on="2026-06-01"), known=[book()])

        assert [one.doubt.code for one in judgement.doubted] == ["conflict"]
        assert judgement.facts == []

    @pytest.mark.parametrize(
        ("row", "code"),
        [
            (claim("p9.gigantic", "12"), "unknown_instance_type"),
            (replace(claim("p9.gigantic", "12"), gpu_spelling="Z9000"), "unknown_gpu"),
            (replace(claim("p9.gigantic", "12"), gpu_spelling="T4"), "unknown_gpu_count"),
            (
                replace(claim("p9.gigantic"), gpu_spelling="H100", gpu_count=Fraction(8)),
                "gpu_variant_unknown",
            ),
            (replace(said("55"), gpu_spelling="A100"), "gpu_mismatch"),
            (replace(said("55"), gpu_count=Fraction(4)), "gpu_count_mismatch"),
        ],
    )
    def test_what_names_no_certain_machine_is_refused(self, row: PriceClaim, code: str) -> None:
        """Its price may be right, but nobody knows of what."""
        judgement = judged(row)

        assert [one.code for one in judgement.refused] == [code]
        assert judgement.facts == []

    def test_a_type_that_says_all_of_itself_is_learned(self) -> None:
        """A new machine needs no new version of this program."""
        new = replace(claim("g9.xlarge", "0.9"), gpu_spelling="NVIDIA L4", gpu_count=Fraction(1))

        [fact] = judged(new).facts

        assert (fact.sku.gpu_model, fact.sku.cpu_architecture) == ("L4", "x86_64")

    def test_a_price_far_from_the_last_waits(self) -> None:
        """With the price that it was held against, and no rate of it."""
        judgement = judged(said("440.32", since="2026-08-19"), known=[book()])

        assert outcomes(judgement) == {"waiting": 1}
        assert judgement.doubted[0].doubt.code == "per_gpu_confusion"
        assert judgement.facts == []

    def test_rows_that_differ_are_refused_all(self) -> None:
        """Which of them is true nobody can tell; the same price twice is one price."""
        differing = judged(said("55.04"), said("54.04"), known=[book()])
        same = judged(said("55.04"), said("55.04"), known=[book()])

        assert [row.code for row in differing.refused] == ["ambiguous_price"] * 2
        assert differing.facts == []
        assert outcomes(same) == {"confirmed": 1}
        assert same.skipped == {"repeated": 1}

    def test_of_two_rows_that_have_begun_none_is_the_price(self) -> None:
        """Whatever their dates are: no rule of ours says which machine each is."""
        judgement = judged(
            said("55.04", since="2026-01-01"), said("50", since="2026-08-01"), known=[book()]
        )

        assert [row.code for row in judgement.refused] == ["ambiguous_price"] * 2
        assert judgement.facts == []

    def test_every_row_is_counted_once(self) -> None:
        """Whatever becomes of it."""
        reading = FeedReading(
            FEED,
            TODAY,
            "https://prices.example/",
            [said("55.04"), claim("p9.gigantic"), claim("g4dn.xlarge", "0"), claim("g6.xlarge")],
            [UnreadableRow("rate code X", "not_a_price", "'one' is no price.")],
        )

        judgement = judge(reading, Known([book()], KNOWN_SKUS))

        assert sum(judgement.counts.values()) == 5
        assert judgement.counts[Outcome.REFUSED] == 3


class TestDoubtsOfBefore:
    """A doubt is settled by a second source, by what the source says next, or by a person."""

    def test_a_second_source_releases_a_price(self) -> None:
        """Within 1 %; one that states something else does not."""
        waiting = doubt("120", CATALOGUE)

        released = judged(said("120.5"), known=[book()], doubts=[waiting])
        other = judged(said("130"), known=[book()], doubts=[waiting])

        assert released.released == [7]
        assert outcomes(released) == {"added": 1}
        assert other.released == []
        assert outcomes(other) == {"waiting": 1}

    def test_a_source_does_not_confirm_itself(self) -> None:
        """The same price again still waits, once."""
        judgement = judged(said("120"), known=[book()], doubts=[doubt("120")])

        assert outcomes(judgement) == {"waiting": 1}
        assert judgement.doubted == []
        assert judgement.released == judgement.superseded == []

    def test_what_a_source_says_next_replaces_its_doubted_price(self) -> None:
        """Good or doubted again, nobody need decide of the one before."""
        healed = judged(said("55.04"), known=[book()], doubts=[doubt("120")])
        worse = judged(said("130"), known=[book()], doubts=[doubt("120")])

        assert healed.superseded == worse.superseded == [7]
        assert outcomes(healed) == {"confirmed": 1}
        assert len(worse.doubted) == 1

    def test_an_old_edition_replaces_nothing_newer(self) -> None:
        """What was said in June says nothing of August."""
        june = said("55.04", seen_on="2026-06-01")

        assert judged(june, known=[book()], doubts=[doubt("120")]).superseded == []

    def test_a_price_that_a_person_rejected_is_not_asked_again(self) -> None:
        """It is refused; another price waits."""
        rejected = doubt("120", is_rejected=True)

        again = judged(said("120"), known=[book()], doubts=[rejected])
        another = judged(said("121"), known=[book()], doubts=[rejected])

        assert [row.code for row in again.refused] == ["rejected_before"]
        assert outcomes(another) == {"waiting": 1}

    def test_a_person_may_accept_what_contradicts_what_was_seen(self) -> None:
        """Then it holds from the day on which it was seen."""
        facts = accepted_facts(said("50", seen_on="2026-07-20"), P5, FEED, [book()])

        assert held(facts) == [("50", "2026-07-20")]

    def test_what_was_seen_after_an_accepted_price_holds_on(self) -> None:
        """A conflict of June says nothing of July, in which the other price was seen."""
        facts = accepted_facts(said("50", seen_on="2026-06-01"), P5, FEED, [book()])

        assert held(facts) == [("50", "2026-06-01"), ("55.04", "2026-06-02")]

    def test_an_accepted_jump_is_bracketed_like_any_change(self) -> None:
        """A fall from the day after the old price was last seen: doubt never flatters."""
        facts = accepted_facts(said("20", since="2015-01-01"), P5, FEED, [book()])

        assert held(facts) == [("20", "2026-07-21")]


class TestSequences:
    """What one reading does to the next: no price walks in by a way round."""

    def test_the_same_table_under_another_name_confirms_nothing(self) -> None:
        """All files of the operator are one source."""
        files = [FeedScope(SourceKind.OPERATOR_FILE, f"file {name}", "", None) for name in "ab"]

        judgement = judged(
            said("6.88"), known=[book()], scope=files[1], doubts=[doubt("6.88", files[0])]
        )

        assert outcomes(judgement) == {"waiting": 1}
        assert judgement.facts == []

    def test_a_rejected_price_is_not_confirmed_by_another_source(self) -> None:
        """Neither by a lesser one that says it too, nor then by its own source."""
        rejected, waiting = doubt("6.88", is_rejected=True), doubt("6.88", CATALOGUE)

        by_own = judged(said("6.88"), known=[book()], doubts=[rejected, waiting])
        by_lesser = judged(said("6.88"), known=[book()], scope=CATALOGUE, doubts=[rejected])

        assert [row.code for row in by_own.refused] == ["rejected_before"]
        assert [row.code for row in by_lesser.refused] == ["rejected_before"]

    def test_a_price_rejected_of_a_lesser_source_binds_no_better_one(self) -> None:
        """The provider may come to ask what the catalogue once said wrongly."""
        rejected = doubt("50", CATALOGUE, is_rejected=True)

        assert outcomes(judged(said("50"), known=[book()], doubts=[rejected])) == {"added": 1}

    def test_a_doubt_of_long_ago_confirms_nothing(self) -> None:
        """What a source said a year ago is not what it says."""
        old = doubt("6.88", CATALOGUE, seen_on="2025-08-19")

        assert outcomes(judged(said("6.88"), known=[book()], doubts=[old])) == {"waiting": 1}

    def test_a_doubt_about_the_past_is_not_settled_by_the_present(self) -> None:
        """A cut that an old edition tells of waits until a person has looked at it."""
        of_september = doubt("50", seen_on="2025-09-01", was_of_the_present=False)

        later = judged(said("55.04"), known=[book()], doubts=[of_september])
        old = judged(said("55.04"), known=[book()], doubts=[doubt("120")], is_of_the_past=True)

        assert later.superseded == old.superseded == []

    def test_a_rise_is_not_dated_back_over_days_on_which_less_was_seen(self) -> None:
        """A fall is: doubt never flatters."""
        seen = book(seen="2026-08-18", kind=SourceKind.PROVIDER_FEED)

        rise = judged(said("60", since="2026-08-01"), known=[seen])
        fall = judged(said("50", since="2026-08-01"), known=[seen])

        assert held(rise.facts)[0] == ("60", "2026-08-19")
        assert held(fall.facts)[0] == ("50", "2026-08-01")

    def test_an_announcement_that_is_withdrawn_does_not_come_true(self) -> None:
        """From its day on the present price holds, as the source says today."""
        announced = replace(
            book("60", kind=SourceKind.PROVIDER_FEED),
            effective_from=instant("2026-10-01"),
            source=FEED.source,
        )
        now = book(kind=SourceKind.PROVIDER_FEED)

        kept = judged(said("55.04"), said("60", since="2026-10-01"), known=[now, announced])
        withdrawn = judged(said("55.04"), known=[now, announced])
        moved = judged(said("55.04"), said("60", since="2026-11-01"), known=[now, announced])

        assert ("55.04", "2026-10-01") not in held(kept.facts)
        assert ("55.04", "2026-10-01") in held(withdrawn.facts)
        assert {("55.04", "2026-10-01"), ("60", "2026-11-01")} <= set(held(moved.facts))

    def test_announcements_do_not_climb_over_each_other(self) -> None:
        """Each is held against what was known before the reading."""
        steps = [said(f"{100 * 1.9**n:.0f}", since=f"2026-09-0{n + 1}") for n in range(3)]

        judgement = judged(said("55.04"), *steps, known=[book()])

        assert outcomes(judgement) == {"confirmed": 1, "added": 1, "waiting": 2}

    def test_a_source_whose_price_waits_is_heard(self) -> None:
        """A lesser one does not take over meanwhile."""
        silent = book(seen="2026-08-01", kind=SourceKind.PROVIDER_FEED)

        judgement = judged(
            said("60"), known=[replace(silent, source=FEED.source)], scope=CATALOGUE, heard=[FEED]
        )

        assert outcomes(judgement) == {"waiting": 1}

    def test_a_price_that_is_seen_in_the_future_is_none(self) -> None:
        """Also at the end of all time."""
        for day in ("2026-08-21", "9999-12-31"):
            judgement = judged(said("55.04", seen_on=day), known=[book()])

            assert [row.code for row in judgement.refused] == ["seen_ahead"]

    def test_a_new_region_is_held_against_the_same_type_elsewhere(self) -> None:
        """Per GPU for two, which is within the bounds of all machines with such a GPU."""
        four = sku("g4dn.12xlarge", "T4", "4")
        elsewhere = [
            rate(replace(four, region=region), price, "2026-01-01")
            for region, price in (("eu-west-1", "4.4"), ("sa-east-1", "5.2"))
        ]
        cheap = rate(replace(P5, instance_type="x", gpu_model="T4"), "1", "2026-01-01")

        half = judged(claim("g4dn.12xlarge", "2.2"), known=[*elsewhere, cheap])
        like = judged(claim("g4dn.12xlarge", "3.912"), known=[*elsewhere, cheap])

        assert outcomes(half) == {"waiting": 1}
        assert outcomes(like) == {"added": 1}


class TestTheWholeReading:
    """A reading that lacks too much is not believed in anything."""

    BEFORE = tuple(key(f"g4dn.{size}xlarge") for size in ("", "2", "4", "8", "12", "16"))

    def reading(self, number: int) -> Judgement:
        """Return what a reading of the first few of six prices comes to."""
        rows = [
            claim(one.instance_type, f"{place}.5")
            for place, one in enumerate(self.BEFORE[:number], start=1)
        ]
        known = [
            rate(sku(one.instance_type, "T4"), f"{row.price_per_instance_hour}", "2026-01-01")
            for one, row in zip(self.BEFORE, rows, strict=False)
        ]
        return judged(*rows, known=known, stated_before=self.BEFORE)

    def test_some_may_be_gone(self) -> None:
        """One of six is; its price stays in effect, and it is counted."""
        judgement = self.reading(5)

        assert judgement.refused_whole is None
        assert judgement.missing == [self.BEFORE[5]]
        assert outcomes(judgement) == {"confirmed": 5}

    def test_three_in_ten_gone_is_too_much(self) -> None:
        """Nothing is learned, the reason says how many are gone."""
        judgement = self.reading(4)

        assert judgement.refused_whole is not None
        assert judgement.refused_whole[0] == "prices_missing"
        assert "2 of the 6" in judgement.refused_whole[1]
        assert judgement.facts == []

    def test_a_region_gone_is_too_much(self) -> None:
        """However small its share is."""
        before = [*self.BEFORE, *(key(f"type-{n}", "eu-west-1") for n in range(1))]
        rows = [claim(one.instance_type, "1.5") for one in self.BEFORE]

        judgement = judged(*rows, scope=CATALOGUE, stated_before=before)

        assert judgement.refused_whole is not None
        assert judgement.refused_whole[0] == "region_missing"

    def test_a_reading_of_nothing_is_none(self) -> None:
        """Also the first one: it may be the wrong region."""
        judgement = judged()

        assert judgement.refused_whole is not None
        assert judgement.refused_whole[0] == "empty_reading"

    def test_what_only_waited_before_is_missed_too(self) -> None:
        """Nineteen of twenty prices are gone, though only one of them had become a rate."""
        judgement = judged(
            said("55.04"),
            known=[book()],
            stated_before=[key("p5.48xlarge")],
            prices_before=20,
        )

        assert judgement.refused_whole is not None
        assert judgement.refused_whole[0] == "prices_missing"

    def test_an_older_edition_than_the_newest_is_refused(self) -> None:
        """A mirror that stands still says nothing of today; the same edition again does."""
        known = Known([book()], KNOWN_SKUS, Before(edition=date(2026, 8, 19)))
        reading = FeedReading(FEED, TODAY, "https://prices.example/", [said("50")])

        old = judge(replace(reading, edition=date(2026, 8, 18)), known)
        same = judge(replace(reading, edition=date(2026, 8, 19)), known)

        assert old.refused_whole is not None
        assert old.refused_whole[0] == "older_edition"
        assert same.refused_whole is None

    def test_a_person_may_accept_what_is_gone(self) -> None:
        """A provider that has ended half its machines is read on."""
        judgement = judged(said("55.04"), stated_before=self.BEFORE, accepts_gone=True)

        assert judgement.refused_whole is None
        assert len(judgement.facts) == 1
