"""Taking usage in: each event counted once, what is refused said and kept, nothing lost."""

from typing import Any

import pytest

from dumont_economy.services.people import Scope
from tests.api.harness import (
    NOON,
    Application,
    Caller,
    Json,
    SettableClock,
    before,
    hours_ago,
    report,
    start,
    stop,
)


def results(caller: Caller, *events: object) -> list[Json]:
    """Return what became of each event of a batch that was not refused as a whole."""
    answer = caller.send(list(events))
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found: list[Json] = answer.get_json()["results"]
    return found


def ids_page_by_page(caller: Caller, limit: int) -> list[str]:
    """Return the ids of all events received, as the pages list them."""
    seen: list[str] = []
    query: dict[str, str | int] = {"limit": limit}
    while True:
        page = caller.read("/usage/events", **query)
        seen += [event["id"] for event in page["events"]]
        if page["next_cursor"] is None:
            return seen
        query["cursor"] = page["next_cursor"]


def problems(caller: Caller, event: object) -> tuple[int, list[tuple[str, str]]]:
    """Return the status of a batch of one refused event, and the field problems in it."""
    answer = caller.send([event])
    errors = answer.get_json()["errors"]
    return answer.status_code, [(error["pointer"], error["code"]) for error in errors]


def lifetime_cost(caller: Caller) -> float:
    """Return all that was paid."""
    cost: float = caller.read("/economy/savings")["lifetime_cost"]
    return cost


def notices(caller: Caller) -> dict[str, str]:
    """Return the notices on all figures, by their code."""
    return {one["code"]: one["message"] for one in caller.read("/economy/savings")["notices"]}


class TestOneEvent:
    """Identified by account, source and id, for ever (R-DEDUP)."""

    def test_is_accepted_and_counts_at_once(self, caller: Caller) -> None:
        """Stored before the answer."""
        found = results(caller, start("i-1", hours_ago(2)))

        assert found == [
            {
                "index": 0,
                "id": "start i-1 2026-08-03T10:00:00Z",
                "status": "accepted",
                "code": None,
                "message": None,
            }
        ]
        assert lifetime_cost(caller) == 1.48

    def test_again_is_a_duplicate_without_effect(self, caller: Caller) -> None:
        """A client that got no answer may send it again."""
        event = start("i-1", hours_ago(2))
        results(caller, event)

        (again,) = results(caller, event)

        assert again["status"] == "duplicate"
        assert lifetime_cost(caller) == 1.48

    @pytest.mark.parametrize(
        "spelling",
        [
            pytest.param({"rate": "0.740"}, id="a rate with a zero behind"),
            pytest.param({"time": "2026-08-03T07:00:00-03:00"}, id="the instant in another offset"),
            pytest.param({"currency": "USD"}, id="the account's currency said"),
            pytest.param({"arch": "x86_64"}, id="the usual architecture said"),
            pytest.param({"name": None}, id="a field that is null"),
        ],
    )
    def test_with_equal_values_is_a_duplicate(self, caller: Caller, spelling: Json) -> None:
        """Content is equal when the parsed values are."""
        event = start("i-1", hours_ago(2))
        results(caller, event)

        (again,) = results(caller, {**event, **spelling})

        assert again["status"] == "duplicate"

    @pytest.mark.parametrize(
        "other", [{"rate": "0.75"}, {"instance": "i-2"}, {"time": hours_ago(3)}, {"name": "x"}]
    )
    def test_with_other_content_is_a_conflict_and_the_first_stays(
        self, caller: Caller, clock: SettableClock, other: Json
    ) -> None:
        """Also when it is sent alone: 200, and both are kept for view."""
        event = start("i-1", hours_ago(2))
        results(caller, event)
        cost = lifetime_cost(caller)
        clock.advance(microseconds=1)

        (conflict,) = results(caller, {**event, **other})

        assert conflict["status"] == "conflict"
        assert conflict["code"] == "conflict"
        assert lifetime_cost(caller) == cost
        page = caller.read("/usage/events")["events"]
        assert [one["status"] for one in page] == ["conflict", "accepted"]

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            pytest.param(("a-b", "c"), ("a", "b-c"), id="keys that join to the same text"),
            pytest.param(("s", "id"), ("s", "ID"), id="upper and lower case"),
            pytest.param(("s", "id"), ("s", "id "), id="a space behind"),
            pytest.param(("s", "caf\u00e9"), ("s", "cafe\u0301"), id="composed and decomposed"),
            pytest.param(("s", "\u0130"), ("s", "i\u0307"), id="what lower case would merge"),
            pytest.param(("s", "x" * 255), ("s", "x" * 254), id="255 bytes"),
        ],
    )
    def test_keys_are_compared_byte_by_byte(
        self, caller: Caller, one: tuple[str, str], other: tuple[str, str]
    ) -> None:
        """Different keys are different events."""
        events = [
            {**start("i-1", hours_ago(2)), "source": source, "id": key}
            for source, key in (one, other)
        ]

        assert [one["status"] for one in results(caller, *events)] == ["accepted", "accepted"]

    def test_is_a_duplicate_at_any_age(self, caller: Caller, clock: SettableClock) -> None:
        """Deduplication never expires, also for a token that could not send it any more."""
        event = start("i-1", hours_ago(2))
        results(caller, event)

        clock.advance(days=400)
        (again,) = results(caller, event)

        assert again["status"] == "duplicate"

    def test_of_another_account_is_another_event(self, caller: Caller, neighbour: Caller) -> None:
        """The account is part of the key."""
        event = start("i-1", hours_ago(2))
        results(caller, event)

        (theirs,) = results(neighbour, event)

        assert theirs["status"] == "accepted"


