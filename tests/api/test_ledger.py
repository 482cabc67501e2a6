"""Every figure can be opened: the lines behind it add up to it, page by page, as known then."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy import Row

from dumont_economy.api.cursor import encode_cursor
from dumont_economy.instant import instant_text
from dumont_economy.money import amount_text
from dumont_economy.storage import usage_cache
from dumont_economy.storage.usage_cache import EndedUse
from tests.api.harness import (
    NOON,
    Application,
    Caller,
    SettableClock,
    before,
    hours_ago,
    report,
    start,
    stop,
)
from tests.api.opened import all_lines, saving_of, sum_of

HOUR = 3600
TEN_THOUSANDTH = Decimal("0.0001")


def published(value: Fraction) -> float:
    """Return a sum as the published contract rounds it."""
    return float(amount_text(value, 4))


@pytest.fixture
def fleet(caller: Caller) -> Caller:
    """Return a caller with open and closed runs, a resize, a new price, and unpriced use."""
    caller.push(
        start("i-1", hours_ago(50), gpu="H100", rate="2.10", gpu_count=3),
        report("price_change", "i-1", hours_ago(40), rate="2.05"),
        report("resize", "i-1", hours_ago(30), gpu_count=8, rate="15.99"),
        stop("i-1", hours_ago(20)),
        start("i-2", hours_ago(9), gpu="A100 80GB", rate="1.10"),
        start("i-3", hours_ago(8), gpu="Foo 9000", rate="0.50"),
        start("i-4", hours_ago(7), gpu="T4", rate="0.15"),
        stop("i-4", before(hours_ago(7), seconds=-20)),
        start("i-5", hours_ago(6), gpu="RTX 4090", rate="0.40", currency="EUR"),
        {**start("i-6", hours_ago(2), gpu="L4", rate="0.33", gpu_count=2), "provider": "lambda"},
    )
    return caller


class TestTheLinesBehindAFigure:
    """They add up to it, exactly."""

    def test_of_the_lifetime(self, fleet: Caller) -> None:
        """GET /economy/savings."""
        lines, answer = all_lines(fleet), fleet.read("/economy/savings")

        assert published(sum_of(lines, "actual")) == answer["lifetime_cost"]
        assert published(sum_of(lines, "comparison")) == answer["lifetime_provider_cost"]
        assert amount_text(saving_of(lines)) == answer["live"]["lifetime"]["value"]

    def test_of_the_current_session(self, fleet: Caller) -> None:
        """GET /economy/active-session and /savings/realtime: the instances that are on."""
        answer = fleet.read("/economy/active-session")
        on = {one["instance_id"] for one in answer["active_instances"]}
        lines = [line for line in all_lines(fleet) if line["instance"] in on]

        assert published(sum_of(lines, "actual")) == answer["current_cost_dumont"]
        assert published(sum_of(lines, "comparison")) == answer["current_cost_provider"]
        assert amount_text(saving_of(lines)) == answer["live"]["value"]
        for one in fleet.read("/economy/savings/realtime")["active_instances"]:
            of_one = all_lines(fleet, instance=one["instance_id"])
            if one["savings_so_far"] is not None:
                assert published(saving_of(of_one)) == one["savings_so_far"]
            if one["current_cost"] is not None:
                assert published(sum_of(of_one, "actual")) == one["current_cost"]

    @pytest.mark.parametrize("zone", ["UTC", "America/Sao_Paulo", "Asia/Kolkata"])
    def test_of_each_day(self, fleet: Caller, zone: str) -> None:
        """GET /economy/savings/history: a day opens by its date and the next one's."""
        for day in fleet.read("/economy/savings/history", timezone=zone)["history"]:
            whole = fleet.read(
                "/ledger/totals", group_by="day", timezone=zone, **{"from": day["date"]}
            )["days"]
            following = {"to": whole[1]["date"]} if whole[1:] else {}
            lines = all_lines(fleet, timezone=zone, **{"from": day["date"]}, **following)

            assert published(sum_of(lines, "actual")) == day["dumont_cost"]
            assert published(sum_of(lines, "comparison")) == day["provider_cost"]
            assert published(saving_of(lines)) == day["savings"]
            assert float(whole[0]["used_seconds"]) / HOUR == pytest.approx(
                day["hours_used"], abs=0.00005
            )

    @pytest.mark.parametrize("group_by", ["day", "gpu", "instance", "provider"])
    def test_of_each_group(self, fleet: Caller, group_by: str) -> None:
        """Each group opens with its key as a filter, and all of them are the whole."""
        answer = fleet.read("/ledger/totals", group_by=group_by)
        filters = {"gpu": "gpu", "instance": "instance", "provider": "usage_provider"}
        total = {"actual": Decimal(0), "comparison": Decimal(0), "used_seconds": Decimal(0)}
        for one in [*answer["groups"], *answer["days"]]:
            if group_by != "day":
                lines = all_lines(fleet, **{filters[group_by]: one["key"]})
                assert amount_text(sum_of(lines, "actual")) == one["actual"]
                assert amount_text(sum_of(lines, "comparison")) == one["comparison"]
                assert amount_text(saving_of(lines)) == one["saving"]
            for name in total:
                total[name] += Decimal(one[name])

        assert len([*answer["groups"], *answer["days"]]) >= 2
        for name, of_all in total.items():
            assert abs(of_all - Decimal(answer["totals"][name])) < TEN_THOUSANDTH

    def test_of_a_policy_with_a_discount_and_the_reference_card(self, fleet: Caller) -> None:
        """What proves a line holds there too."""
        for query in ({"rate_card": "reference"}, {"provider": "Azure"}, {"provider": "GCP"}):
            lines = all_lines(fleet, **query)
            totals = fleet.read("/ledger/totals", **query)["totals"]
            assert amount_text(saving_of(lines)) == totals["saving"]
            assert totals["saving"] != "0.0000000000"


