"""`Idempotency-Key`: a request that is sent again is worked on once, and answered the same."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Event, Thread
from uuid import uuid4

import pytest
from flask import json
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from dumont_economy.services import answer_once
from dumont_economy.services.people import Scope
from dumont_economy.storage import idempotency_keys, usage_events
from dumont_economy.storage.event_chain import LedgerHead
from dumont_economy.storage.tables import idempotency_key
from tests.api.harness import (
    Application,
    Caller,
    Json,
    hours_ago,
    start,
    start_application,
    start_application_on,
    stop,
)
from tests.postgresql import PostgreSql

KEY = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"


class CrashError(Exception):
    """The process ends here."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def application(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    """Return an application on either database."""
    if request.param == "sqlite":
        made = start_application(tmp_path_factory.mktemp("keys"))
    else:
        cluster: PostgreSql = request.getfixturevalue("postgresql")
        made = start_application_on(cluster.new_database())
    # What a test makes fail is an answer of 500, as it is for whoever asks, and no exception.
    made.flask.config["PROPAGATE_EXCEPTIONS"] = False
    yield made
    made.close()


@dataclass(frozen=True)
class Client:
    """A machine that sends its reports with a key."""

    caller: Caller

    def send(self, key: str, *events: object) -> TestResponse:
        """Report usage under a key."""
        return self.send_bytes(key, json.dumps({"events": list(events)}).encode())

    def send_bytes(self, key: str, body: bytes, path: str = "") -> TestResponse:
        """Send a body as it is under a key."""
        return self.caller.client.post(
            f"/api/v1/usage/events{path}",
            data=body,
            headers={**self.caller.headers, KEY: key},
            content_type="application/json",
        )

    def elsewhere(self) -> "Client":
        """Return the same machine over another connection."""
        other = self.caller.client.application.test_client()
        return Client(Caller(self.caller.account, other, self.caller.token))

    def received(self) -> list[tuple[str, str]]:
        """Return id and status of everything that was received, newest first."""
        page = self.caller.read("/usage/events")["events"]
        return [(one["id"], one["status"]) for one in page]


@pytest.fixture
def client(application: Application) -> Client:
    """Return a machine of an account of this test alone."""
    application.clock.set("2026-08-03T12:00:00Z")
    return Client(application.machine(application.account(str(uuid4()))))


def event(name: str = "e1", **more: object) -> Json:
    """Return a start with a short id."""
    return {**start("i-1", hours_ago(2), id=name), **more}


class TestSentAgain:
    """The same key and the same request: the first answer, to the byte."""

    def test_gets_the_first_answer_and_says_so(self, client: Client) -> None:
        """Without a key it would be a duplicate, which is another answer."""
        first = client.send("k", event())

        again = client.send("k", event())

        assert first.get_json()["results"][0]["status"] == "accepted"
        assert (again.status_code, again.get_data()) == (first.status_code, first.get_data())
        assert again.content_type == first.content_type == "application/json"
        assert REPLAYED not in first.headers
        assert again.headers[REPLAYED] == "true"
        assert client.received() == [("e1", "accepted")]

    def test_of_rejected_events_is_kept_too_and_refused_once(self, client: Client) -> None:
        """A 422 that says what became of the events is an answer like another."""
        first = client.send("k", {"id": "nonsense"})

        again = client.send("k", {"id": "nonsense"})

        assert first.status_code == 422
        assert (again.status_code, again.get_data()) == (422, first.get_data())
        assert again.content_type == "application/problem+json"
        assert client.received() == [("nonsense", "rejected")]

    def test_gets_it_whatever_happened_meanwhile(
        self, application: Application, client: Client
    ) -> None:
        """Also if the same events would be answered otherwise now."""
        late = {**event(), "rate": "9"}
        first = client.send("k", event(), late)
        application.clock.advance(hours=23, minutes=59)
        client.send("other", stop("i-1", hours_ago(1)))

        again = client.send("k", event(), late)

        assert [one["status"] for one in first.get_json()["results"]] == ["accepted", "conflict"]
        assert again.get_data() == first.get_data()
        assert [status for _, status in client.received()].count("conflict") == 1

    def test_of_a_request_that_could_not_be_read_is_read_anew(self, client: Client) -> None:
        """Nothing was done, so nothing is repeated: corrected, it goes under the same key."""
        refused = client.send_bytes("k", b'{"events": []}')

        corrected = client.send("k", event())

        assert refused.get_json()["code"] == "no_events"
        assert corrected.get_json()["results"][0]["status"] == "accepted"
        assert REPLAYED not in corrected.headers

    def test_is_of_one_account(self, application: Application, client: Client) -> None:
        """Another's key of the same name is another key."""
        neighbour = Client(application.machine(application.account(str(uuid4()))))
        client.send("k", event())

        theirs = neighbour.send("k", event("other"))

        assert theirs.get_json()["results"][0]["status"] == "accepted"
        assert neighbour.received() == [("other", "accepted")]

    def test_needs_the_right_to_report(self, application: Application, client: Client) -> None:
        """A kept answer is no way around a scope."""
        client.send("k", event())
        reader = Client(application.machine(client.caller.account, Scope.READ))

        assert reader.send("k", event()).status_code == 403