class TestABatch:
    """Valid events are stored in one transaction even if others are refused."""

    def test_with_one_bad_event_among_999_good_ones_loses_only_that(self, caller: Caller) -> None:
        """It is rejected with its index."""
        events = [report("seen", "i-1", before(NOON, seconds=n), id=str(n)) for n in range(1000)]
        events[417]["instance"] = ""

        found = results(caller, *events)

        rejected = [one for one in found if one["status"] == "rejected"]
        assert [one["index"] for one in rejected] == [417]
        assert rejected[0]["code"] == "empty"
        assert sum(one["status"] == "accepted" for one in found) == 999

    def test_answers_in_the_order_sent(self, caller: Caller) -> None:
        """Accepted, its duplicate, a conflict with it, and nonsense, in one batch."""
        event = start("i-1", hours_ago(2))

        found = results(caller, event, event, {**event, "rate": "9"}, {"id": "nonsense"})

        assert [one["status"] for one in found] == [
            "accepted",
            "duplicate",
            "conflict",
            "rejected",
        ]
        assert [one["index"] for one in found] == [0, 1, 2, 3]

    def test_of_rejected_events_alone_is_422_with_the_results(self, caller: Caller) -> None:
        """Every problem of every event is named."""
        answer = caller.send([{"id": "a"}, 7])

        assert answer.status_code == 422
        body = answer.get_json()
        assert [one["status"] for one in body["results"]] == ["rejected", "rejected"]
        pointers = {error["pointer"] for error in body["errors"]}
        assert {"/events/0/source", "/events/0/type", "/events/0/time", "/events/1"} <= pointers

    @pytest.mark.parametrize("status", ["duplicate", "conflict"])
    def test_with_a_duplicate_or_conflict_is_not_refused_as_a_whole(
        self, caller: Caller, status: str
    ) -> None:
        """Neither is a rejection."""
        event = start("i-1", hours_ago(2))
        results(caller, event)
        known = event if status == "duplicate" else {**event, "rate": "9"}

        found = results(caller, known, {"id": "nonsense"})

        assert [one["status"] for one in found] == [status, "rejected"]

    @pytest.mark.parametrize(
        ("events", "code"),
        [
            ([], "no_events"),
            ([{}] * 1001, "too_many_events"),
            ("x", "must_be_array"),
            (None, "must_be_array"),
            ({}, "must_be_array"),
        ],
    )
    def test_has_1_to_1000_events(self, caller: Caller, events: Any, code: str) -> None:  # noqa: ANN401  what was sent
        """422 otherwise."""
        answer = caller.send(events)

        assert answer.status_code == 422
        assert answer.get_json()["code"] == code

    def test_of_1000_events_is_taken(self, caller: Caller) -> None:
        """The most that there may be."""
        events = [report("seen", "i-1", before(NOON, seconds=n), id=str(n)) for n in range(1000)]

        assert {one["status"] for one in results(caller, *events)} == {"accepted"}


