"""Live figures: a value, its slope, until when they hold, and when nothing has to be sent again."""

from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from tests.api.harness import (
    NOON,
    Application,
    Caller,
    Json,
    SettableClock,
    at,
    before,
    hours_ago,
    start,
    start_application,
    stop,
)

LIVE = ["/savings", "/savings/realtime", "/active-session"]
TAGGED = [*LIVE, "/pricing"]


def session_saving(caller: Caller) -> Json:
    """Return the ticking saving of the current session."""
    live: Json = caller.read("/economy/active-session")["live"]
    return live


def test_in_the_first_minute_the_saving_falls_and_then_it_rises(
    caller: Caller, clock: SettableClock
) -> None:
    """AWS asks 60 s at least: that is reached at once, while our own cost still runs up to it."""
    caller.push(start("i-1", NOON, gpu="A100", rate="2.50"))
    seen = []
    for second in (10, 30, 50, 60, 70, 600):
        clock.set(f"2026-08-03T12:{second // 60:02}:{second % 60:02}Z")
        seen.append(session_saving(caller)["value"])

    assert seen == [
        "0.0388006431",  # 60 s at 2.74470525 less 10 s at 2.50
        "0.0249117542",
        "0.0110228653",
        "0.0040784208",  # the minimum is used up
        "0.0047581576",
        "0.0407842083",
    ]


def test_the_slope_in_the_first_minute_is_what_we_pay(caller: Caller, clock: SettableClock) -> None:
    """Then it is the difference of the two rates."""
    caller.push(start("i-1", NOON, gpu="A100", rate="2.50"))

    clock.advance(seconds=30)
    early = session_saving(caller)["per_second"]
    clock.advance(seconds=30)
    later = session_saving(caller)["per_second"]

    assert early == "-0.0006944444444444"  # 2.50 / 3600
    assert later == "0.0000679736805556"  # 0.24470525 / 3600


@pytest.mark.parametrize("path", LIVE)
def test_an_answer_holds_until_the_end_of_the_minimum(
    caller: Caller, clock: SettableClock, path: str
) -> None:
    """`valid_until` is the next change of slope that is known."""
    caller.push(start("i-1", NOON, gpu="A100", rate="2.50"))
    clock.advance(seconds=20)

    assert caller.read(f"/economy{path}")["valid_until"] == "2026-08-03T12:01:00Z"


@pytest.mark.parametrize("path", [*TAGGED, "/savings/history"])
def test_an_answer_holds_for_150_seconds_where_no_change_is_known(
    caller: Caller, path: str
) -> None:
    """It is never null, and never without an end."""
    assert caller.read(f"/economy{path}")["valid_until"] == "2026-08-03T12:02:30Z"


def test_an_answer_holds_until_a_report_that_lies_ahead(caller: Caller) -> None:
    """A reporter's clock may run ahead by up to 5 minutes."""
    caller.push(start("i-1", hours_ago(1)), stop("i-1", "2026-08-03T12:01:30Z"))

    assert caller.read("/economy/savings")["valid_until"] == "2026-08-03T12:01:30Z"


def test_an_answer_holds_until_the_compared_machine_is_sold_no_more(
    caller: Caller, clock: SettableClock
) -> None:
    """Azure's NVv3 series, beside which an M60 stands, ends on 30 September 2026."""
    clock.set("2026-09-29T23:59:00Z")
    caller.push(start("i-1", "2026-09-29T22:00:00Z", gpu="M60", rate="0.30"))

    answer = caller.read("/economy/savings", provider="Azure")

    assert answer["valid_until"] == "2026-09-30T00:00:00Z"