class TestAnotherRequest:
    """A key stands for one request: method, address and body."""

    def test_with_a_used_key_is_refused_and_not_stored(self, client: Client) -> None:
        """422, and both the first answer and the ledger stay."""
        first = client.send("k", event())

        other = client.send("k", event("e2"))

        assert other.status_code == 422
        assert other.get_json()["code"] == "idempotency_key_reused"
        assert KEY in other.get_json()["detail"]
        assert client.received() == [("e1", "accepted")]
        assert client.send("k", event()).get_data() == first.get_data()

    def test_is_one_that_differs_in_a_single_byte(self, client: Client) -> None:
        """The digest is of the bytes: what they mean is for the events' own ids to tell."""
        body = json.dumps({"events": [event()]}).encode()
        client.send_bytes("k", body)

        assert client.send_bytes("k", body + b" ").get_json()["code"] == "idempotency_key_reused"

    def test_is_one_to_another_address(self, client: Client) -> None:
        """The same events, whole or not at all, are another wish."""
        body = json.dumps({"events": [event()]}).encode()
        client.send_bytes("k", body)

        atomic = client.send_bytes("k", body, "?atomic=true")

        assert atomic.get_json()["code"] == "idempotency_key_reused"

    def test_the_same_events_under_another_key_are_duplicates(self, client: Client) -> None:
        """Deduplication never depends on the key."""
        client.send("k", event())

        other = client.send("k2", event())

        assert other.get_json()["results"][0]["status"] == "duplicate"
        assert REPLAYED not in other.headers


class TestTheKey:
    """1 to 255 visible ASCII characters."""

    @pytest.mark.parametrize(
        "key",
        [
            pytest.param("", id="empty"),
            pytest.param("two words", id="a space"),
            pytest.param("tab\there", id="a tab"),
            pytest.param("bell\x07", id="a control character"),
            pytest.param("delete\x7f", id="DEL"),
            pytest.param("caf\u00e9", id="not ASCII"),
            pytest.param("x" * 256, id="256 bytes"),
        ],
    )
    def test_that_is_none_is_refused_with_the_header_named(self, client: Client, key: str) -> None:
        """422, and nothing is stored."""
        answer = client.send(key, event())

        assert answer.status_code == 422
        body = answer.get_json()
        assert body["code"] == "invalid_idempotency_key"
        assert [(one["pointer"], one["code"]) for one in body["errors"]] == [
            (KEY, "invalid_idempotency_key")
        ]
        assert client.received() == []

    @pytest.mark.parametrize("key", ["x" * 255, "!", "~", '"quoted"', "6f1c3f0e-0001", "a,b"])
    def test_that_is_one_is_taken_as_it_is(self, client: Client, key: str) -> None:
        """Upper and lower case are two keys."""
        first = client.send(key, event())

        assert first.status_code == 200
        assert client.send(key, event()).headers[REPLAYED] == "true"
        assert client.send(f"{key[:-1]}A", event()).headers.get(REPLAYED) is None

    def test_is_case_sensitive(self, client: Client) -> None:
        """On either database."""
        client.send("key", event())

        assert client.send("KEY", event("e2")).status_code == 200