class TestAnAtomicBatch:
    """`?atomic=true`: every event is stored, or none is."""

    def send(self, caller: Caller, *events: object, atomic: str = "true") -> tuple[int, Json]:
        """Report usage whole or not at all; return status and answer."""
        answer = caller.client.post(
            f"/api/v1/usage/events?atomic={atomic}",
            json={"events": list(events)},
            headers=caller.headers,
        )
        return answer.status_code, answer.get_json()

    def test_with_good_events_and_duplicates_is_stored(self, caller: Caller) -> None:
        """A duplicate is no refusal: the retry of an atomic batch is answered as any other."""
        results(caller, start("i-1", hours_ago(2)))

        status, answer = self.send(caller, start("i-1", hours_ago(2)), stop("i-1", hours_ago(1)))

        assert status == 200
        assert [one["status"] for one in answer["results"]] == ["duplicate", "accepted"]
        assert lifetime_cost(caller) == 0.74

    @pytest.mark.parametrize(
        ("bad", "status"),
        [
            pytest.param({"id": "nonsense"}, "rejected", id="an event that is none"),
            pytest.param(report("seen", "i-1", before(NOON, minutes=-6)), "rejected", id="ahead"),
            pytest.param(start("i-1", hours_ago(2), rate="9"), "conflict", id="a conflict"),
        ],
    )
    def test_with_one_refused_event_stores_nothing(
        self, caller: Caller, bad: Json, status: str
    ) -> None:
        """422; each line says why, and the refused one is kept for view with its own reason."""
        known = start("i-1", hours_ago(2))
        results(caller, known)
        new = stop("i-1", hours_ago(1))

        code, answer = self.send(caller, known, new, new, bad)

        assert (code, answer["code"]) == (422, "batch_refused")
        became = [(one["status"], one["code"]) for one in answer["results"]]
        assert became[:3] == [("duplicate", None), *[("rejected", "batch_refused")] * 2]
        assert became[3][0] == status
        assert all(error["pointer"].startswith("/events/3") for error in answer["errors"])
        assert lifetime_cost(caller) == 1.48
        shown = [one["status"] for one in caller.read("/usage/events")["events"]]
        assert sorted(shown) == sorted(["accepted", status])

    def test_of_duplicates_and_a_refused_event_is_refused_too(self, caller: Caller) -> None:
        """There is nothing left to store, and it did not go whole."""
        results(caller, start("i-1", hours_ago(2)))

        code, answer = self.send(caller, start("i-1", hours_ago(2)), {"id": "nonsense"})

        assert (code, answer["code"]) == (422, "batch_refused")

    def test_corrected_goes_whole(self, caller: Caller) -> None:
        """Nothing of the first try stands in its way."""
        new = start("i-1", hours_ago(2))
        self.send(caller, new, {"id": "nonsense"})

        status, answer = self.send(caller, new)

        assert status == 200
        assert answer["results"][0]["status"] == "accepted"

    def test_that_is_not_asked_for_is_not_atomic(self, caller: Caller) -> None:
        """`atomic=false` is what it is without the parameter."""
        status, answer = self.send(
            caller, start("i-1", hours_ago(2)), {"id": "nonsense"}, atomic="false"
        )

        assert status == 200
        assert [one["status"] for one in answer["results"]] == ["accepted", "rejected"]

    @pytest.mark.parametrize("atomic", ["", "1", "True", "yes"])
    def test_is_asked_for_by_true_alone(self, caller: Caller, atomic: str) -> None:
        """A mistyped wish is not taken for none."""
        status, answer = self.send(caller, start("i-1", hours_ago(2)), atomic=atomic)

        assert (status, answer["code"]) == (422, "not_a_flag")


