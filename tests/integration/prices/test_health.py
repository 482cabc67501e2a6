"""What totals say of their prices: age, what waits, conflicts, and how the feeds are."""

from datetime import timedelta
from typing import Any

import pytest

from dumont_economy.services.import_prices import PriceImport
from dumont_economy.services.price_feeds import FeedName
from dumont_economy.services.price_notices import ALARMING_AFTER, STALE_AFTER
from tests.api.harness import NOON, Caller, start, stop
from tests.integration.prices.harness import AWS, Installation, notice_codes, plant_catalogue


def prices_beside(caller: Caller, provider: str, **query: str) -> dict[str, Any]:
    """Return what the lifetime total says of its prices."""
    found: dict[str, Any] = caller.read("/economy/savings", provider=provider, **query)["prices"]
    return found


def messages(caller: Caller, code: str, provider: str = "AWS", **query: str) -> list[str]:
    """Return the notices of one code beside a provider."""
    notices = caller.read("/economy/savings", provider=provider, **query)["notices"]
    return [notice["message"] for notice in notices if notice["code"] == code]


def test_a_total_says_how_its_feed_is(installation: Installation) -> None:
    """Of the provider compared with, and of no other."""
    caller = installation.caller()
    assert prices_beside(caller, "AWS")["feeds"] == []
    installation.refresh(FeedName.AWS)
    installation.feeds.azure.break_with("html")
    installation.refresh(FeedName.AZURE)

    [aws] = prices_beside(caller, "AWS")["feeds"]
    [azure] = prices_beside(caller, "Azure")["feeds"]

    assert (aws["source"], aws["region"]) == ("AWS Price List", "us-east-1")
    assert (aws["outcome"], aws["code"], aws["last_good_at"]) == ("taken", None, NOON)
    assert (azure["outcome"], azure["code"]) == ("failed", "wrong_content_type")
    assert azure["last_good_at"] is None
    assert prices_beside(caller, "GCP")["feeds"] == []


def test_the_age_is_that_of_the_oldest_price_in_the_total(installation: Installation) -> None:
    """A refresh makes it younger, time makes it older."""
    caller = installation.caller()
    before = prices_beside(caller, "AWS")
    installation.refresh(FeedName.AWS)
    refreshed = prices_beside(caller, "AWS")
    installation.clock.advance(days=3)

    assert (before["oldest_retrieved_at"], before["oldest_age_days"]) == ("2026-07-20", 14)
    assert (refreshed["oldest_retrieved_at"], refreshed["oldest_age_days"]) == ("2026-08-03", 0)
    assert prices_beside(caller, "AWS")["oldest_age_days"] == 3


@pytest.mark.parametrize(
    ("age", "is_stale", "is_alarming"),
    [
        (STALE_AFTER - timedelta(seconds=2), False, False),
        (STALE_AFTER, True, False),
        (ALARMING_AFTER, True, True),
    ],
)
def test_a_feed_that_brings_nothing_new_is_stale(
    installation: Installation,
    age: timedelta,
    is_stale: bool,  # noqa: FBT001
    is_alarming: bool,  # noqa: FBT001
) -> None:
    """After a day it is said since when; after a week also what to look at."""
    caller = installation.caller()
    installation.refresh(FeedName.AWS)
    installation.clock.set(NOON)

    installation.clock.present += age

    found = messages(caller, "price_feed_stale")
    assert bool(found) is is_stale
    assert any("economy worker" in message for message in found) is is_alarming
    assert all(NOON in message for message in found)


def test_a_conflict_shows_both_prices(installation: Installation) -> None:
    """In the notice and in the count, and the figure stays on the better source."""
    caller = installation.caller()
    installation.refresh(FeedName.AWS)
    plant_catalogue(installation, "50.0")

    installation.refresh(FeedName.GPUHUNT)

    said = prices_beside(caller, "AWS")
    [message] = messages(caller, "price_conflict")
    assert (said["quarantined"], said["conflicts"]) == (1, 1)
    assert "p5.48xlarge, gpuhunt catalogue: 50 against 55.04 (AWS Price List)" in message
    assert prices_beside(caller, "Azure")["conflicts"] == 0


