"""The account's instances: all states, by instance or by GPU, page by page."""

import pytest

from tests.api.harness import (
    Caller,
    Json,
    hours_ago,
    report,
    start,
    stop,
)


def rows(caller: Caller, **query: str | int) -> list[Json]:
    """Return the instances of one page."""
    found: list[Json] = caller.read("/instances", **query)["instances"]
    return found


def test_an_instance_shows_what_it_is_and_what_it_costs(caller: Caller) -> None:
    """Amounts are decimal strings beside a currency."""
    caller.push(
        start("i-1", hours_ago(2), gpu="RTX_4090", name="trainer"),
        report("seen", "i-1", hours_ago(1)),
    )

    answer = caller.read("/instances", rate_card="reference")
    (row,) = answer["instances"]

    assert answer["currency"] == "USD"
    assert row["name"] == "trainer"
    assert row["gpu_type"] == "RTX 4090"
    assert row["gpu_spelling"] == "RTX_4090"
    assert row["provider"] == "vast"
    assert row["status"] == "running"
    assert row["since"] == "2026-08-03T10:00:00Z"
    assert row["last_report_at"] == "2026-08-03T11:00:00Z"
    assert row["rate_per_hour"] == "0.74"
    assert row["comparison_rate_per_hour"] == "4.1"
    assert row["saving_per_hour"] == "3.36"
    assert row["session"]["cost"] == "1.4800000000"
    assert row["session"]["comparison_cost"] == "8.2000000000"
    assert row["session"]["saving"] == "6.7200000000"
    assert row["lifetime"]["saving"] == "6.7200000000"


@pytest.mark.parametrize(
    ("kind", "status"),
    [("stop", "stopped"), ("hibernate", "hibernated"), ("terminate", "terminated")],
)
def test_an_instance_that_is_off_keeps_its_lifetime_and_has_no_session(
    caller: Caller, kind: str, status: str
) -> None:
    """All states are listed; while it is off it has no rate."""
    caller.push(start("i-1", hours_ago(3)), report(kind, "i-1", hours_ago(1)))

    (row,) = rows(caller, rate_card="reference")

    assert row["status"] == status
    assert row["since"] == "2026-08-03T11:00:00Z"
    assert row["session"] is None
    assert row["rate_per_hour"] is None
    assert row["saving_per_hour"] is None
    assert row["lifetime"]["hours"] == 2.0


def test_an_instance_without_a_comparison_says_why(caller: Caller) -> None:
    """Null, and the reason in words with the spelling that is missing."""
    caller.push(start("i-1", hours_ago(1), gpu="Foo 9000", rate="1.00"))

    (row,) = rows(caller)

    assert row["match"] is None
    assert row["unpriced_reason"] == "The GPU name 'Foo 9000' is not one that we know."
    assert row["comparison_rate_per_hour"] is None
    assert row["lifetime"]["cost"] == "1.0000000000"
    assert row["lifetime"]["comparable_cost"] == "0.0000000000"


def test_an_empty_gpu_name_is_nothing(caller: Caller) -> None:
    """It is metered and not compared."""
    caller.push(start("i-1", hours_ago(1), gpu=""))

    (row,) = rows(caller)

    assert row["gpu_spelling"] == ""
    assert row["match"] is None


@pytest.mark.parametrize(
    ("hours", "is_silent"),
    [pytest.param(23.99, False, id="under"), pytest.param(24, True, id="24")],
)
def test_an_active_instance_without_a_report_for_24_hours_is_silent(
    caller: Caller, hours: float, *, is_silent: bool
) -> None:
    """A lost stop would save money for ever: every surface says it."""
    caller.push(start("i-1", hours_ago(hours)))

    (row,) = rows(caller)
    (active,) = caller.read("/economy/savings/realtime")["active_instances"]
    notices = {one["code"] for one in caller.read("/economy/savings")["notices"]}

    assert row["silent"] is is_silent
    assert active["silent"] is is_silent
    assert ("silent_instances" in notices) is is_silent


def test_any_report_breaks_the_silence(caller: Caller) -> None:
    """`seen` only says that it was still there."""
    caller.push(start("i-1", hours_ago(72)), report("seen", "i-1", hours_ago(2)))

    assert rows(caller)[0]["silent"] is False