class TestReplay:
    """A figure depends on the set of events, never on their order (R-SET, R-STATE)."""

    def test_a_stop_before_its_start_counts_once_the_start_has_come(self, caller: Caller) -> None:
        """Until then it is listed as an orphan and use is 0."""
        results(caller, stop("i-1", hours_ago(1)))
        orphan = caller.read("/economy/savings")

        results(caller, start("i-1", hours_ago(3)))

        assert orphan["lifetime_hours"] == 0
        assert "orphan_stops" in {one["code"] for one in orphan["notices"]}
        found = caller.read("/economy/savings")
        assert found["lifetime_hours"] == 2.0
        assert "orphan_stops" not in {one["code"] for one in found["notices"]}

    def test_a_start_while_running_and_a_stop_while_stopped_change_nothing(
        self, caller: Caller
    ) -> None:
        """A poller repeats itself."""
        found = results(
            caller,
            start("i-1", hours_ago(4)),
            start("i-1", hours_ago(3)),
            stop("i-1", hours_ago(2)),
            stop("i-1", hours_ago(1)),
        )

        assert {one["status"] for one in found} == {"accepted"}
        assert lifetime_cost(caller) == 1.48

    @pytest.mark.parametrize("order", [(0, 1), (1, 0)])
    def test_of_two_starts_at_one_instant_the_same_one_counts(
        self, caller: Caller, order: tuple[int, int]
    ) -> None:
        """By source, then by id (R-TIE), whichever came first."""
        starts = [
            start("i-1", hours_ago(1), rate="0.50", id="a"),
            start("i-1", hours_ago(1), rate="0.90", id="b"),
        ]

        for index in order:
            results(caller, starts[index])

        assert lifetime_cost(caller) == 0.5
        notice = notices(caller)["contradicting_starts"]
        assert "i-1" in notice

    def test_two_equal_starts_at_one_instant_are_no_contradiction(self, caller: Caller) -> None:
        """Two reporters saw one thing."""
        results(caller, *(start("i-1", hours_ago(1), id=name) for name in ("a", "b")))

        assert "contradicting_starts" not in notices(caller)

    def test_a_void_settles_the_contradiction(self, caller: Caller) -> None:
        """A notice is a function of the events that count."""
        results(
            caller,
            start("i-1", hours_ago(1), rate="0.50", id="a"),
            start("i-1", hours_ago(1), rate="0.90", id="b"),
        )

        results(caller, {"id": "v", "source": "push", "type": "void", "time": NOON, "void_of": "a"})

        assert lifetime_cost(caller) == 0.9
        assert "contradicting_starts" not in notices(caller)

    def test_flapping_is_kept_and_each_run_has_its_own_minimum(self, caller: Caller) -> None:
        """Ten runs of one second are ten minimums of 60 s on AWS."""
        events = []
        for run in range(10):
            at = before(NOON, seconds=100 - 2 * run)
            events += [
                start("i-1", at, gpu="A100", rate="0"),
                stop("i-1", before(NOON, seconds=99 - 2 * run)),
            ]

        assert {one["status"] for one in results(caller, *events)} == {"accepted"}
        found = caller.read("/economy/savings")
        assert found["lifetime_provider_cost"] == 0.4575  # 600 s at 2.74470525
        assert found["lifetime_hours"] == 0.0028
        assert "flapping_instances" not in notices(caller)

    def test_50_events_a_second_are_all_kept_and_flagged(self, caller: Caller) -> None:
        """25 starts and 25 stops in each of 10 seconds: 250 runs, each with its minimum."""
        events = []
        for run in range(250):
            for kind, offset in ((start, 0), (stop, 20)):
                moment = before(NOON, milliseconds=10_000 - 40 * run - offset)
                event = kind("i-1", moment)
                events.append({**event, "id": f"{event['type']} {run}"})
        events = [{**e, "gpu": "A100", "rate": "0"} if e["type"] == "start" else e for e in events]

        assert {one["status"] for one in results(caller, *events)} == {"accepted"}

        found = caller.read("/economy/savings")
        assert found["lifetime_hours"] == 0.0014  # 250 times 20 ms
        assert found["lifetime_provider_cost"] == 11.4363  # 250 times 60 s at 2.74470525
        assert "i-1" in notices(caller)["flapping_instances"]
        assert len(caller.read("/usage/events", limit=500)["events"]) == 500

    def test_a_void_takes_an_event_back(self, caller: Caller) -> None:
        """From then on figures are as if it had not come."""
        event = start("i-1", hours_ago(2))
        results(caller, event, start("i-2", hours_ago(1)))

        results(
            caller,
            {"id": "v", "source": "push", "type": "void", "time": NOON, "void_of": event["id"]},
        )

        assert lifetime_cost(caller) == 0.74

    def test_events_in_any_order_and_batching_give_one_figure(
        self, caller: Caller, neighbour: Caller
    ) -> None:
        """All at once, or one by one from behind."""
        events = [
            start("i-1", hours_ago(9), gpu="A100", rate="2.50"),
            report("price_change", "i-1", hours_ago(8), rate="3.00"),
            report("resize", "i-1", hours_ago(7), gpu_count=2, rate="5.00"),
            report("hibernate", "i-1", hours_ago(6)),
            report("resume", "i-1", hours_ago(5)),
            stop("i-1", hours_ago(4)),
        ]

        results(caller, *events)
        for event in reversed(events):
            results(neighbour, event)
            neighbour.read("/economy/savings")

        assert caller.read("/economy/savings") == neighbour.read("/economy/savings")
        assert lifetime_cost(caller) == 2.5 + 3 + 5 + 5