class TestALine:
    """It says what it is, and what proves it."""

    def test_has_a_side_of_its_own_where_it_ran(self, fleet: Caller) -> None:
        """One unit: the instance, at the rate that was reported."""
        first = all_lines(fleet)[0]

        assert first == {
            "side": "actual",
            "component": "compute",
            "instance": "i-1",
            "usage_provider": "vast",
            "gpu": "H100-80GB-PCIe",
            "gpu_spelling": "H100",
            "gpu_count": 3,
            "from": hours_ago(50),
            "to": hours_ago(40),
            "seconds": "36000",
            "pad_seconds": "0",
            "units": "1",
            "unit_price": "2.1",
            "price_hours": "1",
            "currency": "USD",
            "amount": "21.0000000000",
            "exchange": None,
            "proof": None,
            "reason": None,
        }

    def test_names_the_price_that_it_compares_with(self, fleet: Caller) -> None:
        """The SKU, its dates and its source; units are GPUs."""
        second = all_lines(fleet)[1]
        stated = fleet.read(f"/prices/{second['proof']['sku']}/history")["timeline"]
        held = [one for one in stated if one["effective_from"] == second["proof"]["effective_from"]]

        assert (second["side"], second["units"]) == ("comparison", "3")
        assert second["proof"]["machines"] == "3/8"
        assert second["proof"]["price_per_machine_hour"] == held[0]["price_per_instance_hour"]
        for name in ("region", "published_at", "source", "source_url", "retrieved_at"):
            assert second["proof"][name] == held[0][name]

    def test_tells_why_it_has_no_comparison(self, fleet: Caller) -> None:
        """The time is there, an amount is not; what is not converted has no cost either."""
        sides = {
            (line["instance"], line["side"]): line
            for line in all_lines(fleet)
            if line["instance"] in ("i-3", "i-5")
        }
        unknown, foreign = sides["i-3", "unpriced"], sides["i-5", "unpriced"]

        assert set(sides) == {("i-3", "actual"), ("i-3", "unpriced"), ("i-5", "unpriced")}
        assert unknown["reason"]["code"] == "unknown_gpu"
        assert foreign["reason"]["code"] == "currency_not_converted"
        assert (unknown["seconds"], unknown["amount"], unknown["unit_price"]) == (
            "28800",
            None,
            None,
        )

    def test_books_what_a_minimum_adds_at_its_end(self, fleet: Caller) -> None:
        """Twenty seconds are billed as sixty at AWS; the day before the end has none of it."""
        (paid, compared) = all_lines(fleet, instance="i-4")
        cut = before(hours_ago(7), seconds=-10)
        (_, early) = all_lines(fleet, instance="i-4", to=cut)

        assert (paid["seconds"], paid["pad_seconds"]) == ("20", "0")
        assert (compared["seconds"], compared["pad_seconds"]) == ("60", "40")
        assert (early["seconds"], early["pad_seconds"], early["to"]) == ("10", "0", cut)


