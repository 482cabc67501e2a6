"""Disks and use paid in another currency, from the report to every figure (R-DISK, R-FX)."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from dumont_economy.instant import parse_instant
from dumont_economy.money import amount_text
from dumont_economy.services.learn_operator_tables import learn_disk_prices, learn_exchange_rates
from tests.api.harness import (
    NOON,
    Application,
    Caller,
    Json,
    hours_ago,
    report,
    start,
    start_application,
    stop,
)
from tests.api.moving import after, moved
from tests.builders import disk_price, exchange

DISK = {
    "disk_gb": "90",
    "disk_rate_running": "0.10",
    "disk_rate_stopped": "0.20",
    "disk_hours_per_month": 720,
}


@pytest.fixture
def application(tmp_path: Path) -> Iterator[Application]:
    """Return an application of this test alone: prices concern every account."""
    own = start_application(tmp_path)
    yield own
    own.close()


@pytest.fixture
def caller(application: Application) -> Caller:
    """Return a machine of a new account."""
    return application.machine(application.account("disks"))


def learn_disk(application: Application, usd_per_gb_month: str) -> None:
    """Let AWS ask so much for a GB a month from always on."""
    prices = [disk_price(usd_per_gb_month)]
    learn_disk_prices(application.database, application.clock, prices, believes_jumps=False)


def learn_euro(application: Application, rate: str, since: datetime) -> None:
    """Let a euro be worth so many dollars."""
    rates = [exchange("EUR", rate, since)]
    learn_exchange_rates(application.database, application.clock, rates, believes_jumps=False)


def message_of(answer: Json, code: str) -> str:
    """Return what the notice of that code says."""
    [message] = [one["message"] for one in answer["notices"] if one["code"] == code]
    return str(message)


def codes(answer: Json) -> set[str]:
    """Return the codes of an answer's notices."""
    return {notice["code"] for notice in answer["notices"]}


def test_a_disk_is_in_the_cost_of_an_instance_that_is_off(caller: Caller) -> None:
    """4 h on and 16 h off: 90 GB at 0.10 and at 0.20 a month are 5 and 40 cents."""
    caller.push({**start("i-1", hours_ago(20)), **DISK}, stop("i-1", hours_ago(16)))

    savings = caller.read("/economy/savings")
    [instance] = caller.read("/instances")["instances"]
    [group] = caller.read("/instances", group_by="gpu")["groups"]

    assert savings["lifetime_cost"] == 4 * 0.74 + 0.45
    assert savings["lifetime_comparable_cost"] == 4 * 0.74
    assert savings["lifetime_hours"] == 4.0
    assert savings["current_session_cost"] == 0
    assert instance["lifetime"]["cost"] == group["lifetime"]["cost"] == "3.4100000000"
    assert "disks_not_compared" in codes(savings)


def test_a_disk_is_compared_once_a_price_is_known(application: Application, caller: Caller) -> None:
    """On both sides for as long as the instance exists, and its saving ticks (R-LIKE)."""
    caller.push({**start("i-1", hours_ago(20)), **DISK}, stop("i-1", hours_ago(16)))
    alone = caller.read("/economy/savings")
    learn_disk(application, "0.08")

    beside = caller.read("/economy/savings")
    application.clock.advance(hours=1)
    later = caller.read("/economy/savings")

    # 90 GB at 0.08 a month of 720 hours are 1 cent an hour.
    assert beside["lifetime_provider_cost"] == pytest.approx(
        alone["lifetime_provider_cost"] + 0.20, abs=1e-9
    )
    assert beside["lifetime_comparable_cost"] == beside["lifetime_cost"]
    assert "disks_not_compared" not in codes(beside)
    # Off, ours costs 2.5 cents an hour: a loss of 1.5, as the slope said.
    slope = Fraction(beside["live"]["lifetime"]["per_second"])
    assert round(slope * 3600, 10) == Fraction("-0.015")
    grown = Decimal(later["live"]["lifetime"]["value"]) - Decimal(
        beside["live"]["lifetime"]["value"]
    )
    assert grown == Decimal("-0.0150000000")
    assert beside["live"]["session"]["per_second"] == "0.0000000000000000"


@pytest.mark.parametrize(
    ("events", "paid", "saved"),
    [
        pytest.param([], "0.0075250000", None, id="on"),
        pytest.param([stop("i-1", hours_ago(16))], "0.0002500000", "-0.0001500000", id="off"),
        pytest.param([report("terminate", "i-1", hours_ago(16))], "0", "0", id="gone"),
    ],
)
def test_the_lifetime_of_an_instance_moves_with_its_disk(
    application: Application, caller: Caller, events: list[Json], paid: str, saved: str | None
) -> None:
    """36 s at 0.74 and 1.25 cents an hour; off, the disk costs 2.5 cents, and 1 elsewhere."""
    learn_disk(application, "0.08")
    caller.push({**start("i-1", hours_ago(20)), **DISK}, *events)
    [now] = caller.read("/instances")["instances"]
    application.clock.advance(seconds=36)

    [later] = caller.read("/instances")["instances"]

    moved = after(36, now["lifetime"])
    assert moved == {name: later["lifetime"][name] for name in moved}
    grown = {name: Decimal(str(moved[name])) - Decimal(now["lifetime"][name]) for name in moved}
    assert grown["cost"] == grown["comparable_cost"] == Decimal(paid)
    assert saved is None or grown["saving"] == Decimal(saved)


