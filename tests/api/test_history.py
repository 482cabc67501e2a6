"""Costs and savings by local day: every instant is in exactly one."""

import pytest

from tests.api.harness import (
    Application,
    Caller,
    SettableClock,
    before,
    hours_ago,
    start,
    stop,
)

HISTORY = "/economy/savings/history"


def test_days_are_newest_first_and_days_without_use_left_out(caller: Caller) -> None:
    """Three days of use in ten: three rows."""
    for day in (25, 28, 31):
        caller.push(
            start("i-1", f"2026-07-{day}T10:00:00Z"), stop("i-1", f"2026-07-{day}T11:00:00Z")
        )

    answer = caller.read(HISTORY, days=30, rate_card="reference")

    assert answer["history"] == [
        {
            "date": f"2026-07-{day}",
            "hours_used": 1.0,
            "dumont_cost": 0.74,
            "comparable_cost": 0.74,
            "provider_cost": 4.1,
            "savings": 3.36,
        }
        for day in (31, 28, 25)
    ]
    assert answer["totals"] == {
        "total_hours": 3.0,
        "total_dumont_cost": 2.22,
        "total_comparable_cost": 2.22,
        "total_provider_cost": 12.3,
        "total_savings": 10.08,
    }


@pytest.mark.parametrize(
    ("days", "dates"),
    [
        (1, ["2026-08-03"]),
        (2, ["2026-08-03", "2026-08-02"]),
        (3660, ["2026-08-03", "2026-08-02", "2026-07-04"]),
    ],
)
def test_the_last_n_days_include_today(caller: Caller, days: int, dates: list[str]) -> None:
    """`days=1` is today alone; the default is 30."""
    for day in ("2026-08-03", "2026-08-02", "2026-07-04"):
        caller.push(start("i-1", f"{day}T08:00:00Z"), stop("i-1", f"{day}T09:00:00Z"))

    answer = caller.read(HISTORY, days=days)

    assert [day["date"] for day in answer["history"]] == dates
    assert answer["period_days"] == days


def test_the_default_is_thirty_days(caller: Caller) -> None:
    """5 July is the thirtieth day back from 3 August, today included."""
    caller.push(
        start("i-1", "2026-07-04T08:00:00Z"),
        stop("i-1", "2026-07-04T09:00:00Z"),
        start("i-1", "2026-07-05T08:00:00Z"),
        stop("i-1", "2026-07-05T09:00:00Z"),
    )

    answer = caller.read(HISTORY)

    assert answer["period_days"] == 30
    assert [day["date"] for day in answer["history"]] == ["2026-07-05"]
    assert answer["totals"]["total_hours"] == 1.0


@pytest.mark.parametrize(
    ("timezone", "hours_by_date"),
    [
        ("UTC", {"2026-08-02": 2.0}),
        ("America/Sao_Paulo", {"2026-08-02": 1.0, "2026-08-01": 1.0}),
        ("Asia/Kathmandu", {"2026-08-02": 2.0}),
        ("Pacific/Kiritimati", {"2026-08-02": 2.0}),
        ("Pacific/Pago_Pago", {"2026-08-01": 2.0}),
    ],
)
def test_a_session_is_cut_at_local_midnight(
    caller: Caller, timezone: str, hours_by_date: dict[str, float]
) -> None:
    """From 02:00 to 04:00 UTC: over midnight in Sao Paulo, the evening before in Pago Pago."""
    caller.push(start("i-1", "2026-08-02T02:00:00Z"), stop("i-1", "2026-08-02T04:00:00Z"))

    answer = caller.read(HISTORY, timezone=timezone)

    assert {day["date"]: day["hours_used"] for day in answer["history"]} == hours_by_date
    assert answer["timezone"] == timezone


