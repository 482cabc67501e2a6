"""One instance opens into its sessions, whatever its id is."""

from fractions import Fraction
from urllib.parse import quote

import pytest
from werkzeug.test import TestResponse

from tests.api.harness import (
    NOON,
    Caller,
    SettableClock,
    hours_ago,
    report,
    start,
    stop,
)
from tests.api.moving import after

ODD_IDS = [
    "gpu/node 7",
    "/leading",
    "trailing/",
    "//",
    "a//b",
    "100%",
    "%2F",
    "a?b=c&d#e",
    "a+b;c",
    "ünïcode-実例-🚀",
    "..",
    "../../etc/passwd",
    "<text:instance_id>",
    "i" * 255,
    "é" * 127,
]


def open_instance(caller: Caller, instance: str, **query: str | int) -> TestResponse:
    """Ask for an instance by its id, every byte of it escaped."""
    return caller.get(f"/instances/{quote(instance, safe='')}", **query)


@pytest.mark.parametrize("instance", ODD_IDS)
def test_an_id_is_any_text(caller: Caller, instance: str) -> None:
    """Slashes, a leading one too, spaces, percent signs: what was reported is found."""
    caller.push(start("other", hours_ago(3)), start(instance, hours_ago(2), rate="1.00", id="odd"))

    answer = open_instance(caller, instance)

    assert answer.status_code == 200
    assert answer.get_json()["instance"]["instance_id"] == instance
    assert answer.get_json()["instance"]["lifetime"]["cost"] == "2.0000000000"


def test_an_id_may_be_written_with_its_slashes(caller: Caller) -> None:
    """As links are written by hand."""
    caller.push(start("rack/7/gpu", hours_ago(2)))

    assert caller.read("/instances/rack/7/gpu")["instance"]["instance_id"] == "rack/7/gpu"


@pytest.mark.parametrize("instance", ["i-2", "i-1/", "I-1", "i-1 ", "ghost", "\x00"])
def test_what_is_not_the_accounts_is_not_found(
    caller: Caller, neighbour: Caller, instance: str
) -> None:
    """The same body for the neighbour's, for none, and for one of which no start is known."""
    caller.push(start("i-1", hours_ago(2)), stop("ghost", hours_ago(1)))
    neighbour.push(start("i-2", hours_ago(2)))

    answer, random = open_instance(caller, instance), open_instance(caller, "never-was")

    assert answer.status_code == 404
    assert answer.get_json()["code"] == "not_found"
    assert answer.get_json() | {"request_id": ""} == random.get_json() | {"request_id": ""}


def test_it_opens_into_sessions_runs_and_rates(caller: Caller) -> None:
    """The latest session first, its runs in order; together they are its lifetime."""
    caller.push(
        start("i-1", hours_ago(9), gpu="T4", rate="0.20"),
        report("price_change", "i-1", hours_ago(8), rate="0.30"),
        stop("i-1", hours_ago(6)),
        report("resume", "i-1", hours_ago(4)),
        report("resize", "i-1", hours_ago(3), gpu_count=2, rate="0.50"),
    )

    answer = caller.read("/instances/i-1")
    latest, first = answer["sessions"]

    assert answer["instance"] == caller.read("/instances")["instances"][0]
    assert answer["next_cursor"] is None
    assert first["ended_at"] == hours_ago(6)
    assert first["totals"]["cost"] == "0.8000000000"
    assert first["runs"] == [
        {
            "started_at": hours_ago(9),
            "ended_at": hours_ago(6),
            "provider": "vast",
            "gpu_type": "T4",
            "gpu_spelling": "T4",
            "gpu_count": 1,
            "currency": "USD",
            "rates": [
                {"since": hours_ago(9), "rate_per_hour": "0.2"},
                {"since": hours_ago(8), "rate_per_hour": "0.3"},
            ],
        }
    ]
    assert (latest["started_at"], latest["ended_at"]) == (hours_ago(4), None)
    assert [(run["gpu_count"], run["ended_at"]) for run in latest["runs"]] == [
        (1, hours_ago(3)),
        (2, None),
    ]
    assert latest["totals"]["cost"] == "1.8000000000"
    assert answer["instance"]["lifetime"]["cost"] == "2.6000000000"


@pytest.mark.parametrize("is_on", [True, False])
def test_its_figures_are_later_where_their_slopes_lead(
    caller: Caller, clock: SettableClock, *, is_on: bool
) -> None:
    """The lifetime and its one session agree at every second; off, both stand."""
    caller.push(start("i-1", hours_ago(2), rate="0.36"))
    if not is_on:
        caller.push(stop("i-1", hours_ago(1)))
    now = caller.read("/instances/i-1", rate_card="reference")
    clock.advance(seconds=36)

    later = caller.read("/instances/i-1", rate_card="reference")

    (session,), lifetime = now["sessions"], now["instance"]["lifetime"]
    assert session["totals"] == lifetime
    assert lifetime["per_second"] == {
        "cost": "0.0001000000000000" if is_on else "0.0000000000000000",
        "comparable_cost": "0.0001000000000000" if is_on else "0.0000000000000000",
        "comparison_cost": "0.0011388888888889" if is_on else "0.0000000000000000",
        "saving": "0.0010388888888889" if is_on else "0.0000000000000000",
    }
    moved = after(36, lifetime)
    assert moved == {name: later["instance"]["lifetime"][name] for name in moved}
    assert moved == {name: later["sessions"][0]["totals"][name] for name in moved}