class TestWhileTheFirstIsAtWork:
    """Whoever comes meanwhile is told to come again, at once, and stores nothing."""

    def test_a_second_connection_gets_409_without_waiting_for_the_writer(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The first holds the writer's turn all the time; the second is answered meanwhile."""
        is_storing, may_go_on = Event(), Event()
        append = usage_events.append_events

        def slowly(*arguments: object, **named: object) -> tuple[LedgerHead, list[str]]:
            is_storing.set()
            assert may_go_on.wait(60)
            return append(*arguments, **named)  # type: ignore[arg-type]

        monkeypatch.setattr(usage_events, "append_events", slowly)
        answers: list[TestResponse] = []
        first = Thread(target=lambda: answers.append(client.send("k", event())))
        first.start()
        assert is_storing.wait(60)

        second = client.elsewhere().send("k", event())
        other = client.elsewhere().send("k", event("e2"))

        assert first.is_alive()
        may_go_on.set()
        first.join(60)
        monkeypatch.undo()
        assert second.status_code == 409
        assert second.get_json()["code"] == "request_in_progress"
        assert int(second.headers["Retry-After"]) >= 1
        assert (other.status_code, other.get_json()["code"]) == (422, "idempotency_key_reused")
        assert answers[0].get_json()["results"][0]["status"] == "accepted"
        assert client.send("k", event()).get_data() == answers[0].get_data()
        assert client.received() == [("e1", "accepted")]

    def test_without_the_claim_the_second_would_wait_for_the_writer(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The control: it is the claim, read before any turn is waited for, that answers."""
        is_storing, may_go_on = Event(), Event()
        append = usage_events.append_events

        def slowly(*arguments: object, **named: object) -> tuple[LedgerHead, list[str]]:
            is_storing.set()
            assert may_go_on.wait(60)
            return append(*arguments, **named)  # type: ignore[arg-type]

        monkeypatch.setattr(usage_events, "append_events", slowly)
        monkeypatch.setattr(idempotency_keys, "begin_key", lambda *_: None)
        first = Thread(target=lambda: client.send("k", event()))
        first.start()
        assert is_storing.wait(60)

        second = client.elsewhere().send("k", event())

        may_go_on.set()
        first.join(60)
        assert second.status_code == 503

    def test_the_claim_of_a_process_that_died_lapses(
        self, application: Application, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """After 30 seconds the retry does the work."""
        die_in(monkeypatch, idempotency_keys, "keep_answer")
        monkeypatch.setattr(idempotency_keys, "forget_key", forget_only_for_others())
        assert client.send("k", event()).status_code == 500
        monkeypatch.undo()

        at_once = client.send("k", event())
        application.clock.advance(seconds=30)
        later = client.send("k", event())

        assert (at_once.status_code, at_once.get_json()["code"]) == (409, "request_in_progress")
        assert later.get_json()["results"][0]["status"] == "accepted"
        assert client.received() == [("e1", "accepted")]

    def test_a_claim_from_a_clock_that_ran_far_ahead_lapses_too(
        self, application: Application, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A clock that is set back does not lock a key until it has caught up."""
        die_in(monkeypatch, idempotency_keys, "keep_answer")
        monkeypatch.setattr(idempotency_keys, "forget_key", forget_only_for_others())
        application.clock.advance(minutes=10)
        assert client.send("k", event()).status_code == 500
        monkeypatch.undo()
        application.clock.advance(minutes=-10)

        assert client.send("k", event()).get_json()["results"][0]["status"] == "accepted"

    def test_of_two_that_both_took_the_turn_one_answer_stays(
        self, application: Application, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A first that was only slow finds the retry's answer, and gives it as its own."""
        work = answer_once._work_and_keep  # noqa: SLF001  where the retry overtakes
        overtaken: list[TestResponse] = []

        def slow_work(*arguments: object) -> object:
            monkeypatch.undo()  # The retry works at its usual pace.
            application.clock.advance(seconds=31)
            overtaken.append(client.elsewhere().send("k", event()))
            return work(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(answer_once, "_work_and_keep", slow_work)

        first = client.send("k", event())

        assert overtaken[0].get_json()["results"][0]["status"] == "accepted"
        assert first.get_data() == overtaken[0].get_data()
        assert first.headers[REPLAYED] == "true"
        assert client.received() == [("e1", "accepted")]


class TestACrash:
    """Events and key are one commit: whatever fails, a retry tells the truth."""

    @pytest.mark.parametrize(
        ("place", "step"),
        [
            pytest.param(idempotency_keys, "begin_key", id="before the claim"),
            pytest.param(usage_events, "events_by_key", id="before the events"),
            pytest.param(usage_events, "append_events", id="at the events"),
            pytest.param(usage_events, "append_refused", id="after the events"),
            pytest.param(idempotency_keys, "keep_answer", id="before the answer is kept"),
            pytest.param(idempotency_keys, "prune_keys", id="after the answer is kept"),
        ],
    )
    def test_at_any_step_leaves_nothing_and_the_retry_is_the_first(
        self, client: Client, monkeypatch: pytest.MonkeyPatch, place: object, step: str
    ) -> None:
        """Not stored, not claimed; sent again it is accepted, once."""
        die_in(monkeypatch, place, step)
        assert client.send("k", event()).status_code == 500
        monkeypatch.undo()
        assert client.received() == []

        retry = client.send("k", event())

        assert retry.get_json()["results"][0]["status"] == "accepted"
        assert REPLAYED not in retry.headers
        assert client.received() == [("e1", "accepted")]

    def test_with_the_answer_kept_in_another_transaction_the_retry_is_told_otherwise(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The control: with the events in one commit and the key in the next, a crash shows."""
        work_and_keep = answer_once._work_and_keep  # noqa: SLF001  the protection removed
        monkeypatch.setattr(idempotency_keys, "keep_answer", lambda *_: None)

        def commit_and_die(*arguments: object) -> object:
            work_and_keep(*arguments)  # type: ignore[arg-type]
            raise CrashError

        monkeypatch.setattr(answer_once, "_work_and_keep", commit_and_die)
        assert client.send("k", event()).status_code == 500
        monkeypatch.undo()

        retry = client.send("k", event())

        assert retry.get_json()["results"][0]["status"] == "duplicate"


class TestHowLong:
    """24 hours at least; then keys make room."""

    def held(self, application: Application, client: Client) -> int:
        """Return how many keys the account has."""
        ours = client.caller.account.id
        count = select(func.count()).where(idempotency_key.c.account_id == ours)
        with application.database.read(account_id=ours) as connection:
            return connection.execute(count).scalar_one()

    def test_a_key_is_kept_for_24_hours_and_then_removed(
        self, application: Application, client: Client
    ) -> None:
        """By the next request that has a key."""
        client.send("k", event())

        application.clock.advance(hours=24)
        assert client.send("k", event()).headers[REPLAYED] == "true"
        client.send("k2", event())
        assert self.held(application, client) == 2
        application.clock.advance(microseconds=1)
        client.send("k3", event())

        assert self.held(application, client) == 2
        assert client.send("k", event()).get_json()["results"][0]["status"] == "duplicate"

    def test_many_old_keys_are_removed_in_bounded_steps(
        self, application: Application, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """No request waits for the removal of all of them."""
        monkeypatch.setattr(idempotency_keys, "_PRUNED_AT_ONCE", 3)
        for number in range(5):
            client.send(f"k{number}", event())
        application.clock.advance(hours=25)

        left = []
        for number in range(3):
            client.send(f"new{number}", event())
            left.append(self.held(application, client))

        assert left == [3, 2, 3]


def die_in(monkeypatch: pytest.MonkeyPatch, place: object, step: str) -> None:
    """Let a step end the work, as a crash would."""

    def crash(*_arguments: object, **_named: object) -> None:
        raise CrashError

    monkeypatch.setattr(place, step, crash)


def forget_only_for_others() -> Callable[..., None]:
    """Return a removal of keys that leaves one's own claim, as a process that is killed does."""
    forget = idempotency_keys.forget_key

    def forgetful(*arguments: object, **named: object) -> None:
        if "begun_at" not in named:
            forget(*arguments, **named)  # type: ignore[arg-type]

    return forgetful