class TestTime:
    """An event has a time near now; older ones are for those who may backfill."""

    @pytest.mark.parametrize(
        ("time", "code"),
        [
            pytest.param("2026-08-03T12:05:01Z", "time_in_future", id="5 min 1 s ahead"),
            pytest.param("2026-06-29T11:59:59Z", "time_too_old", id="35 days and 1 s back"),
            pytest.param("1970-01-01T00:00:00Z", "time_out_of_range", id="1970"),
            pytest.param("9999-12-31T00:00:00Z", "time_out_of_range", id="9999"),
            pytest.param("2026-08-03T12:00:00", "offset_required", id="without an offset"),
            pytest.param("2026-08-03", "offset_required", id="a date alone"),
            pytest.param("2026-W01-4", "invalid_instant", id="a week"),
            pytest.param("20260803T120000Z", "invalid_instant", id="the basic format"),
            pytest.param("2026-08-03T12:00:00+24:00", "invalid_instant", id="offset of 24 h"),
            pytest.param("2026-08-03T12:00:00+00:00:01", "invalid_instant", id="offset to seconds"),
            pytest.param("2026-08-03T12:00:00\u221203:00", "invalid_instant", id="U+2212"),
            pytest.param("2026-08-03T23:59:60Z", "invalid_instant", id="no leap second there"),
            pytest.param("2026-08-03T24:00:00Z", "invalid_instant", id="24 o'clock"),
            pytest.param("2026-02-30T00:00:00Z", "invalid_instant", id="30 February"),
            pytest.param("2025-02-29T00:00:00Z", "invalid_instant", id="no leap year"),
            pytest.param("2026-08-03T11:00:00.123456789Z", "too_precise", id="nanoseconds"),
            pytest.param("0001-01-01T00:00:00+14:00", "invalid_instant", id="before year 1"),
            pytest.param("9999-12-31T23:59:59-12:00", "invalid_instant", id="after year 9999"),
            pytest.param(1_785_758_400_000, "must_be_string", id="epoch in milliseconds"),
            pytest.param(10**18, "must_be_string", id="a huge epoch"),
            pytest.param("٢٠٢٦-08-03T12:00:00Z", "invalid_instant", id="Arabic digits"),
            pytest.param("2026-08-03 12:00:00Z", "invalid_instant", id="a space for the T"),
        ],
    )
    def test_that_cannot_be_is_refused(
        self, application: Application, caller: Caller, time: object, code: str
    ) -> None:
        """422 with the field and a stable code, and what was acknowledged is still there."""
        caller.push(start("kept", hours_ago(1)))
        ingest = application.machine(caller.account, Scope.INGEST)

        status, found = problems(ingest, {**report("seen", "i-1", NOON), "time": time})

        assert status == 422
        assert found == [("/events/0/time", code)]
        assert lifetime_cost(caller) == 0.74

    @pytest.mark.parametrize(
        "time",
        [
            pytest.param("2026-08-03T12:05:00Z", id="5 min ahead"),
            pytest.param("2026-06-29T12:00:00Z", id="35 days back"),
            pytest.param("2026-08-03t11:00:00z", id="lower case"),
            pytest.param("2026-08-03T08:00:00-03:00", id="an offset"),
            pytest.param("2026-08-03T11:00:00.123456Z", id="microseconds"),
            pytest.param("2026-06-30T23:59:60Z", id="a leap second"),
        ],
    )
    def test_that_can_be_is_accepted(
        self, application: Application, caller: Caller, time: str
    ) -> None:
        """RFC 3339, within 35 days back and 5 minutes ahead."""
        ingest = application.machine(caller.account, Scope.INGEST)

        (found,) = results(ingest, report("seen", "i-1", time))

        assert found["status"] == "accepted"

    def test_long_ago_is_for_the_scope_backfill(
        self, application: Application, caller: Caller
    ) -> None:
        """A migration of old usage is a deliberate act."""
        event = report("seen", "i-1", "2021-01-01T00:00:00Z")
        without = application.machine(caller.account, Scope.INGEST)
        with_it = application.machine(caller.account, Scope.INGEST, Scope.BACKFILL)

        assert problems(without, event) == (422, [("/events/0/time", "time_too_old")])
        assert results(with_it, event)[0]["status"] == "accepted"