@pytest.mark.parametrize("is_compared", [True, False])
def test_what_a_lifetime_is_made_of_ticks_with_it(
    application: Application, caller: Caller, *, is_compared: bool
) -> None:
    """At every second it saves what would have been charged less what is compared of the cost."""
    if is_compared:
        learn_disk(application, "0.08")
    caller.push({**start("i-1", hours_ago(20), rate="0.36"), **DISK}, start("i-2", hours_ago(1)))
    now = caller.read("/economy/savings")
    application.clock.advance(seconds=36)

    later = caller.read("/economy/savings")

    for name, live in now["live"].items():
        assert moved(36, **live) == later["live"][name]["value"]
    for answer in (now, later):
        value = {name: Decimal(live["value"]) for name, live in answer["live"].items()}
        made_of = value["lifetime_provider_cost"] - value["lifetime_comparable_cost"]
        assert value["lifetime"] == made_of
        for name in ("lifetime_cost", "lifetime_comparable_cost", "lifetime_provider_cost"):
            assert round(value[name], 4) == round(Decimal(repr(answer[name])), 4)
    # 1.10 an hour for both, and 1.25 cents for the disk.
    assert now["live"]["lifetime_cost"]["per_second"] == amount_text(Fraction("1.1125") / 3600, 16)
    assert (value["lifetime_cost"] == value["lifetime_comparable_cost"]) is is_compared


def test_a_disk_is_nothing_on_the_reference_card(application: Application, caller: Caller) -> None:
    """The card lists GPUs only."""
    learn_disk(application, "0.08")
    caller.push({**start("i-1", hours_ago(20)), **DISK}, stop("i-1", hours_ago(16)))

    savings = caller.read("/economy/savings", rate_card="reference")

    assert savings["lifetime_savings"] == 13.44
    assert savings["lifetime_comparable_cost"] == 2.96
    assert "the reference rate card lists none" in message_of(savings, "disks_not_compared")


def test_a_day_with_a_disk_alone_is_a_day_of_the_history(caller: Caller) -> None:
    """Money was paid on it; days after the end have none."""
    caller.push(
        {**start("i-1", "2026-07-30T00:00:00Z"), **DISK},
        stop("i-1", "2026-07-30T10:00:00Z"),
        report("terminate", "i-1", "2026-08-01T00:00:00Z"),
    )

    answer = caller.read("/economy/savings/history")

    assert [(day["date"], day["hours_used"], day["dumont_cost"]) for day in answer["history"]] == [
        ("2026-07-31", 0, 0.6),
        ("2026-07-30", 10.0, 7.875),
    ]
    assert answer["totals"]["total_dumont_cost"] == 8.475


def test_a_day_on_which_a_free_disk_saved_something_is_a_day_of_the_history(
    application: Application, caller: Caller
) -> None:
    """On the 31st nothing was used or paid; elsewhere the disk would have cost 24 cents."""
    learn_disk(application, "0.08")
    caller.push(
        {**start("i-1", "2026-07-30T00:00:00Z"), **DISK, "disk_rate_stopped": "0"},
        stop("i-1", "2026-07-30T10:00:00Z"),
        report("terminate", "i-1", "2026-08-01T00:00:00Z"),
    )

    answer = caller.read("/economy/savings/history")

    newest = answer["history"][0]
    assert (newest["date"], newest["dumont_cost"], newest["savings"]) == ("2026-07-31", 0, 0.24)
    assert sum(day["savings"] for day in answer["history"]) == pytest.approx(
        answer["totals"]["total_savings"]
    )


def test_a_history_with_a_disk_that_is_there_is_not_held(caller: Caller) -> None:
    """Its cost grows, so no tag may say that nothing changed."""
    caller.push({**start("i-1", hours_ago(2)), **DISK}, stop("i-1", hours_ago(1)))
    paying = caller.get("/economy/savings/history")
    caller.push(report("terminate", "i-1", NOON))

    assert "ETag" not in paying.headers
    assert "ETag" in caller.get("/economy/savings/history").headers


def test_use_in_euros_counts_once_their_rate_is_known(
    application: Application, caller: Caller
) -> None:
    """From the rate's own date on; what came before it stays out of both sides."""
    caller.push(start("i-1", hours_ago(10), rate="0.50", currency="EUR"))
    unknown = caller.read("/economy/savings")
    learn_euro(application, "1.20", parse_instant(hours_ago(4)))

    known = caller.read("/economy/savings")
    [instance] = caller.read("/instances")["instances"]

    assert unknown["lifetime_cost"] == 0
    assert "`economy prices import-exchange`" in message_of(unknown, "currency_not_converted")
    assert known["lifetime_cost"] == 4 * 0.60
    assert known["coverage"]["gpu_time"] == 0.4
    assert "currency_not_converted" in codes(known)
    assert instance["rate_per_hour"] == "0.6"


def test_an_answer_holds_until_the_exchange_rate_changes(
    application: Application, caller: Caller
) -> None:
    """A change that is known already ends the slope."""
    learn_euro(application, "1.20", parse_instant("2026-08-01T00:00:00Z"))
    learn_euro(application, "1.10", parse_instant("2026-08-03T12:01:00Z"))
    caller.push(start("i-1", hours_ago(1), rate="0.50", currency="EUR"))

    before = caller.read("/economy/savings")
    application.clock.set("2026-08-03T12:01:00Z")
    after = caller.read("/economy/savings")

    assert before["valid_until"] == "2026-08-03T12:01:00Z"
    assert before["hourly_comparison"]["dumont_rate"] == 0.6
    assert after["hourly_comparison"]["dumont_rate"] == 0.55