class TestPaging:
    """All pages are of one instant."""

    @pytest.mark.parametrize("limit", [1, 3, 7])
    def test_pages_join_to_the_whole(self, fleet: Caller, limit: int) -> None:
        """In a stable order, none twice and none left out."""
        assert all_lines(fleet, limit=limit) == all_lines(fleet)

    def test_a_page_reads_no_more_than_it_shows(
        self, application: Application, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Neither what lies before it nor what follows, but for what is on at its beginning."""
        machine = application.machine(application.account("long history"))
        for hour in range(150):
            name, begins = f"i-{hour % 7}", hours_ago(300 - 2 * hour)
            machine.push(start(name, begins), stop(name, before(begins, seconds=-3_000)))
        page = machine.read("/ledger/lines", limit=200)
        read = []
        right = usage_cache._ended  # noqa: SLF001

        def counted(row: Row[Any]) -> EndedUse:
            read.append(row)
            return right(row)

        monkeypatch.setattr(usage_cache, "_ended", counted)

        machine.read("/ledger/lines", limit=10, cursor=page["next_cursor"])

        assert 5 <= len(read) <= 20

    def test_what_arrives_meanwhile_is_on_no_page(
        self, fleet: Caller, clock: SettableClock
    ) -> None:
        """A late event and a void come between two pages; a new first page shows them."""
        clock.advance(seconds=1)
        whole = all_lines(fleet)
        page = fleet.read("/ledger/lines", limit=5)
        clock.advance(minutes=5)
        fleet.push(
            start("i-0", hours_ago(60), rate="9.99"),
            stop("i-0", hours_ago(55)),
            report("void", "i-1", NOON, void_of=f"price_change i-1 {hours_ago(40)}"),
        )

        found = [*page["lines"], *all_lines(fleet, cursor=page["next_cursor"])]

        assert found == whole
        assert all_lines(fleet)[0]["instance"] == "i-0"

    def test_pages_join_while_the_clock_lags_behind_what_was_received(
        self, fleet: Caller, clock: SettableClock
    ) -> None:
        """What was received before the clock was set back is on every page."""
        clock.advance(minutes=-1)

        assert all_lines(fleet, limit=3) == all_lines(fleet)
        assert {line["instance"] for line in all_lines(fleet)} >= {"i-1", "i-6"}

    def test_another_instant_does_not_go_with_a_cursor(
        self, fleet: Caller, clock: SettableClock
    ) -> None:
        """The cursor holds its own."""
        clock.advance(seconds=1)
        as_of = instant_text(clock.now())
        cursor = fleet.read("/ledger/lines", limit=1, as_of=as_of)["next_cursor"]

        same = fleet.get("/ledger/lines", cursor=cursor, as_of=as_of)
        other = fleet.get("/ledger/lines", cursor=cursor, as_of=hours_ago(1))

        assert same.status_code == 200
        assert other.get_json()["code"] == "bad_cursor"

    @pytest.mark.parametrize(
        "positions", [(0, 10**17, 10**17), (0, 10**18 - 1, 0), (0, 0, 10**18 - 1), (1, 2)]
    )
    def test_a_cursor_of_no_instant_is_refused(
        self, fleet: Caller, positions: tuple[int, ...]
    ) -> None:
        """Whatever number was written into it."""
        answer = fleet.get("/ledger/lines", cursor=encode_cursor(*positions))

        assert answer.status_code == 422
        assert answer.get_json()["code"] == "bad_cursor"


class TestAPeriod:
    """Half-open, by instants or by local days."""

    def test_a_date_is_the_first_instant_of_its_local_day(self, fleet: Caller) -> None:
        """In the time zone asked for, else the account's."""
        by_date = {"from": "2026-08-02", "to": "2026-08-03", "timezone": "America/Sao_Paulo"}
        by_instant = {"from": "2026-08-02T03:00:00Z", "to": "2026-08-03T03:00:00Z"}

        assert all_lines(fleet, **by_date) == all_lines(fleet, **by_instant)
        assert all_lines(fleet, **by_date) != []

    def test_periods_that_touch_add_up(self, fleet: Caller) -> None:
        """Whatever instant lies between them."""
        for border in (hours_ago(40), hours_ago(33.3), before(hours_ago(7), seconds=-20)):
            early = all_lines(fleet, to=border)
            late = all_lines(fleet, **{"from": border})
            assert sum_of(early, "comparison") + sum_of(late, "comparison") == sum_of(
                all_lines(fleet), "comparison"
            )

    @pytest.mark.parametrize(
        ("query", "code", "pointer"),
        [
            ({"from": NOON, "to": NOON}, "empty_period", "to"),
            ({"from": "2026-13-01"}, "invalid_date", "from"),
            ({"from": "2026-08-01T00:00:00"}, "offset_required", "from"),
            ({"to": "0001-01-01"}, "out_of_range", "to"),
            ({"to": "9999-12-31T23:59:59Z"}, "out_of_range", "to"),
            ({"as_of": "1969-12-31T00:00:00Z"}, "out_of_range", "as_of"),
            ({"as_of": "2026-08-03T12:00:01Z"}, "as_of_in_future", "as_of"),
            ({"starts_at": NOON}, "unknown_parameter", "starts_at"),
            ({"timezone": "Mars/Olympus"}, "unknown_timezone", "timezone"),
        ],
    )
    @pytest.mark.parametrize("path", ["/ledger/lines", "/ledger/totals"])
    def test_a_wrong_one_is_refused_by_name(
        self, caller: Caller, path: str, query: dict[str, str], code: str, pointer: str
    ) -> None:
        """422 that names the parameter."""
        answer = caller.get(path, **query)

        assert answer.status_code == 422
        (problem,) = answer.get_json()["errors"]
        assert (problem["code"], problem["pointer"]) == (code, pointer)

    def test_too_many_days_are_refused(self, fleet: Caller) -> None:
        """Ten years by day, and not one more."""
        short = {"from": "2016-08-01", "to": "2026-08-03", "group_by": "day"}
        long = {**short, "from": "2006-08-01"}

        assert len(fleet.read("/ledger/totals", **short)["days"]) == 3654
        assert fleet.get("/ledger/totals", **long).get_json()["code"] == "too_many_points"

    def test_too_many_groups_are_refused(
        self, fleet: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """At 10,000, here at 5; the same use by GPU is few enough."""
        monkeypatch.setattr("dumont_economy.services.read_ledger.MAX_GROUPS", 5)

        refused = fleet.get("/ledger/totals", group_by="instance").get_json()

        assert refused["errors"][0]["code"] == "too_many_points"
        assert len(fleet.read("/ledger/totals", group_by="provider")["groups"]) == 2

    def test_an_account_without_use_has_zeros(self, caller: Caller) -> None:
        """Unknown is null, nothing is zero."""
        answer = caller.read("/ledger/totals", group_by="day")

        assert answer["days"] == answer["groups"] == []
        assert answer["totals"]["actual"] == "0.0000000000"
        assert answer["totals"]["saving_pct"] is None
        assert caller.read("/ledger/lines")["lines"] == []


class TestAdjustments:
    """Figures now minus figures as known earlier, by day of use."""

    def test_old_and_adjustment_make_new(self, fleet: Caller, clock: SettableClock) -> None:
        """A start that is voided and a late run: each day that changed is named, no other."""
        clock.advance(seconds=1)
        since = instant_text(clock.now())
        clock.advance(minutes=1)
        fleet.push(
            report("void", "i-2", NOON, void_of=f"start i-2 {hours_ago(9)}"),
            start("late", hours_ago(60), gpu="T4", rate="0.36"),
            stop("late", hours_ago(59)),
        )
        period = {"from": "2026-07-30", "to": "2026-08-04", "group_by": "day"}
        old = {d["date"]: d for d in fleet.read("/ledger/totals", **period, as_of=since)["days"]}
        answer = fleet.read("/ledger/totals", **period, adjustment_since=since)
        adjusted = {one["date"]: one for one in answer["adjustment"]}

        assert list(adjusted) == ["2026-08-01", "2026-08-03"]
        assert adjusted["2026-08-01"]["actual"] == "0.3600000000"
        for new in answer["days"]:
            was, change = old[new["date"]], adjusted.get(new["date"])
            if change is None:
                assert new == was
                continue
            for name in ("used_seconds", "actual", "comparable_actual", "comparison", "saving"):
                assert abs(
                    Decimal(was[name]) + Decimal(change[name]) - Decimal(new[name])
                ) <= Decimal("1e-10")

    def test_are_null_unless_asked_for_and_empty_without_a_difference(
        self, fleet: Caller, clock: SettableClock
    ) -> None:
        """Not asked is not none."""
        clock.advance(seconds=1)
        fleet.push(report("terminate", "i-6", NOON))
        fleet.push(*(stop(f"i-{number}", NOON) for number in (2, 3, 5)))
        clock.advance(seconds=1)
        since = instant_text(clock.now())
        clock.advance(hours=1)

        assert fleet.read("/ledger/totals")["adjustment"] is None
        assert fleet.read("/ledger/totals", adjustment_since=since)["adjustment"] == []

    def test_cannot_begin_after_what_they_end_with(self, fleet: Caller) -> None:
        """422 that names the parameter."""
        answer = fleet.get("/ledger/totals", as_of=hours_ago(2), adjustment_since=hours_ago(1))

        assert answer.status_code == 422
        assert answer.get_json()["errors"][0]["pointer"] == "adjustment_since"


def test_what_is_odd_about_reports_is_counted(fleet: Caller, application: Application) -> None:
    """Of the instances that are meant."""
    del application
    fleet.push(stop("ghost", hours_ago(1)), start("i-2", hours_ago(1), gpu="A100 80GB"))

    of_all = fleet.read("/ledger/totals")["noticed"]
    of_one = fleet.read("/ledger/totals", instance="i-2")["noticed"]

    assert of_all == {"orphan_stop": 1, "start_while_running": 1}
    assert of_one == {"orphan_stop": 0, "start_while_running": 1}


def test_a_neighbours_lines_are_not_there(fleet: Caller, neighbour: Caller) -> None:
    """An instance of theirs is as empty as one that never was."""
    assert all_lines(fleet) != []
    assert all_lines(neighbour, instance="i-1") == all_lines(neighbour, instance="never") == []