def test_a_stopped_instance_is_never_silent(caller: Caller) -> None:
    """It has nothing to report."""
    caller.push(start("i-1", hours_ago(72)), stop("i-1", hours_ago(48)))

    assert rows(caller)[0]["silent"] is False


def test_active_instances_come_first_then_the_latest_used(caller: Caller) -> None:
    """The order in which one looks for them."""
    caller.push(
        start("old", hours_ago(9)),
        stop("old", hours_ago(8)),
        start("new", hours_ago(5)),
        stop("new", hours_ago(4)),
        start("on", hours_ago(20)),
    )

    assert [row["instance_id"] for row in rows(caller)] == ["on", "new", "old"]


def test_pages_hold_every_instance_once(caller: Caller) -> None:
    """A cursor leads from page to page, and the last one has none."""
    caller.push(*(start(f"i-{number}", hours_ago(number + 1)) for number in range(7)))
    seen: list[str] = []
    query: dict[str, str | int] = {"limit": 3}
    pages = 0
    while True:
        page = caller.read("/instances", **query)
        seen += [row["instance_id"] for row in page["instances"]]
        pages += 1
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]

    assert pages == 3
    assert sorted(seen) == [f"i-{number}" for number in range(7)]


def test_use_is_grouped_by_gpu(caller: Caller) -> None:
    """Different spellings of one chip are one group; the other list is empty."""
    caller.push(
        start("a", hours_ago(2), gpu="RTX_4090"),
        start("b", hours_ago(3), gpu="NVIDIA GeForce RTX 4090"),
        stop("b", hours_ago(2)),
        start("c", hours_ago(1), gpu="H100", rate="2.00", gpu_count=2),
    )

    answer = caller.read("/instances", group_by="gpu", rate_card="reference")
    groups = {group["gpu_type"]: group for group in answer["groups"]}

    assert answer["instances"] == []
    assert set(groups) == {"RTX 4090", "H100-80GB-PCIe"}
    assert groups["RTX 4090"]["instances_count"] == 2
    assert groups["RTX 4090"]["active_count"] == 1
    assert groups["RTX 4090"]["lifetime"]["saving"] == "10.0800000000"
    assert groups["H100-80GB-PCIe"]["lifetime"]["gpu_hours"] == 2.0


def test_a_group_says_how_sure_its_saving_is(caller: Caller) -> None:
    """By the GPU-hours of each grade, which may differ within one GPU type."""
    caller.push(
        start("whole", hours_ago(3), gpu="H100 SXM", gpu_count=8, rate="16.00"),
        stop("whole", hours_ago(1)),
        start("share", hours_ago(5), gpu="H100 SXM", gpu_count=2, rate="4.00"),
        stop("share", hours_ago(1)),
    )

    [group] = caller.read("/instances", group_by="gpu")["groups"]

    assert group["grades"] == {"A": 16.0, "B": 8.0, "C": 0.0, "D": 0.0, "N": 0.0, "R": 0.0}
    assert caller.read("/economy/savings")["coverage"]["grades"] == group["grades"]


def test_use_before_an_instance_changed_its_gpu_stays_with_the_old_gpu(caller: Caller) -> None:
    """Two hours of an A100 and one of an H100 under one name are use of both."""
    caller.push(
        start("i-1", hours_ago(5), gpu="A100", rate="2.50"),
        stop("i-1", hours_ago(3)),
        start("i-1", hours_ago(1), gpu="H100", rate="2.00"),
    )

    answer = caller.read("/instances", group_by="gpu", rate_card="reference")
    hours = {group["gpu_type"]: group["lifetime"]["hours"] for group in answer["groups"]}

    assert hours == {"A100-40GB": 2.0, "H100-80GB-PCIe": 1.0}


def test_the_rows_add_up_to_lifetime(caller: Caller) -> None:
    """By instance or by GPU, the sum is the account's."""
    caller.push(
        start("a", hours_ago(4), rate="0.50"),
        start("b", hours_ago(3), gpu="Foo 9000", rate="0.25"),
        start("c", hours_ago(2), gpu="H100", rate="2.00"),
    )

    by_gpu = caller.read("/instances", group_by="gpu")["groups"]
    costs = [sum(float(one["lifetime"]["cost"]) for one in of) for of in (rows(caller), by_gpu)]

    assert costs == [6.75, 6.75]
    assert caller.read("/economy/savings")["lifetime_cost"] == 6.75


