"""A bad feed changes nothing: each case of the list of bad inputs, and that the next one heals."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from dumont_economy.services.import_prices import PriceImport
from dumont_economy.services.price_feeds import FeedName
from dumont_economy.storage.accounts import Account
from tests.api.harness import NOON, Caller, start_application
from tests.fakes.provider_feeds import FakeFeeds
from tests.integration.prices.harness import (
    AWS,
    AZURE,
    Installation,
    fake_feeds,
    figures,
    notice_codes,
    taken,
)

Spoil = Callable[[FakeFeeds], object]

UNREADABLE: dict[str, tuple[Spoil, str]] = {
    "HTML with 200": (lambda f: f.aws.break_with("html"), "wrong_content_type"),
    "HTML called JSON": (lambda f: f.azure.break_with("html_as_json"), "wrong_content_type"),
    "an empty 200": (lambda f: f.azure.break_with("empty"), "empty_body"),
    "a wrong media type": (
        lambda f: f.azure.break_with("wrong_content_type"),
        "wrong_content_type",
    ),
    "a redirect to another host": (
        lambda f: f.azure.break_with("redirect", to="https://evil.example/"),
        "redirected",
    ),
    "a redirect to the metadata address": (
        lambda f: f.aws.break_with("redirect", to="http://169.254.169.254/latest"),
        "redirected",
    ),
    "a captive portal": (
        lambda f: f.aws.break_with("redirect", to="http://portal.example/", status=302),
        "redirected",
    ),
    "truncated JSON": (
        lambda f: f.aws.break_with("truncated_json", where="/us-east-1/"),
        "truncated_json",
    ),
    "a server that fails": (lambda f: f.azure.break_with("server_error"), "server_error"),
    "a connection that is lost": (lambda f: f.azure.break_with("connection_lost"), "bad_answer"),
    "a body without end": (lambda f: f.azure.break_with("never_ending"), "too_large"),
    "a body far too large": (lambda f: f.aws.break_with("too_large"), "too_large"),
    "a slow loris": (lambda f: f.azure.break_with("slow_loris"), "too_slow"),
    "a gzip bomb": (lambda f: f.azure.break_with("gzip_bomb"), "too_large"),
    "a region that is gone": (lambda f: f.aws.drop_region("us-east-1"), "region_missing"),
}
"""What a feed does, and the code under which its failure is on record."""

WRONG: dict[str, tuple[Spoil, str]] = {
    "prices of 0": (lambda f: f.aws.scale("0"), "zero_price"),
    "negative prices": (lambda f: f.azure.scale("-1"), "negative_price"),
    "another currency": (
        lambda f: f.azure.alter(lambda one: replace(one, currency="EUR")),
        "currency_changed",
    ),
    "another currency alone": (
        lambda f: f.aws.alter(lambda one: replace(one, currency="CNY")),
        "currency_changed",
    ),
    "a price that is none": (
        lambda f: f.aws.alter(lambda one: replace(one, price="one dollar")),
        "not_a_price",
    ),
    "Arabic digits": (
        lambda f: f.aws.alter(lambda one: replace(one, price="\u0660.\u0665")),
        "not_a_price",
    ),
    "no date": (lambda f: f.azure.alter(lambda one: replace(one, since=None)), "no_effective_date"),
    "duplicates that differ": (
        lambda f: f.azure.plant(
            [*f.azure.prices, *(replace(one, price="4.4") for one in f.azure.prices)]
        ),
        "ambiguous_price",
    ),
    "GPU counts that do not fit": (
        lambda f: f.aws.alter(lambda one: replace(one, gpu="16")),
        "gpu_count_mismatch",
    ),
}
"""What a feed does, and why its rows are refused."""

DOUBTFUL: dict[str, tuple[Spoil, str]] = {
    "a hundredfold": (lambda f: f.aws.scale("100"), "price_jump"),
    "a hundredth": (lambda f: f.azure.scale("0.01"), "price_jump"),
    "a little more than twice": (lambda f: f.azure.scale("2.01"), "price_jump"),
    "prices per GPU": (
        lambda f: f.aws.plant({**AWS, "p5.48xlarge": "6.8800000000"}),
        "per_gpu_confusion",
    ),
    "prices times the GPUs": (
        lambda f: f.azure.plant({**AZURE, "Standard_ND96isr_H100_v5": "786.56"}),
        "per_gpu_confusion",
    ),
}
"""What a feed does, and why its prices wait for a person."""

BOTH = (FeedName.AWS, FeedName.AZURE)


def figures_at_noon(installation: Installation, caller: Caller) -> list[object]:
    """Return every figure beside both providers, at one instant however long a refresh took."""
    installation.clock.set(NOON)
    return [figures(caller, one) for one in ("AWS", "Azure")]


@dataclass(frozen=True)
class GoodDay:
    """What a good day left behind: the database's file, a machine's key, and every figure."""

    file: bytes
    account: Account
    token: str
    figures: list[object]


@cache
def good_day() -> GoodDay:
    """Read good feeds, once for all tests: reading them takes longer than what a test looks at."""
    with TemporaryDirectory() as folder, fake_feeds() as feeds:
        installation = Installation(start_application(Path(folder)), feeds)
        caller = installation.caller()
        assert taken(installation.refresh(*BOTH)) == ["taken", "taken"]
        figures = figures_at_noon(installation, caller)
        installation.application.close()
        file = (Path(folder) / "economy.db").read_bytes()
    return GoodDay(file, caller.account, caller.token, figures)


@pytest.fixture
def installation_of_today(tmp_path: Path) -> Iterator[Installation]:
    """Return an installation that had a good day."""
    (tmp_path / "economy.db").write_bytes(good_day().file)
    application = start_application(tmp_path)
    with fake_feeds() as feeds:
        yield Installation(application, feeds)
    application.close()


def refreshed_after(
    installation: Installation, spoil: Spoil
) -> tuple[list[PriceImport], set[str], set[str]]:
    """Spoil a feed after a good day, read it, and hold that no figure changed and the next heals.

    Returns what became of the bad day's readings, and the notices during and after it.
    """
    day = good_day()
    caller = Caller(day.account, installation.application.flask.test_client(), day.token)
    spoil(installation.feeds)

    bad = [one for one in installation.refresh(*BOTH) if isinstance(one, PriceImport)]
    assert installation.feeds.aws.requests
    assert figures_at_noon(installation, caller) == day.figures
    said = notice_codes(caller, "AWS") | notice_codes(caller, "Azure")

    for feed in (installation.feeds.aws, installation.feeds.azure):
        feed.heal()
    installation.feeds.aws.plant(AWS)
    installation.feeds.azure.plant(AZURE)
    installation.clock.advance(hours=2)
    assert taken(installation.refresh(*BOTH)) == ["taken", "taken"]
    return bad, said, notice_codes(caller, "AWS") | notice_codes(caller, "Azure")


@pytest.mark.parametrize(("spoil", "code"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_feed_that_cannot_be_read_changes_no_figure(
    installation_of_today: Installation, spoil: Spoil, code: str
) -> None:
    """All pages or none; the failure is on record, said beside every total, and heals."""
    bad, said, healed = refreshed_after(installation_of_today, spoil)

    failed = [one for one in bad if one.record.outcome == "failed"]
    assert [one.record.code for one in failed] == [code]
    assert "price_feed_failed" in said
    assert "price_feed_failed" not in healed


@pytest.mark.parametrize(("spoil", "code"), WRONG.values(), ids=WRONG)
def test_rows_that_cannot_be_prices_change_no_figure(
    installation_of_today: Installation, spoil: Spoil, code: str
) -> None:
    """They are refused by name, with the place where one of them stands."""
    bad, said, healed = refreshed_after(installation_of_today, spoil)

    refusals = [refusal for one in bad for refusal in one.refusals]
    assert {refusal.code for refusal in refusals} == {code}
    assert all(refusal.place for refusal in refusals)
    assert "price_rows_refused" in said
    assert "price_rows_refused" not in healed


@pytest.mark.parametrize(("spoil", "code"), DOUBTFUL.values(), ids=DOUBTFUL)
def test_prices_far_from_the_last_change_no_figure(
    installation_of_today: Installation, spoil: Spoil, code: str
) -> None:
    """They wait for a person, and do not when the source takes them back."""
    bad, said, healed = refreshed_after(installation_of_today, spoil)

    assert {price.code for one in bad for price in one.waiting} == {code}
    assert "prices_quarantined" in said
    assert "prices_quarantined" not in healed


def test_a_walk_that_breaks_on_its_last_page_changes_nothing(installation: Installation) -> None:
    """Seven pages, of which six were good."""
    azure = installation.feeds.azure
    azure.has_traps = False
    azure.page_size = 1
    azure.plant(
        {
            **AZURE,
            "Standard_NC6s_v3": "3.06",
            "Standard_NC12s_v3": "6.12",
            "Standard_NC24s_v3": "12.24",
        }
    )
    azure.alter(lambda one: replace(one, price=f"{Decimal(one.price) * 11 / 10:f}"))
    caller = installation.caller()
    before = figures_at_noon(installation, caller)
    azure.break_with("server_error", where="skip=6")

    done = installation.refresh(FeedName.AZURE)

    assert taken(done) == ["failed server_error"]
    assert sum("skip=5" in request.target for request in azure.requests) == 1
    assert figures_at_noon(installation, caller) == before
    assert "price_feed_failed" in notice_codes(caller, "Azure")
    azure.heal()
    assert taken(installation.refresh(FeedName.AZURE)) == ["taken"]
    assert figures_at_noon(installation, caller) != before
    assert "price_feed_failed" not in notice_codes(caller, "Azure")


def test_too_much_gone_is_refused_as_a_whole(installation_of_today: Installation) -> None:
    """Half of what was stated is missing: nothing of the rest is taken, though it has changed."""

    def spoil(feeds: FakeFeeds) -> None:
        feeds.aws.scale("1.1")
        feeds.aws.drop_share("0.5")

    bad, said, healed = refreshed_after(installation_of_today, spoil)

    assert f"{bad[0].record.outcome} {bad[0].record.code}" == "refused prices_missing"
    assert "price_feed_failed" in said
    assert "price_feed_failed" not in healed


def test_the_same_spoiling_of_an_unguarded_price_would_show(installation: Installation) -> None:
    """The control: a change that the guard lets through does change figures."""
    caller = installation.caller()
    installation.refresh(FeedName.AWS)
    before = figures(caller, "AWS")
    installation.feeds.aws.scale("1.5")

    assert taken(installation.refresh(FeedName.AWS)) == ["taken"]

    assert figures(caller, "AWS") != before