def test_a_price_that_was_old_when_it_was_used_is_named(installation: Installation) -> None:
    """Until a source states it again; earlier use rests on prices that were young then."""
    account = installation.application.account("theirs")
    caller = installation.application.machine(account)
    caller.push(
        start("then", at="2025-06-01T09:00:00Z", gpu="T4"), stop("then", "2025-06-02T09:00:00Z")
    )
    young = notice_codes(caller, "Azure")
    caller.push(start("now", at="2026-08-03T09:00:00Z", gpu="T4"))

    [old] = messages(caller, "stale_prices", provider="Azure")
    installation.refresh(FeedName.AZURE)

    assert "stale_prices" not in young
    assert "Standard_NC4as_T4_v3 (2025-05-16)" in old
    assert messages(caller, "stale_prices", provider="Azure") == []
    assert messages(caller, "stale_prices", provider="Azure", rate_card="reference") == []


def test_unknown_machines_are_no_alarm(installation: Installation) -> None:
    """A type that nobody knows yet concerns no figure; the report names it."""
    caller = installation.caller()
    before = notice_codes(caller, "Azure")
    installation.feeds.azure.plant({"Standard_NC24ads_A100_v4": "3.673", "Standard_NZ9_v9": "9"})

    [done] = installation.refresh(FeedName.AZURE)

    assert isinstance(done, PriceImport)
    assert "Standard_NZ9_v9" in {one.subject for one in done.refusals}
    assert notice_codes(caller, "Azure") == before


def test_the_reference_card_has_no_feeds(installation: Installation) -> None:
    """Its figures rest on no list price."""
    caller = installation.caller()
    installation.feeds.aws.scale("100")
    installation.refresh(FeedName.AWS)

    said = prices_beside(caller, "AWS", rate_card="reference")

    assert (said["quarantined"], said["feeds"]) == (0, [])
    answer = caller.read("/economy/savings", provider="AWS", rate_card="reference")
    assert not {one["code"] for one in answer["notices"]} & {"prices_quarantined"}


def test_no_tag_outlasts_the_day_on_which_a_feed_grows_stale(installation: Installation) -> None:
    """The history's tag holds for a local day; within it the notice begins."""
    caller = installation.application.machine(installation.application.account("theirs"))
    caller.push(start("i", at="2026-08-01T09:00:00Z"), stop("i", "2026-08-01T10:00:00Z"))
    installation.clock.set("2026-08-02T18:00:00Z")
    installation.refresh(FeedName.AWS)
    installation.clock.set("2026-08-03T12:00:00Z")
    tag = caller.get("/economy/savings/history", provider="AWS").headers["ETag"]
    address = "/api/v1/economy/savings/history?provider=AWS"
    headers = caller.headers | {"If-None-Match": tag}

    installation.clock.set("2026-08-03T17:59:00Z")
    fresh = caller.client.get(address, headers=headers)
    installation.clock.set("2026-08-03T18:01:00Z")
    stale = caller.client.get(address, headers=headers)

    assert (fresh.status_code, stale.status_code) == (304, 200)
    assert "price_feed_stale" in {one["code"] for one in stale.get_json()["notices"]}


@pytest.mark.parametrize("path", ["savings", "savings/realtime", "active-session", "pricing"])
def test_a_tag_hides_no_notice(installation: Installation, path: str) -> None:
    """A client that holds an answer is told when a feed has failed since."""
    caller = installation.caller()
    headers = caller.headers | {
        "If-None-Match": caller.get(f"/economy/{path}", provider="AWS").headers["ETag"]
    }
    address = f"/api/v1/economy/{path}?provider=AWS"
    unchanged = caller.client.get(address, headers=headers)
    installation.feeds.aws.break_with("html")

    installation.refresh(FeedName.AWS)
    installation.clock.set(NOON)

    answer = caller.client.get(address, headers=headers)
    assert (unchanged.status_code, answer.status_code) == (304, 200)
    assert "price_feed_failed" in {one["code"] for one in answer.get_json()["notices"]}


def test_the_price_list_says_what_waits_of_every_provider(installation: Installation) -> None:
    """It is of all three unless one is asked for."""
    caller = installation.caller()
    installation.feeds.aws.plant({**AWS, "p5.48xlarge": "440.32"})
    installation.refresh(FeedName.AWS)

    everything = caller.read("/economy/pricing")
    azure = caller.read("/economy/pricing", provider="Azure")

    assert "prices_quarantined" in {one["code"] for one in everything["notices"]}
    assert azure["notices"] == []
