"""The stream of changes: what it says, to whom, and who is refused one."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from werkzeug.test import TestResponse

from dumont_economy.api.auth import limiter
from dumont_economy.services import people
from dumont_economy.services.change_watch import ChangeWatch, WatchLimits
from tests.api.harness import (
    CSRF,
    NOON,
    Application,
    Caller,
    Person,
    hours_ago,
    start,
    start_application_on,
)
from tests.postgresql import PostgreSql

NEVER = 3600
LIMITS = WatchLimits(check_seconds=0, blind_seconds=NEVER, heartbeat_seconds=0.01)
ALL = ["ledger", "policy", "prices"]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def application(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    """Start an application over a database of either kind; each test has accounts of its own."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('streams') / 'economy.db'}"
    else:
        cluster: PostgreSql = request.getfixturevalue("postgresql")
        url = cluster.new_database()
    application = start_application_on(url)
    yield application
    application.close()


@pytest.fixture(autouse=True)
def watch(application: Application, monkeypatch: pytest.MonkeyPatch) -> ChangeWatch:
    """Return what watches for the application's streams in this test: it looks when told to."""
    monkeypatch.setattr(ChangeWatch, "_begin_to_look", lambda _watch: None)
    watch = ChangeWatch(application.database, application.clock, LIMITS)
    extensions = application.flask.extensions
    monkeypatch.setitem(extensions, "economy", replace(extensions["economy"], changes=watch))
    application.clock.set(NOON)
    limiter.reset()
    return watch


@pytest.fixture
def caller(caller: Caller) -> Caller:
    """Return a machine of an account that has usage."""
    caller.push(start("i-1", hours_ago(1)))
    return caller


def somebody(application: Application) -> Person:
    """Return somebody of a new account, signed in."""
    return application.person(f"somebody-{uuid4().hex}")


class Stream:
    """A stream that is read a message at a time."""

    def __init__(self, answer: TestResponse) -> None:
        assert answer.status_code == 200, answer.get_data(as_text=True)
        assert answer.mimetype == "text/event-stream"
        self.answer = answer
        self._texts = answer.iter_encoded()

    def next(self) -> dict[str, Any]:
        """Return the next message, with its data read."""
        text = next(self._texts).decode()
        assert text.endswith("\n\n")
        fields = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
        return fields | ({"data": json.loads(fields["data"])} if "data" in fields else {})

    def next_event(self) -> dict[str, Any]:
        """Return the next message that is no heartbeat."""
        for _ in range(100):
            if found := self.next():
                return found
        message = "Only heartbeats came."
        raise AssertionError(message)

    def is_over(self) -> bool:
        """Say whether nothing follows."""
        return next(self._texts, None) is None

    def close(self) -> None:
        """Hang up."""
        self.answer.close()


def opened(caller: Caller, **headers: str) -> Stream:
    """Return a stream of a caller."""
    address = "/api/v1/economy/stream"
    return Stream(caller.client.get(address, headers={**caller.headers, **headers}))