class TestFields:
    """Every field is checked, and every problem named."""

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            pytest.param({"rate": "-0.5"}, "negative", id="a negative rate"),
            pytest.param({"rate": "1e3"}, "not_a_decimal", id="an exponent"),
            pytest.param({"rate": "1E+3000000"}, "not_a_decimal", id="a huge exponent"),
            pytest.param({"rate": "0.12345678901234567890"}, "too_precise", id="20 decimals"),
            pytest.param({"rate": 0.5}, "must_be_string", id="a float"),
            pytest.param({"rate": 1}, "must_be_string", id="a number"),
            pytest.param({"rate": "1,5"}, "not_a_decimal", id="a comma"),
            pytest.param({"rate": "$1"}, "not_a_decimal", id="a currency sign"),
            pytest.param({"rate": ""}, "not_a_decimal", id="empty"),
            pytest.param({"rate": "\u0660.\u0665"}, "not_a_decimal", id="Arabic digits"),
            pytest.param({"rate": "\uff11"}, "not_a_decimal", id="fullwidth digits"),
            pytest.param({"rate": "NaN"}, "not_a_decimal", id="NaN"),
            pytest.param({"rate": "100000.01"}, "absurd_rate", id="over 100,000 an hour"),
            pytest.param({"gpu_count": 0}, "out_of_range", id="no GPU"),
            pytest.param({"gpu_count": -1}, "out_of_range", id="minus one GPU"),
            pytest.param({"gpu_count": 10**6}, "out_of_range", id="a million GPUs"),
            pytest.param({"gpu_count": 1.5}, "must_be_integer", id="one and a half GPUs"),
            pytest.param({"gpu_count": "1"}, "must_be_integer", id="a count as text"),
            pytest.param({"gpu_count": True}, "must_be_integer", id="true"),
            pytest.param({"gpu_count": 2**63}, "must_be_integer", id="2^63"),
            pytest.param({"currency": "usd"}, "unknown_currency", id="lower case"),
            pytest.param({"currency": "XXX"}, "unknown_currency", id="no currency"),
            pytest.param({"currency": "BTC"}, "unknown_currency", id="not ISO 4217"),
            pytest.param({"tenant_id": "x"}, "unknown_field", id="tenant_id"),
            pytest.param({"received_at": NOON}, "unknown_field", id="received_at"),
            pytest.param({"amount": "1"}, "unknown_field", id="amount"),
            pytest.param({"account": "x"}, "unknown_field", id="account"),
            pytest.param({"type": "explode"}, "unknown_value", id="an unknown type"),
            pytest.param({"type": ["start"]}, "unknown_value", id="a list for a type"),
            pytest.param({"arch": "sparc"}, "unknown_value", id="an unknown architecture"),
            pytest.param({"instance": "a\u0000b"}, "invalid_text", id="NUL"),
            pytest.param({"instance": "a\nb"}, "invalid_text", id="a line break"),
            pytest.param({"instance": "x" * 256}, "too_long", id="256 characters"),
            pytest.param({"instance": "é" * 128}, "too_long", id="256 bytes"),
            pytest.param({"name": "\u0301" * 100_000}, "too_long", id="many combining marks"),
            pytest.param({"gpu": 7}, "must_be_string", id="a number for a GPU"),
            pytest.param({"void_of": "x"}, "field_not_for_type", id="a void_of on a start"),
            pytest.param({"provider": None}, "missing", id="no provider"),
        ],
    )
    def test_that_cannot_be_used_are_refused(self, caller: Caller, change: Json, code: str) -> None:
        """422 with field and code; what was acknowledged before is still there."""
        caller.push(start("kept", hours_ago(1)))
        (field,) = change

        status, found = problems(caller, {**start("i-1", hours_ago(1)), **change})

        assert status == 422
        assert (f"/events/0/{field}", code) in found
        assert lifetime_cost(caller) == 0.74

    @pytest.mark.parametrize(
        "change",
        [
            pytest.param({"rate": "0"}, id="free"),
            pytest.param({"rate": "100000"}, id="100,000 an hour"),
            pytest.param({"rate": "0.123456789012"}, id="12 decimals"),
            pytest.param({"gpu": "Foo 9000"}, id="an unknown GPU"),
            pytest.param({"gpu": ""}, id="an empty GPU name"),
            pytest.param({"gpu_count": 4096}, id="4,096 GPUs"),
            pytest.param({"currency": "BRL"}, id="another currency"),
            pytest.param({"name": "\u202egnp.exe"}, id="right-to-left override"),
            pytest.param({"name": "zero\u200bwidth"}, id="zero width"),
            pytest.param({"name": '"><svg onload=alert(1)>{{7*7}}'}, id="markup"),
            pytest.param({"name": ""}, id="an empty name"),
            pytest.param({"gpu_memory_gib": "24"}, id="memory"),
            pytest.param({"arch": "arm64"}, id="another architecture"),
        ],
    )
    def test_that_can_be_used_are_kept_as_sent(self, caller: Caller, change: Json) -> None:
        """Text is text: nothing is stripped, folded or interpreted."""
        (found,) = results(caller, start("i-1", hours_ago(1), **change))

        (row,) = caller.read("/instances")["instances"]
        assert found["status"] == "accepted"
        assert row["name"] == (change.get("name") or "i-1")

    def test_every_problem_is_named_at_once(self, caller: Caller) -> None:
        """One has not to send it five times to correct it."""
        status, found = problems(
            caller, {**start("i-1", "yesterday"), "rate": "-1", "gpu_count": 0, "colour": "red"}
        )

        assert status == 422
        assert set(found) == {
            ("/events/0/time", "invalid_instant"),
            ("/events/0/rate", "negative"),
            ("/events/0/gpu_count", "out_of_range"),
            ("/events/0/colour", "unknown_field"),
        }

    @pytest.mark.parametrize("event", [None, 7, "x", [], True, [[]]])
    def test_belong_to_an_object(self, caller: Caller, event: object) -> None:
        """What is no object is no event."""
        assert problems(caller, event) == (422, [("/events/0", "must_be_object")])


