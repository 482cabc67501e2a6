"""Many reporters at once: exactly one of them stores each event, and nobody is turned away."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from dumont_economy.storage import usage_events
from tests.api.harness import (
    NOON,
    Application,
    Caller,
    Json,
    before,
    hours_ago,
    report,
    start,
    start_application,
    start_application_on,
)
from tests.postgresql import PostgreSql

CONNECTIONS = 16


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def application(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    """Return an application on either database: each has its own way to let writers wait."""
    if request.param == "sqlite":
        made = start_application(tmp_path_factory.mktemp("many"))
    else:
        cluster: PostgreSql = request.getfixturevalue("postgresql")
        made = start_application_on(cluster.new_database())
    yield made
    made.close()


def send_at_once(application: Application, caller: Caller, batches: list[list[Json]]) -> list[Json]:
    """Send each batch over a connection of its own, all at the same moment."""
    barrier = Barrier(len(batches))

    def send(batch: list[Json]) -> Json:
        one = Caller(caller.account, application.flask.test_client(), caller.token)
        barrier.wait()
        answer = one.send(batch)
        return {"status": answer.status_code, "results": answer.get_json().get("results")}

    with ThreadPoolExecutor(len(batches)) as pool:
        return list(pool.map(send, batches))


def test_of_sixteen_identical_batches_each_event_is_stored_once(
    application: Application, caller: Caller
) -> None:
    """One accepted, fifteen duplicates, no error: the decision and the event are one commit."""
    batch = [start("i-1", hours_ago(2))]
    batch += [report("seen", "i-1", before(NOON, seconds=n), id=str(n)) for n in range(49)]

    answers = send_at_once(application, caller, [batch] * CONNECTIONS)

    assert [answer["status"] for answer in answers] == [200] * CONNECTIONS
    became = Counter(
        (result["id"], result["status"]) for answer in answers for result in answer["results"]
    )
    for event in batch:
        assert became[event["id"], "accepted"] == 1
        assert became[event["id"], "duplicate"] == CONNECTIONS - 1
    assert len(caller.read("/usage/events", limit=500)["events"]) == 50
    assert caller.read("/economy/savings")["lifetime_cost"] == 1.48


@pytest.mark.parametrize("application", ["sqlite"], indirect=True)
def test_decided_outside_the_transaction_they_would_collide(
    application: Application, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: if nobody saw what the others stored, fifteen would end in an error."""
    application.flask.config["PROPAGATE_EXCEPTIONS"] = False
    monkeypatch.setattr(usage_events, "events_by_key", lambda *_: {})

    answers = send_at_once(application, caller, [[start("i-1", hours_ago(2))]] * CONNECTIONS)

    assert Counter(answer["status"] for answer in answers) == {200: 1, 500: CONNECTIONS - 1}


def test_of_sixteen_requests_with_one_key_one_is_worked_on(
    application: Application, caller: Caller
) -> None:
    """The others get its answer, or are told that it is at work; nobody is answered otherwise."""
    event = start("i-1", hours_ago(2))
    barrier = Barrier(CONNECTIONS)

    def send(_number: int) -> tuple[int, str | None, bytes]:
        client = application.flask.test_client()
        headers = {**caller.headers, "Idempotency-Key": "the-same"}
        barrier.wait()
        answer = client.post("/api/v1/usage/events", json={"events": [event]}, headers=headers)
        return answer.status_code, answer.headers.get("Idempotent-Replayed"), answer.get_data()

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        answers = list(pool.map(send, range(CONNECTIONS)))

    good = [(replayed, body) for status, replayed, body in answers if status == 200]
    assert {status for status, _, _ in answers} <= {200, 409}
    assert sorted(replayed or "" for replayed, _ in good) == ["", *["true"] * (len(good) - 1)]
    assert len({body for _, body in good}) == 1
    assert b'"accepted"' in good[0][1]
    assert len(caller.read("/usage/events")["events"]) == 1


def test_of_sixteen_contradicting_events_one_stays(
    application: Application, caller: Caller
) -> None:
    """The first received; the others are conflicts, kept for view."""
    batches = [[start("i-1", hours_ago(2), rate=f"{n}.00")] for n in range(CONNECTIONS)]

    answers = send_at_once(application, caller, batches)

    became = Counter(result["status"] for answer in answers for result in answer["results"])
    assert became == {"accepted": 1, "conflict": CONNECTIONS - 1}
    shown = Counter(one["status"] for one in caller.read("/usage/events")["events"])
    assert shown == {"accepted": 1, "conflict": CONNECTIONS - 1}


def test_writers_and_readers_do_not_stop_each_other(
    application: Application, caller: Caller
) -> None:
    """Sixteen fleets report while their savings are read; at the end all of it is there."""
    barrier = Barrier(CONNECTIONS)

    def push_and_read(number: int) -> set[int]:
        one = Caller(caller.account, application.flask.test_client(), caller.token)
        barrier.wait()
        statuses = set()
        for turn in range(5):
            event = start(f"i-{number}-{turn}", hours_ago(1), rate="1.00")
            statuses.add(one.send([event]).status_code)
            statuses.add(one.get("/economy/savings").status_code)
        return statuses

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        statuses = set().union(*pool.map(push_and_read, range(CONNECTIONS)))

    assert statuses == {200}
    answer = caller.read("/economy/savings")
    assert answer["active_instances_count"] == CONNECTIONS * 5
    assert answer["lifetime_cost"] == CONNECTIONS * 5.0