class TestWhatItSays:
    """The present state first, then each change; never a figure."""

    def test_it_begins_with_the_present(self, caller: Caller) -> None:
        """And says after how long to come back when it ends."""
        first = opened(caller).next()

        assert first["event"] == "changed"
        assert first["data"] == {"changed": ALL}
        assert 2_000 <= int(first["retry"]) <= 6_000

    def test_its_headers_keep_it_from_being_kept(self, caller: Caller) -> None:
        """By caches, and by proxies that collect before they pass on."""
        headers = opened(caller).answer.headers

        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Accel-Buffering"] == "no"
        assert "Content-Length" not in headers

    def test_usage_is_a_change_of_the_ledger(self, caller: Caller, watch: ChangeWatch) -> None:
        """Told at the next look."""
        stream = opened(caller)
        stream.next()

        caller.push(start("i-2", hours_ago(1)))
        watch.look()

        assert stream.next_event()["data"] == {"changed": ["ledger"]}

    def test_a_policy_is_a_change_too(self, application: Application, watch: ChangeWatch) -> None:
        """Told when the account is checked."""
        person = somebody(application)
        stream = Stream(person.client.get("/api/v1/economy/stream"))
        stream.next()

        body = {"pricing_model": "spot", "basis": "per_gpu", "substitutes": "count"}
        put = person.client.put("/api/v1/policy", json=body, headers={CSRF: person.csrf_token})
        watch.look()

        assert put.status_code == 200
        assert stream.next_event()["data"] == {"changed": ["policy"]}

    def test_nothing_is_told_where_nothing_changed(
        self, caller: Caller, watch: ChangeWatch
    ) -> None:
        """But that the line is alive; the same report again is no change."""
        stream = opened(caller)
        stream.next()

        caller.push(start("i-1", hours_ago(1)))
        watch.look()

        assert stream.next() == {}

    def test_what_was_not_read_in_time_is_told_once(
        self, caller: Caller, watch: ChangeWatch
    ) -> None:
        """However much it was: a stream keeps no list."""
        stream = opened(caller)
        stream.next()

        for number in range(3):
            caller.push(start(f"new-{number}", hours_ago(1)))
            watch.look()

        assert stream.next()["data"] == {"changed": ["ledger"]}
        assert stream.next() == {}

    def test_only_the_own_account_is_told_of(
        self, neighbour: Caller, caller: Caller, watch: ChangeWatch
    ) -> None:
        """A report next door is no news."""
        stream = opened(caller)
        stream.next()

        neighbour.push(start("i-1", hours_ago(1)))
        watch.look()

        assert stream.next() == {}

    def test_head_opens_nothing(self, caller: Caller) -> None:
        """It has the headers alone, however often it is asked for."""
        for _ in range(LIMITS.of_one + 1):
            answer = caller.client.head("/api/v1/economy/stream", headers=caller.headers)
            assert (answer.status_code, answer.mimetype) == (200, "text/event-stream")


class TestLastEventId:
    """Whoever comes back misses nothing, and is told nothing twice."""

    def test_the_held_state_is_not_told_again(self, caller: Caller) -> None:
        """The stream begins without an event."""
        held = opened(caller).next()["id"]

        assert "event" not in opened(caller, **{"Last-Event-ID": held}).next()

    def test_what_happened_meanwhile_is_told_at_once(self, caller: Caller) -> None:
        """Without waiting for a look."""
        stream = opened(caller)
        held = stream.next()["id"]
        stream.close()

        caller.push(start("i-2", hours_ago(1)))

        first = opened(caller, **{"Last-Event-ID": held}).next()
        assert first["data"] == {"changed": ALL}
        assert first["id"] != held

    @pytest.mark.parametrize("held", ["1" + "0" * 30, "-1", "0", "", "\u00e9", "x" * 5_000])
    def test_whatever_else_it_says_the_present_is_told(self, caller: Caller, held: str) -> None:
        """The caller's own, and the same as without it."""
        plain, told = opened(caller).next(), opened(caller, **{"Last-Event-ID": held}).next()

        assert (told["data"], told["id"]) == (plain["data"], plain["id"])

    def test_one_of_another_account_is_worth_nothing(
        self, neighbour: Caller, caller: Caller
    ) -> None:
        """Also where their state has the same numbers as ours."""
        neighbour.push(start("i-1", hours_ago(1)))
        held = opened(neighbour).next()["id"]

        told = opened(caller, **{"Last-Event-ID": held}).next()

        assert told["data"] == {"changed": ALL}
        assert told["id"] != held