class TestWhatWasReceived:
    """GET /usage/events: newest first, with what was refused."""

    def test_an_accepted_event_shows_its_fields(self, caller: Caller) -> None:
        """And when it was received."""
        results(caller, start("i-1", hours_ago(2), currency="EUR"))

        (event,) = caller.read("/usage/events")["events"]

        assert event["status"] == "accepted"
        assert event["instance"] == "i-1"
        assert event["type"] == "start"
        assert event["time"] == "2026-08-03T10:00:00Z"
        assert event["received_at"] == NOON
        assert event["gpu"] == "RTX 4090"
        assert event["gpu_count"] == 1
        assert event["rate"] == "0.74"
        assert event["currency"] == "EUR"

    def test_a_voided_event_names_its_void_and_a_void_what_it_takes_back(
        self, caller: Caller, clock: SettableClock
    ) -> None:
        """Also on another page than the void; until the void is taken back or was not known."""

        def void(name: str, of: str, source: str = "push") -> Json:
            clock.advance(hours=1)
            return {"id": name, "source": source, "type": "void", "time": NOON, "void_of": of}

        def voids_of(**query: str) -> dict[str, tuple[str | None, str | None]]:
            cursor: dict[str, str] = {}
            seen: dict[str, tuple[str | None, str | None]] = {}
            while True:
                page = caller.read("/usage/events", limit=1, **query, **cursor)
                seen |= {one["id"]: (one["void_of"], one["voided_by"]) for one in page["events"]}
                if page["next_cursor"] is None:
                    return seen
                cursor = {"cursor": page["next_cursor"]}

        first, last = start("i-1", hours_ago(2)), stop("i-1", hours_ago(1))
        results(caller, first, last)
        results(caller, void("of another source", last["id"], source="poller"))
        assert voids_of()[last["id"]] == (None, None)

        results(caller, void("z", last["id"]))
        results(caller, void("a", last["id"]))
        both = voids_of()
        assert both[first["id"]] == (None, None)
        assert both[last["id"]] == (None, "a")
        assert both["a"] == (last["id"], None)
        assert voids_of(instance="i-1")[last["id"]] == (None, "a")
        assert voids_of(as_of="2026-08-03T13:30:00Z")[last["id"]] == (None, None)
        assert voids_of(as_of="2026-08-03T14:30:00Z")[last["id"]] == (None, "z")

        results(caller, void("of a", "a"), void("of z", "z"))
        restored = voids_of()
        assert restored[last["id"]] == (None, None)
        assert restored["a"] == (last["id"], "of a")

    def test_a_refused_void_shows_what_it_would_have_taken_back(self, caller: Caller) -> None:
        """It takes nothing back."""
        event = start("i-1", hours_ago(2))
        results(caller, event)
        refused = {"id": "v", "source": "push", "type": "void", "time": "?", "void_of": event["id"]}
        caller.send([refused])

        void, voided = caller.read("/usage/events")["events"]

        assert (void["void_of"], void["status"]) == (event["id"], "rejected")
        assert voided["voided_by"] is None

    def test_a_refused_event_shows_reason_and_content(self, caller: Caller) -> None:
        """Time, reason, and the first 4 KiB of what was sent, without the secrets in it."""
        caller.send([{**start("i-1", hours_ago(1)), "rate": "-1", "id": "bad"}])

        (event,) = caller.read("/usage/events")["events"]

        assert event["status"] == "rejected"
        assert event["code"] == "negative"
        assert event["detail"] == "rate: Must not be negative."
        assert event["id"] == "bad"
        assert event["received_at"] == NOON
        assert '"rate": "-1"' in event["content"]

    def test_no_more_than_4_kib_of_a_refused_event_are_kept(self, caller: Caller) -> None:
        """A flood of nonsense does not fill the disk."""
        caller.send([{"id": "x" * 100_000}])

        (event,) = caller.read("/usage/events")["events"]

        assert len(event["content"]) == 4096

    def test_what_was_refused_is_kept_for_30_days(
        self, caller: Caller, clock: SettableClock
    ) -> None:
        """Then it makes room; what was accepted stays for ever."""
        caller.push(start("i-1", hours_ago(1)))
        caller.send([{"id": "old"}])
        clock.advance(days=30, seconds=1)
        caller.send([{"id": "new"}])

        page = caller.read("/usage/events")["events"]

        assert [(one["id"], one["status"]) for one in page] == [
            ("new", "rejected"),
            ("start i-1 2026-08-03T11:00:00Z", "accepted"),
        ]

    def test_pages_hold_every_event_once_and_newest_first(
        self, caller: Caller, clock: SettableClock
    ) -> None:
        """Taken and refused ones together."""
        for number in range(11):
            clock.advance(seconds=1)
            if number % 3 == 1:
                caller.send([{"id": f"e{number}"}])
            else:
                results(caller, report("seen", "i-1", NOON, id=f"e{number}"))

        seen = ids_page_by_page(caller, limit=4)

        assert seen == [f"e{number}" for number in reversed(range(11))]

    def test_pages_hold_every_event_once_after_the_clock_was_put_back(
        self, caller: Caller, clock: SettableClock
    ) -> None:
        """The order is that of arrival, not of the clock; so is that of the refused ones."""
        taken, refused = [], []
        for number in range(12):
            clock.advance(seconds=1 if number % 4 else -600)
            if number % 3 == 1:
                caller.send([{"id": f"e{number}"}])
                refused.append(f"e{number}")
            else:
                results(caller, report("seen", "i-1", hours_ago(9), id=f"e{number}"))
                taken.append(f"e{number}")

        seen = ids_page_by_page(caller, limit=2)

        assert [one for one in seen if one in taken] == taken[::-1]
        assert [one for one in seen if one in refused] == refused[::-1]
        assert len(seen) == 12

    def test_an_event_that_comes_between_two_pages_is_on_neither_twice(
        self, caller: Caller, clock: SettableClock
    ) -> None:
        """A cursor names a place in the list, not a distance from its top."""
        results(caller, *(report("seen", "i-1", NOON, id=f"e{n}") for n in range(4)))
        first = caller.read("/usage/events", limit=2)

        clock.advance(seconds=1)
        results(caller, report("seen", "i-1", NOON, id="late"))
        second = caller.read("/usage/events", limit=2, cursor=first["next_cursor"])

        assert [event["id"] for event in second["events"]] == ["e1", "e0"]
        assert second["next_cursor"] is None

    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ({"limit": "0"}, "out_of_range"),
            ({"limit": "501"}, "out_of_range"),
            ({"limit": "٣"}, "not_a_whole_number"),
            ({"cursor": "x"}, "bad_cursor"),
            ({"cursor": "MQ"}, "bad_cursor"),
            ({"sort": "id;drop table usage_event"}, "unknown_parameter"),
            ({"gpu": "%_\\"}, "unknown_parameter"),
        ],
    )
    def test_what_a_page_cannot_be_asked_for_is_refused(
        self, caller: Caller, query: dict[str, str], code: str
    ) -> None:
        """422, naming the parameter."""
        answer = caller.get("/usage/events", **query)

        assert answer.status_code == 422
        assert answer.get_json()["code"] == code