@pytest.mark.parametrize(
    ("provider", "gpu", "started_before"),
    [
        pytest.param("vast", "A100", 0, id="in its very first instant"),
        pytest.param("vast", "A100", 10, id="inside the compared minimum"),
        pytest.param("vast", "A100", 60, id="at the end of the compared minimum"),
        pytest.param("vast", "A100", 3600, id="billed by the second"),
        pytest.param("lambda", "A100", 3_610, id="inside a billing step"),
        pytest.param("lambda", "A100", 3_600, id="at the border of two billing steps"),
        pytest.param("vast", "Foo 9000", 3600, id="without a comparison"),
    ],
)
def test_value_and_slope_foretell_every_answer_until_valid_until(
    caller: Caller, clock: SettableClock, provider: str, gpu: str, started_before: int
) -> None:
    """What a screen has ticked to is what the next answer says, to the last decimal."""
    began = before(NOON, seconds=started_before)
    caller.push({**start("i-1", began, gpu=gpu, rate="2.50"), "provider": provider})

    first = caller.read("/economy/active-session")
    lasts = at(first["valid_until"]) - at(first["as_of"])
    value = Fraction(first["live"]["value"])
    per_second = Fraction(first["live"]["per_second"])

    assert lasts > timedelta(0)
    for seconds in (s for s in (0, 1, 20, 48, 149) if timedelta(seconds=s) < lasts):
        clock.set(NOON)
        clock.advance(seconds=seconds)
        foretold = value + per_second * seconds
        found = Fraction(session_saving(caller)["value"])
        assert abs(found - foretold) <= Fraction(1, 10**9), f"after {seconds} s"


def test_an_instance_that_starts_is_seen_in_the_same_second(
    caller: Caller, clock: SettableClock
) -> None:
    """Answers are for whole seconds, unless something newer than that has come."""
    clock.set("2026-08-03T12:00:00.700000Z")
    caller.push(start("i-1", "2026-08-03T12:00:00.500000Z"))

    answer = caller.read("/economy/active-session")

    assert answer["instances_count"] == 1
    assert answer["as_of"] == "2026-08-03T12:00:00.700000Z"


def test_a_stop_moves_the_session_into_lifetime_without_a_jump(
    caller: Caller, clock: SettableClock
) -> None:
    """Lifetime is everything to now, open sessions included."""
    caller.push(start("i-1", hours_ago(3), gpu="A100", rate="2.50"))
    running = caller.read("/economy/savings")

    caller.push(stop("i-1", NOON))
    stopped = caller.read("/economy/savings")

    assert stopped["lifetime_savings"] == running["lifetime_savings"]
    assert stopped["live"]["lifetime"]["value"] == running["live"]["lifetime"]["value"]
    assert running["current_session_savings"] == running["lifetime_savings"]
    assert stopped["current_session_savings"] == 0
    assert stopped["live"]["session"] == {
        "value": "0.0000000000",
        "per_second": "0.0000000000000000",
    }
    clock.advance(hours=1)
    assert caller.read("/economy/savings")["lifetime_savings"] == running["lifetime_savings"], (
        "a stopped instance saves nothing"
    )


def test_all_providers_are_live_at_once(caller: Caller) -> None:
    """AWS -> GCP changes every compared figure and no own one."""
    caller.push(start("i-1", hours_ago(2), gpu="A100", rate="2.50"))

    aws = caller.read("/economy/savings", provider="AWS")
    gcp = caller.read("/economy/savings", provider="GCP")

    assert gcp["lifetime_cost"] == aws["lifetime_cost"]
    for name in ("lifetime_savings", "lifetime_provider_cost", "savings_percentage", "live"):
        assert gcp[name] != aws[name]
    assert gcp["hourly_comparison"]["provider_rate"] == 3.673385


def _poll(caller: Caller, path: str, tag: str, **query: str) -> TestResponse:
    """Ask again for what the client holds already."""
    headers = {**caller.headers, "If-None-Match": tag}
    return caller.client.get(f"/api/v1/economy{path}", query_string=query, headers=headers)