@pytest.mark.parametrize(
    ("night", "timezone", "length"),
    [
        pytest.param("2026-03-29", "Europe/Berlin", 23.0, id="clocks go forward"),
        pytest.param("2025-10-26", "Europe/Berlin", 25.0, id="clocks go back"),
        pytest.param("2017-10-15", "America/Sao_Paulo", 23.0, id="a day without a midnight"),
        pytest.param("2011-12-30", "Pacific/Apia", None, id="a day that was skipped"),
    ],
)
def test_a_day_is_as_long_as_it_was(
    caller: Caller, clock: SettableClock, night: str, timezone: str, length: float | None
) -> None:
    """Days last 23, 24, 25 or other hours, or not at all."""
    noon = f"{night}T12:00:00Z"
    clock.set(noon)
    clock.advance(days=4)
    caller.push(start("i-1", before(noon, days=3)))

    answer = caller.read(HISTORY, days=10, timezone=timezone)

    lengths = {one["date"]: one["hours_used"] for one in answer["history"]}
    assert lengths.get(night) == length
    assert sum(lengths.values()) == answer["totals"]["total_hours"] == 7 * 24.0


@pytest.mark.parametrize(
    ("timezone", "valid_until"),
    [("UTC", "2026-08-04T00:00:00Z"), ("Europe/Berlin", "2026-08-04T00:01:30Z")],
)
def test_what_is_todays_is_so_until_midnight(
    caller: Caller, clock: SettableClock, timezone: str, valid_until: str
) -> None:
    """A minute before it, an answer that else holds for 150 seconds holds for that minute."""
    caller.push(start("i-1", "2026-08-03T08:00:00Z"))
    clock.set("2026-08-03T23:59:00Z")

    answer = caller.read(HISTORY, timezone=timezone)

    assert answer["valid_until"] == valid_until


def test_the_default_time_zone_is_that_of_the_account(
    application: Application, request: pytest.FixtureRequest
) -> None:
    """The account's own days, unless others are asked for."""
    account = application.account(request.node.nodeid, timezone="America/Sao_Paulo")
    caller = application.machine(account)
    caller.push(start("i-1", "2026-08-02T02:00:00Z"), stop("i-1", "2026-08-02T04:00:00Z"))

    answer = caller.read(HISTORY)

    assert answer["timezone"] == "America/Sao_Paulo"
    assert [day["date"] for day in answer["history"]] == ["2026-08-02", "2026-08-01"]


def test_the_days_of_all_time_add_up_to_lifetime(caller: Caller) -> None:
    """The same question has the same answer on every surface."""
    caller.push(
        start("i-1", "2026-07-31T20:00:00Z", gpu="A100", rate="2.50"),
        start("i-2", "2026-08-01T22:30:00Z"),
        stop("i-2", "2026-08-02T01:15:00Z"),
    )

    history = caller.read(HISTORY, days=10)
    savings = caller.read("/economy/savings")

    assert history["totals"]["total_savings"] == savings["lifetime_savings"]
    assert history["totals"]["total_dumont_cost"] == savings["lifetime_cost"]
    assert history["totals"]["total_hours"] == savings["lifetime_hours"]
    assert history["coverage"] == savings["coverage"]
    assert len(history["history"]) == 4


def test_a_running_session_is_in_today(caller: Caller) -> None:
    """It counts up to now."""
    caller.push(start("i-1", hours_ago(2)))

    (today,) = caller.read(HISTORY, days=1)["history"]

    assert today["hours_used"] == 2.0


def test_a_compared_minimum_is_booked_on_the_last_used_day(caller: Caller) -> None:
    """20 s over midnight are billed as 60 s on AWS: 40 s more on the new day, at its price."""
    caller.push(
        start("i-1", "2026-08-01T23:59:50Z", gpu="A100", rate="0"),
        stop("i-1", "2026-08-02T00:00:10Z"),
    )

    new_day, old_day = caller.read(HISTORY)["history"]

    assert old_day["provider_cost"] == 0.0076  # 10 s at 2.74470525
    assert new_day["provider_cost"] == 0.0381  # 10 + 40 s


def test_usage_before_the_period_is_no_part_of_it(caller: Caller) -> None:
    """A session that began before the first day counts from that day's start on."""
    caller.push(start("i-1", "2026-07-20T12:00:00Z"))

    answer = caller.read(HISTORY, days=2)

    assert [day["hours_used"] for day in answer["history"]] == [12.0, 24.0]
    assert answer["totals"]["total_hours"] == 36.0