class TestWhichEventsAreListed:
    """By instance, by time of use, and as known at an instant."""

    @pytest.fixture
    def told(self, caller: Caller, clock: SettableClock) -> Caller:
        """Return a caller of whom three events and a refusal came over two hours."""
        caller.push(start("i-1", hours_ago(5)), start("i-2", hours_ago(4)))
        clock.advance(hours=1)
        caller.send([{"id": "bad", "source": "push", "type": "nonsense"}])
        clock.advance(hours=1)
        caller.push(stop("i-1", hours_ago(3)))
        return caller

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({}, ["stop i-1", "bad", "start i-2", "start i-1"]),
            ({"instance": "i-1"}, ["stop i-1", "start i-1"]),
            ({"instance": "i_1"}, []),
            ({"instance": "%_\\"}, []),
            ({"from": hours_ago(4)}, ["stop i-1", "start i-2"]),
            ({"from": hours_ago(5), "to": hours_ago(4)}, ["start i-1"]),
            ({"to": "2026-08-03", "timezone": "UTC"}, []),
            ({"as_of": "2026-08-03T12:00:00Z"}, ["start i-2", "start i-1"]),
            ({"as_of": "2026-08-03T13:30:00Z"}, ["bad", "start i-2", "start i-1"]),
            ({"as_of": "2026-08-03T13:30:00Z", "instance": "i-1"}, ["start i-1"]),
        ],
    )
    def test_only_those_asked_for(
        self, told: Caller, query: dict[str, str], found: list[str]
    ) -> None:
        """Page by page too."""
        listed: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = told.read("/usage/events", limit=1, **query, **cursor)
            listed += [" ".join(one["id"].split()[:2]) for one in page["events"]]
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}

        assert listed == found

    def test_what_will_be_known_is_refused(self, told: Caller) -> None:
        """As everywhere."""
        answer = told.get("/usage/events", as_of="2026-08-03T14:00:01Z")

        assert answer.get_json()["code"] == "as_of_in_future"


class TestAReportersClock:
    """One that runs ahead is named, since use begins and ends when reports say (D6)."""

    @pytest.mark.parametrize(
        ("seconds", "is_named"),
        [(-3_600, False), (0, False), (60, False), (61, True), (300, True)],
    )
    def test_is_named_over_a_minute_ahead(
        self, caller: Caller, seconds: int, *, is_named: bool
    ) -> None:
        """A minute is nothing; beyond 5 minutes the report is refused."""
        caller.push(start("i-1", before(NOON, seconds=-seconds)))

        assert ("clock_skew" in notices(caller)) is is_named

    def test_is_told_by_the_newest_report_of_each_source(
        self, caller: Caller, clock: SettableClock
    ) -> None:
        """How far ahead, in whole seconds; one that was corrected is named no more."""
        ahead = before(NOON, seconds=-90)
        caller.push(
            start("i-1", ahead),
            {**start("i-2", ahead), "source": "poller"},
            {**report("seen", "i-2", before(NOON, seconds=-121.5)), "source": "poller"},
            start("i-3", hours_ago(1)),
        )

        assert "clock: poller by 121 s." in notices(caller)["clock_skew"]
        assert "clock_skew" not in notices_as_of(caller, NOON)
        clock.advance(seconds=10)
        caller.push({**report("seen", "i-2", NOON), "source": "poller"})
        assert "clock_skew" not in notices(caller)

    def test_of_a_neighbour_is_none_of_ours(self, caller: Caller, neighbour: Caller) -> None:
        """Each account has reporters of its own."""
        neighbour.push(start("i-1", before(NOON, seconds=-90)))
        caller.push(start("i-1", hours_ago(1)))

        assert "clock_skew" not in notices(caller)
        assert "clock_skew" in notices(neighbour)

    def test_is_forgotten_where_much_has_come_since(self, caller: Caller) -> None:
        """The newest 100 events are looked at."""
        caller.push({**start("i-1", before(NOON, seconds=-90)), "source": "poller"})
        caller.push(*(report("seen", f"i-{number}", NOON) for number in range(99)))
        assert "clock_skew" in notices(caller)

        caller.push(report("seen", "i-100", NOON))

        assert "clock_skew" not in notices(caller)


def notices_as_of(caller: Caller, as_of: str) -> set[str]:
    """Return the codes of the notices on what was known at an instant."""
    answer = caller.read("/economy/savings", as_of=as_of)
    return {one["code"] for one in answer["notices"]}