class TestTheTagOfALiveAnswer:
    """304 means that value, slope and `valid_until` that the client holds describe the present."""

    @pytest.mark.parametrize("path", TAGGED)
    def test_nothing_is_sent_again_while_it_holds(
        self, caller: Caller, clock: SettableClock, path: str
    ) -> None:
        """An unchanged poll gets 304, the same tag, and no body."""
        caller.push(start("i-1", hours_ago(1)))
        tag = caller.get(f"/economy{path}").headers["ETag"]

        clock.advance(seconds=149)
        again = _poll(caller, path, tag)

        assert tag.startswith('W/"')
        assert again.status_code == 304
        assert again.headers["ETag"] == tag
        assert again.get_data() == b""

    @pytest.mark.parametrize("path", TAGGED)
    def test_a_new_answer_comes_once_valid_until_has_passed(
        self, caller: Caller, clock: SettableClock, path: str
    ) -> None:
        """At `valid_until` itself the old answer holds no more."""
        caller.push(start("i-1", hours_ago(1)))
        tag = caller.get(f"/economy{path}").headers["ETag"]

        clock.advance(seconds=150)
        again = _poll(caller, path, tag)

        assert again.status_code == 200
        assert again.headers["ETag"] != tag

    @pytest.mark.parametrize("path", LIVE)
    def test_it_holds_no_more_in_the_second_in_which_the_slope_changes(
        self, caller: Caller, clock: SettableClock, path: str
    ) -> None:
        """The compared minimum ends at 12:01:00.25; whoever asks just after that gets an answer."""
        caller.push(start("i-1", "2026-08-03T12:00:00.250000Z", gpu="A100", rate="2.50"))
        clock.set("2026-08-03T12:00:40.500000Z")
        first = caller.get(f"/economy{path}")

        clock.set("2026-08-03T12:01:00.260000Z")
        again = _poll(caller, path, first.headers["ETag"])

        assert first.get_json()["valid_until"] == "2026-08-03T12:01:00.250000Z"
        assert again.status_code == 200
        assert again.get_json()["as_of"] == "2026-08-03T12:01:00.260000Z"
        assert again.get_json()["valid_until"] == "2026-08-03T12:01:01Z"

    @pytest.mark.parametrize("path", LIVE)
    def test_a_new_report_changes_it(self, caller: Caller, path: str) -> None:
        """The account's version is in the tag."""
        caller.push(start("i-1", hours_ago(1)))
        tag = caller.get(f"/economy{path}").headers["ETag"]

        caller.push(start("i-2", hours_ago(1)))

        assert _poll(caller, path, tag).status_code == 200

    def test_a_duplicate_changes_nothing(self, caller: Caller) -> None:
        """Neither does what was refused."""
        caller.push(start("i-1", hours_ago(1)))
        tag = caller.get("/economy/savings").headers["ETag"]

        caller.push(start("i-1", hours_ago(1)))
        caller.send([{"id": "nonsense"}])

        assert _poll(caller, "/savings", tag).status_code == 304

    @pytest.mark.parametrize(
        "query",
        [{"provider": "GCP"}, {"rate_card": "reference"}, {"basis": "smallest_instance"}],
    )
    def test_another_question_has_another_tag(self, caller: Caller, query: Json) -> None:
        """The query is in the tag."""
        tag = caller.get("/economy/savings").headers["ETag"]

        assert _poll(caller, "/savings", tag, **query).status_code == 200

    def test_the_order_and_case_of_a_question_do_not_matter(self, caller: Caller) -> None:
        """The query is normalised."""
        one = caller.get("/economy/savings", provider="gcp", rate_card="list").headers["ETag"]
        other = caller.get("/economy/savings", rate_card="list", provider="GCP").headers["ETag"]

        assert one == other

    def test_one_address_has_no_tag_of_another(self, caller: Caller) -> None:
        """The path is in the tag."""
        tag = caller.get("/economy/savings").headers["ETag"]

        assert _poll(caller, "/active-session", tag).status_code == 200

    def test_a_neighbour_has_no_use_for_it(self, caller: Caller, neighbour: Caller) -> None:
        """The account is in the tag."""
        tag = caller.get("/economy/savings").headers["ETag"]

        assert _poll(neighbour, "/savings", tag).status_code == 200

    @pytest.mark.parametrize(
        "tag", ['W/"x"', 'W/"x.99999999999999999"', '"', "*", "W/", 'W/"' + "9" * 5000 + '"']
    )
    def test_a_tag_of_somebody_elses_making_means_nothing(self, caller: Caller, tag: str) -> None:
        """What is not ours gets the whole answer."""
        assert _poll(caller, "/savings", tag).status_code == 200

    def test_one_tag_of_several_is_enough(self, caller: Caller) -> None:
        """If-None-Match is a list."""
        tag = caller.get("/economy/savings").headers["ETag"]

        assert _poll(caller, "/savings", f'"other", {tag}').status_code == 304

    def test_a_tag_with_a_time_beyond_all_calendars_is_no_mistake_of_ours(
        self, caller: Caller
    ) -> None:
        """Tags come from outside: whatever they hold is compared, never converted."""
        caller.push(start("i-1", hours_ago(1)))
        digest = caller.get("/economy/savings").headers["ETag"].partition(".")[0]

        for until in ("9" * 18, "9" * 400, "", "-1", "x"):
            assert _poll(caller, "/savings", f'{digest}.{until}"').status_code in (200, 304), until

    def test_it_survives_a_restart(self, new_application: Application, tmp_path: Path) -> None:
        """It is made of facts alone, so another process knows it."""
        caller = new_application.machine(new_application.account("ours"))
        caller.push(start("i-1", hours_ago(1)))
        tag = caller.get("/economy/savings").headers["ETag"]

        restarted = start_application(tmp_path)
        again = Caller(caller.account, restarted.flask.test_client(), caller.token)

        assert _poll(again, "/savings", tag).status_code == 304
        restarted.close()

    @pytest.mark.parametrize("path", [*TAGGED, "/savings/history"])
    def test_live_answers_are_private_and_checked_again_each_time(
        self, caller: Caller, path: str
    ) -> None:
        """`private, no-cache`, and different for everybody."""
        answer = caller.get(f"/economy{path}")

        assert answer.headers["Cache-Control"] == "private, no-cache"
        assert answer.headers["Vary"] == "Authorization, Cookie"