def test_only_its_open_session_moves(caller: Caller) -> None:
    """Of two sessions, the one that has ended stands; the lifetime moves as the other one."""
    caller.push(
        start("i-1", hours_ago(5), rate="0.36"),
        stop("i-1", hours_ago(4)),
        report("resume", "i-1", hours_ago(1)),
    )

    answer = caller.read("/instances/i-1")
    latest, first = (one["totals"]["per_second"] for one in answer["sessions"])

    assert {Fraction(slope) for slope in first.values()} == {0}
    assert latest["cost"] == "0.0001000000000000"
    assert answer["instance"]["lifetime"]["per_second"] == latest
    assert answer["instance"]["session"]["live"]["per_second"] == latest["saving"]


def test_what_is_not_converted_has_no_slope(caller: Caller) -> None:
    """No zero stands for a cost in another currency."""
    caller.push({**start("i-1", hours_ago(1), rate="5"), "currency": "EUR"})

    lifetime = caller.read("/instances/i-1")["instance"]["lifetime"]

    assert lifetime["cost"] is lifetime["per_second"]["cost"] is None


def test_it_says_until_when_it_holds(caller: Caller) -> None:
    """As the list does: that long its slopes lead to what is true."""
    caller.push(start("i-1", hours_ago(2)))

    answer = caller.read("/instances/i-1")

    assert answer["valid_until"] == caller.read("/instances")["valid_until"]
    assert answer["valid_until"] == "2026-08-03T12:02:30Z"


def test_its_pages_are_of_one_instant(caller: Caller, clock: SettableClock) -> None:
    """A session that begins meanwhile moves none of the others."""
    for number in range(5):
        caller.push(
            start("i-1", hours_ago(20 - 2 * number)), stop("i-1", hours_ago(19 - 2 * number))
        )
    clock.advance(seconds=1)
    whole = caller.read("/instances/i-1")["sessions"]
    first = caller.read("/instances/i-1", limit=3)
    clock.advance(minutes=1)
    caller.push(start("i-1", NOON))

    second = caller.read("/instances/i-1", limit=3, cursor=first["next_cursor"])

    assert first["sessions"] + second["sessions"] == whole
    assert len(caller.read("/instances/i-1")["sessions"]) == 6


def test_it_is_told_as_it_was_known(caller: Caller, clock: SettableClock) -> None:
    """Before its stop was reported it was on; before its start, it was not there."""
    caller.push(start("i-1", hours_ago(2)))
    clock.advance(hours=1)
    caller.push(stop("i-1", hours_ago(1)))

    then, now = caller.read("/instances/i-1", as_of=NOON), caller.read("/instances/i-1")

    assert (then["instance"]["status"], now["instance"]["status"]) == ("running", "stopped")
    assert open_instance(caller, "i-1", as_of=hours_ago(1)).status_code == 404


class TestThePeriodOfAList:
    """`from` and `to` narrow the list to what was on; figures stay those of the lifetime."""

    @pytest.fixture
    def fleet(self, caller: Caller) -> Caller:
        """Return a caller with one instance that was on early, and one that is."""
        caller.push(
            start("early", hours_ago(9), gpu="T4"),
            stop("early", hours_ago(6)),
            start("late", hours_ago(3), gpu="L4"),
        )
        return caller

    @pytest.mark.parametrize(
        ("period", "found"),
        [
            ({}, ["late", "early"]),
            ({"from": hours_ago(5)}, ["late"]),
            ({"to": hours_ago(4)}, ["early"]),
            ({"from": hours_ago(6), "to": hours_ago(3)}, []),
            ({"from": hours_ago(7), "to": hours_ago(2)}, ["late", "early"]),
            ({"from": "2026-08-03", "timezone": "Asia/Tokyo"}, ["late", "early"]),
            ({"from": "2026-08-04", "timezone": "Asia/Tokyo"}, []),
        ],
    )
    def test_narrows_it(self, fleet: Caller, period: dict[str, str], found: list[str]) -> None:
        """Half-open, by instants or local days."""
        gpus = {"late": "L4", "early": "T4"}
        listed = fleet.read("/instances", **period)["instances"]
        groups = fleet.read("/instances", group_by="gpu", **period)["groups"]

        assert [one["instance_id"] for one in listed] == found
        assert [one["gpu_type"] for one in groups] == sorted(gpus[name] for name in found)
        assert all(one["lifetime"]["hours"] == 3 for one in listed)
