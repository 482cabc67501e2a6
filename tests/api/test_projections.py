"""Projections: what the saving comes to in a day, week, month and year, and by which method."""

import pytest

from tests.api.harness import Caller, Json, SettableClock, hours_ago, start, stop

NOTHING = {"daily": None, "weekly": None, "monthly": None, "yearly": None}


def projections(caller: Caller, **query: str) -> Json:
    """Return the projections on the reference card, where an RTX 4090 saves 3.36 an hour."""
    found: Json = caller.read("/economy/savings", rate_card="reference", **query)["projections"]
    return found


def test_a_measured_projection_is_the_mean_since_first_use(caller: Caller) -> None:
    """33.60 saved in ten days are 3.36 a day."""
    caller.push(start("i-1", hours_ago(240)), stop("i-1", hours_ago(230)))

    assert projections(caller) == {
        "daily": 3.36,
        "weekly": 23.52,
        "monthly": 100.8,
        "yearly": 1226.4,
        "method": "measured",
        "daily_hours": None,
        "days_measured": 10.0,
    }


def test_a_measured_projection_looks_back_thirty_days_at_most(caller: Caller) -> None:
    """What was saved before is no measure of now."""
    caller.push(
        start("i-1", hours_ago(24 * 100)),
        stop("i-1", hours_ago(24 * 90)),
        start("i-1", hours_ago(30)),
        stop("i-1", hours_ago(20)),
    )

    found = projections(caller)

    assert found["daily"] == 1.12  # 33.60 / 30
    assert found["days_measured"] == 30.0


def test_thirty_days_without_use_project_nothing_saved(caller: Caller) -> None:
    """It was measured, and it is zero."""
    caller.push(start("i-1", hours_ago(24 * 100)), stop("i-1", hours_ago(24 * 90)))

    assert projections(caller)["daily"] == 0
    assert projections(caller)["method"] == "measured"


def test_in_the_first_day_eight_hours_are_assumed(caller: Caller) -> None:
    """Less than a day of history, and an active instance."""
    caller.push(start("i-1", hours_ago(1)))

    found = projections(caller)

    assert found["method"] == "assumed_8_hours"
    assert found["daily_hours"] == 8.0
    assert found["daily"] == 26.88


def test_after_one_day_it_is_measured(caller: Caller, clock: SettableClock) -> None:
    """Exactly 24 hours after the first use."""
    caller.push(start("i-1", hours_ago(23)))

    clock.advance(hours=1)

    assert projections(caller)["method"] == "measured"
    assert projections(caller)["daily"] == 80.64  # 24 x 3.36


def test_with_neither_there_is_not_enough_data(caller: Caller) -> None:
    """Less than a day of history, and nothing active: null, and no promise."""
    caller.push(start("i-1", hours_ago(2)), stop("i-1", hours_ago(1)))

    found = projections(caller)

    assert found["method"] == "none"
    assert {name: found[name] for name in NOTHING} == NOTHING


def test_an_instance_without_a_comparison_projects_nothing(caller: Caller) -> None:
    """An unknown price is unknown: not a saving of zero."""
    caller.push(start("i-1", hours_ago(1), gpu="Foo 9000"))

    found = projections(caller, daily_hours="8")

    assert found["method"] == "none"
    assert {name: found[name] for name in NOTHING} == NOTHING


@pytest.mark.parametrize(
    ("daily_hours", "daily"), [("24", 80.64), ("0.5", 1.68), ("7.25", 24.36), ("0.0001", 0.0003)]
)
def test_hours_a_day_may_be_given(caller: Caller, daily_hours: str, daily: float) -> None:
    """Over 0 and at most 24; then it is the hourly saving times them, measured or not."""
    caller.push(start("i-1", hours_ago(100)))

    found = projections(caller, daily_hours=daily_hours)

    assert found["method"] == "hourly"
    assert found["daily"] == daily


@pytest.mark.parametrize(
    "daily_hours", ["0", "-1", "24.1", "25", "1e1", "abc", "", "٨", "8,5", "NaN", "0.0", "+8"]
)
def test_hours_that_no_day_has_are_refused(caller: Caller, daily_hours: str) -> None:
    """422, naming the parameter."""
    answer = caller.get("/economy/savings", daily_hours=daily_hours)

    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["pointer"] == "daily_hours"


def test_a_measured_loss_is_projected(caller: Caller) -> None:
    """A T4 at $1.00 against $0.53, ten hours in ten days."""
    caller.push(start("i-1", hours_ago(240), gpu="T4", rate="1.00"), stop("i-1", hours_ago(230)))

    assert projections(caller)["yearly"] == -171.55  # -0.47 x 365