class TestTheTagOfTheHistory:
    """The history is tagged only without an open session, until the local day ends."""

    def test_with_an_open_session_there_is_none(self, caller: Caller) -> None:
        """Today's row moves all the time."""
        caller.push(start("i-1", hours_ago(1)))

        assert "ETag" not in caller.get("/economy/savings/history").headers

    def test_it_lasts_to_the_end_of_the_local_day(
        self, caller: Caller, clock: SettableClock
    ) -> None:
        """In Sao Paulo, at 03:00 UTC."""
        caller.push(start("i-1", hours_ago(3)), stop("i-1", hours_ago(2)))
        zone = {"timezone": "America/Sao_Paulo"}
        tag = caller.get("/economy/savings/history", **zone).headers["ETag"]

        clock.set("2026-08-04T02:59:59Z")
        before_midnight = _poll(caller, "/savings/history", tag, **zone)
        clock.set("2026-08-04T03:00:00Z")
        after_midnight = _poll(caller, "/savings/history", tag, **zone)

        assert before_midnight.status_code == 304
        assert after_midnight.status_code == 200

    def test_a_session_that_opens_ends_it(self, caller: Caller) -> None:
        """A tag from before says nothing about it."""
        tag = caller.get("/economy/savings/history").headers["ETag"]

        caller.push(start("i-1", hours_ago(1)))

        assert _poll(caller, "/savings/history", tag).status_code == 200


def test_every_answer_says_when_it_was_given(caller: Caller, clock: SettableClock) -> None:
    """To the microsecond, also a 304, so that a client knows how old its second is."""
    caller.push(start("i-1", hours_ago(1), gpu="A100", rate="2.50"))
    clock.set("2026-08-03T12:10:00.750001Z")
    first = caller.get("/economy/savings")
    clock.set("2026-08-03T12:10:30.250002Z")

    again = _poll(caller, "/savings", first.headers["ETag"])

    assert first.get_json()["as_of"] == "2026-08-03T12:10:00Z"
    assert first.headers["Answered-At"] == "2026-08-03T12:10:00.750001Z"
    assert again.status_code == 304
    assert again.headers["Answered-At"] == "2026-08-03T12:10:30.250002Z"