def test_an_instance_whose_start_is_unknown_is_not_listed(caller: Caller) -> None:
    """A stop whose start has not come counts for nothing, and is told as an orphan."""
    caller.push(stop("i-1", hours_ago(1)))

    answer = caller.read("/instances")

    assert answer["instances"] == []
    assert "orphan_stops" in {notice["code"] for notice in answer["notices"]}


def test_a_disk_without_a_price_is_in_no_cost_and_said(caller: Caller) -> None:
    """A price of a month of unknown length is none: there is no default."""
    caller.push(start("i-1", hours_ago(1), disk_gb="100", disk_rate_running="0.10"))

    answer = caller.read("/instances")

    assert answer["instances"][0]["lifetime"]["cost"] == "0.7400000000"
    assert "disk_price_unknown" in {notice["code"] for notice in answer["notices"]}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"group_by": "price"}, "unknown_value"),
        ({"limit": "0"}, "out_of_range"),
        ({"limit": "-1"}, "not_a_whole_number"),
        ({"limit": "501"}, "out_of_range"),
        ({"limit": "1000000000"}, "out_of_range"),
        ({"cursor": "zz"}, "bad_cursor"),
        ({"cursor": "é"}, "bad_cursor"),
        ({"cursor": "MTA!!"}, "bad_cursor"),
        ({"cursor": "LTE"}, "bad_cursor"),
        ({"cursor": "a" * 129}, "too_long"),
        ({"sort": "id;drop table"}, "unknown_parameter"),
    ],
)
def test_what_a_page_cannot_be_asked_for_is_refused(
    caller: Caller, query: dict[str, str], code: str
) -> None:
    """422, naming the parameter."""
    answer = caller.get("/instances", **query)

    assert answer.status_code == 422
    assert answer.get_json()["code"] == code


def test_an_id_is_an_id_of_its_account_alone(caller: Caller, neighbour: Caller) -> None:
    """Two accounts may report the same instance id: they are two instances."""
    caller.push(start("i-1", hours_ago(4)))
    neighbour.push(start("i-1", hours_ago(1), gpu="H100", rate="2.00"))

    assert rows(caller)[0]["gpu_type"] == "RTX 4090"
    assert rows(caller)[0]["lifetime"]["hours"] == 4.0
    assert rows(neighbour)[0]["gpu_type"] == "H100-80GB-PCIe"
    assert rows(neighbour)[0]["lifetime"]["hours"] == 1.0


def test_use_in_another_currency_is_unknown_on_every_surface(caller: Caller) -> None:
    """Absence is said, not guessed: no zero stands for a cost that is not converted."""
    caller.push({**start("i-1", hours_ago(10), rate="5"), "currency": "EUR"})

    [instance] = caller.read("/instances")["instances"]
    savings = caller.read("/economy/savings")
    [realtime] = caller.read("/economy/savings/realtime")["active_instances"]
    [session] = caller.read("/economy/active-session")["active_instances"]

    assert instance["match"] is None
    assert "EUR" in instance["unpriced_reason"]
    assert instance["rate_per_hour"] is None
    assert instance["lifetime"]["cost"] is instance["session"]["cost"] is None
    assert (savings["coverage"]["gpu_time"], savings["coverage"]["cost"]) == (0, 0)
    assert "currency_not_converted" in {notice["code"] for notice in savings["notices"]}
    assert realtime["match"]["grade"] == "N"
    assert "EUR" in realtime["match"]["reason"]
    assert realtime["current_cost"] is realtime["savings_so_far"] is None
    assert session["dumont_cost"] is session["savings"] is None


def test_slices_of_a_gpu_are_not_shown_as_whole_ones(caller: Caller) -> None:
    """Named with their share, and grouped apart from the whole GPU."""
    caller.push(
        start("whole", hours_ago(1), gpu="A100-80GB", rate="2.00"),
        start("slice", hours_ago(1), gpu="NVIDIA A100-SXM4-80GB MIG 1g.10gb", rate="0.30"),
    )

    shown = {row["instance_id"]: row["gpu_type"] for row in rows(caller)}
    groups = caller.read("/instances", group_by="gpu")["groups"]

    assert shown == {"whole": "A100-80GB", "slice": "A100-80GB (1/7)"}
    assert {group["gpu_type"] for group in groups} == set(shown.values())