class TestWhoMayNotAnyMore:
    """A stream ends with the right to it."""

    def test_a_revoked_token(
        self, application: Application, caller: Caller, watch: ChangeWatch
    ) -> None:
        """Its stream says so and ends; another token of the account goes on."""
        application.clock.advance(seconds=1)
        other = application.machine(caller.account)
        stream, others = opened(caller), opened(other)
        stream.next(), others.next()
        revoked, _ = people.list_tokens(application.database, caller.account)

        people.revoke_token(application.database, application.clock, caller.account, revoked.id)
        watch.look()

        assert stream.next_event() == {"event": "ended", "data": {"code": "unauthenticated"}}
        assert stream.is_over()
        assert others.next() == {}

    def test_somebody_who_signs_out(self, application: Application, watch: ChangeWatch) -> None:
        """With the session that has ended, and not with the other."""
        person, other = somebody(application), somebody(application)
        stream = Stream(person.client.get("/api/v1/economy/stream"))
        others = Stream(other.client.get("/api/v1/economy/stream"))
        stream.next(), others.next()

        person.client.post("/api/v1/auth/logout", headers={CSRF: person.csrf_token})
        watch.look()

        assert stream.next_event()["event"] == "ended"
        assert others.next() == {}

    @pytest.mark.parametrize("minutes", [60, 12 * 60])
    def test_a_session_that_is_over(
        self, application: Application, watch: ChangeWatch, minutes: int
    ) -> None:
        """By age, or because nobody used it: an open stream is no use."""
        person = somebody(application)
        stream = Stream(person.client.get("/api/v1/economy/stream"))
        stream.next()

        application.clock.advance(minutes=minutes - 1)
        watch.look()
        if minutes == 60:
            assert stream.next() == {}
        application.clock.advance(minutes=1)
        watch.look()

        assert stream.next_event()["event"] == "ended"

    def test_a_new_password(self, application: Application, watch: ChangeWatch) -> None:
        """It ends all sessions, and their streams."""
        person = somebody(application)
        stream = Stream(person.client.get("/api/v1/economy/stream"))
        stream.next()

        people.change_password(
            application.database,
            application.clock,
            email=person.email,
            password="another long password",
        )
        watch.look()

        assert stream.next_event()["event"] == "ended"


class TestHowMany:
    """A user or token has five, a process five hundred."""

    def test_the_sixth_is_refused(self, caller: Caller) -> None:
        """429, as a problem, with the time to come back; one that has closed makes room."""
        held = [opened(caller) for _ in range(5)]

        refused = caller.get("/economy/stream")

        assert refused.status_code == 429
        assert refused.get_json()["code"] == "too_many_streams"
        assert int(refused.headers["Retry-After"]) >= 1
        held[0].close()
        opened(caller)

    def test_a_person_has_five_wherever_they_are_signed_in(self, application: Application) -> None:
        """Sessions are counted together."""
        person = somebody(application)
        again = application.flask.test_client()
        bearer = {"Authorization": f"Bearer {person.token}"}
        for _ in range(4):
            Stream(person.client.get("/api/v1/economy/stream"))
        Stream(again.get("/api/v1/economy/stream", headers=bearer))

        assert again.get("/api/v1/economy/stream", headers=bearer).status_code == 429
        assert person.client.get("/api/v1/economy/stream").status_code == 429

    def test_others_are_not_refused_with_them(
        self, application: Application, caller: Caller
    ) -> None:
        """Another token of the account has its own five."""
        for _ in range(5):
            opened(caller)

        opened(application.machine(caller.account))

    def test_a_full_server_refuses_everybody(
        self, neighbour: Caller, caller: Caller, watch: ChangeWatch
    ) -> None:
        """503 with the time to come back; its other answers are given as ever."""
        watch.limits = replace(LIMITS, of_all=2)
        for _ in range(2):
            opened(caller)

        refused = neighbour.get("/economy/stream")

        assert refused.status_code == 503
        assert refused.get_json()["code"] == "streams_full"
        assert int(refused.headers["Retry-After"]) >= 1
        assert caller.read("/economy/savings")["success"] is True
