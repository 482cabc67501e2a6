"""Answers kept as reviewed snapshots: the screen's tests read the same files."""

from collections.abc import Callable

import pytest

from dumont_economy.services.close_period import close_period
from tests.api.harness import (
    Application,
    Caller,
    Json,
    SettableClock,
    hours_ago,
    report,
    start,
    stop,
)

Snapshot = Callable[[str, object], None]


@pytest.fixture
def fleet(caller: Caller, clock: SettableClock) -> Caller:
    """Return an account whose instances are in every state there is."""
    clock.set("2026-08-03T11:30:00Z")
    caller.push(
        start("4090-a", hours_ago(6), name="trainer"),
        start("a100", hours_ago(30), gpu="A100", rate="2.50"),
        report("idle", "a100", hours_ago(2)),
        start("unknown", hours_ago(3), gpu="Foo 9000", rate="1.00"),
        start("h100x2", hours_ago(100), gpu="H100 SXM", rate="4.40", gpu_count=2),
        report("resize", "h100x2", hours_ago(90), gpu_count=1, rate="2.20"),
        stop("h100x2", hours_ago(80)),
        start("t4", hours_ago(60), gpu="T4", rate="0.15"),
        report("hibernate", "t4", hours_ago(50)),
        start("3090", hours_ago(20), gpu="RTX 3090", rate="5.00"),
        report("terminate", "3090", hours_ago(19)),
    )
    caller.send([{**start("4090-a", hours_ago(6)), "rate": "0.90"}])
    caller.send([{**start("bad", hours_ago(1)), "rate": 0.5}])
    clock.advance(minutes=30)
    return caller


@pytest.mark.parametrize(
    ("name", "path", "query"),
    [
        ("savings", "/economy/savings", {}),
        ("savings_azure", "/economy/savings", {"provider": "azure"}),
        ("savings_reference", "/economy/savings", {"rate_card": "reference", "daily_hours": "8"}),
        ("history", "/economy/savings/history", {"days": "7"}),
        ("realtime", "/economy/savings/realtime", {}),
        ("active_session", "/economy/active-session", {}),
        ("pricing", "/economy/pricing", {"provider": "GCP"}),
        ("pricing_reference", "/economy/pricing", {"rate_card": "reference"}),
        ("instances", "/instances", {}),
        ("instances_by_gpu", "/instances", {"group_by": "gpu"}),
        ("usage_events", "/usage/events", {}),
        ("instance", "/instances/h100x2", {}),
        ("ledger_totals", "/ledger/totals", {"group_by": "instance"}),
        ("ledger_totals_by_day", "/ledger/totals", {"group_by": "day", "instance": "h100x2"}),
        ("ledger_lines", "/ledger/lines", {}),
        ("price_history", "/prices/g4dn.xlarge/history", {"provider": "AWS"}),
        ("explanation", "/prices/explain", {"gpu": "RTX 4090", "provider": "AWS"}),
        ("explanation_unknown", "/prices/explain", {"gpu": "Foo 9000", "provider": "AWS"}),
        ("policy", "/policy", {}),
    ],
)
def test_the_answers_to_a_fleet_are_as_reviewed(
    fleet: Caller, snapshot: Snapshot, name: str, path: str, query: dict[str, str]
) -> None:
    """A changed answer shows here, on both sides."""
    snapshot(name, fleet.read(path, **query))


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("savings_first_use", "/economy/savings"),
        ("history_first_use", "/economy/savings/history"),
        ("realtime_first_use", "/economy/savings/realtime"),
        ("active_session_first_use", "/economy/active-session"),
        ("instances_first_use", "/instances"),
    ],
)
def test_the_answers_to_a_first_time_user_are_as_reviewed(
    caller: Caller, snapshot: Snapshot, name: str, path: str
) -> None:
    """Zeros, nulls and empty lists."""
    snapshot(name, caller.read(path))


def test_the_answer_to_a_loss_is_as_reviewed(caller: Caller, snapshot: Snapshot) -> None:
    """With its sign."""
    caller.push(start("t4", hours_ago(5), gpu="T4", rate="1.00"))

    snapshot("savings_loss", caller.read("/economy/savings"))


def test_what_became_of_a_batch_is_as_reviewed(caller: Caller, snapshot: Snapshot) -> None:
    """Accepted, duplicate, conflict, rejected."""
    event = start("i-1", hours_ago(2))
    answer = caller.send([event, event, {**event, "rate": "9"}, {**event, "rate": "-1"}])

    snapshot("push_events", answer.get_json())


def test_a_closed_period_and_its_adjustment_are_as_reviewed(
    application: Application, fleet: Caller, clock: SettableClock, snapshot: Snapshot
) -> None:
    """A day was closed, then a use of it was reported late."""
    close_period(application.database, clock, fleet.account, "2026-08-01", closed_by="test")
    clock.advance(minutes=1)
    fleet.push(start("late", hours_ago(46), gpu="T4", rate="0.15"), stop("late", hours_ago(44)))
    closed = fleet.read("/ledger/closed")
    (period,) = closed["periods"]
    adjusted = fleet.read(
        "/ledger/totals",
        group_by="day",
        adjustment_since=period["as_of"],
        **{"from": period["from"], "to": period["to"]},
    )

    snapshot("ledger_closed", closed)
    snapshot("ledger_totals_adjusted", adjusted)


def test_the_price_book_at_a_glance_is_as_reviewed(fleet: Caller, snapshot: Snapshot) -> None:
    """A few of its GPUs: sold by all, by some, as a substitute, and by none."""
    answer = fleet.read("/prices/compared")
    shown = ("A100-80GB-SXM", "H100-80GB-SXM", "MI300X", "RTX 4090", "T4")
    gpus = [gpu for gpu in answer["gpus"] if gpu["gpu_type"] in shown]

    snapshot("compared_prices", {**answer, "gpus": gpus})


def test_the_preview_of_a_policy_is_as_reviewed(fleet: Caller, snapshot: Snapshot) -> None:
    """What a change would do beside each provider."""
    change = {
        "pricing_model": "on_demand",
        "basis": "per_gpu",
        "substitutes": "exclude",
        "discounts": {"AWS": "0.15"},
    }
    answer = fleet.client.post("/api/v1/policy/preview", json=change, headers=fleet.headers)

    snapshot("policy_preview", answer.get_json())


def test_who_is_signed_in_is_as_reviewed(application: Application, snapshot: Snapshot) -> None:
    """But for what is another each time: ids, and what keeps other sites from writing."""
    answer = application.person("reviewed-me").client.get("/api/v1/auth/me").get_json()

    account = {**answer["account"], "id": "0" * 32}
    snapshot("me", {**answer, "account": account, "csrf_token": "0" * 32})


def test_the_tokens_of_an_account_are_as_reviewed(
    application: Application, snapshot: Snapshot
) -> None:
    """Without the tokens themselves; ids are others each time."""
    person = application.person("reviewed-tokens")
    headers = {"X-CSRF-Token": person.csrf_token}
    for name, scopes in (("fleet", ["ingest"]), ("report", ["read", "backfill"])):
        body = {"name": name, "scopes": scopes}
        made = person.client.post("/api/v1/tokens", json=body, headers=headers).get_json()
        application.clock.advance(minutes=1)
    person.client.delete(f"/api/v1/tokens/{made['id']}", headers=headers)
    answer = person.client.get("/api/v1/tokens").get_json()

    snapshot("tokens", {"tokens": [{**one, "id": "0" * 32} for one in answer["tokens"]]})


def test_an_installation_with_an_owner_is_as_reviewed(
    application: Application, snapshot: Snapshot
) -> None:
    """Nobody has to be created, and no code is asked for."""
    application.person("reviewed-owner")

    snapshot("setup", application.flask.test_client().get("/api/v1/setup").get_json())


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("problem_unknown_provider", "/economy/savings?provider=Oracle"),
        ("problem_days", "/economy/savings/history?days=0"),
        ("problem_parameter", "/instances?colour=red&limit=0"),
    ],
)
def test_problems_are_as_reviewed(caller: Caller, snapshot: Snapshot, name: str, path: str) -> None:
    """But for the id of the request."""
    answer = caller.client.get(f"/api/v1{path}", headers=caller.headers)

    snapshot(name, _without_request_id(answer.get_json()))


def test_the_problem_of_nobody_is_as_reviewed(application: Application, snapshot: Snapshot) -> None:
    """What the screen gets when its session has expired."""
    answer = application.flask.test_client().get("/api/v1/economy/savings")

    snapshot("problem_unauthenticated", _without_request_id(answer.get_json()))


def _without_request_id(problem: Json) -> Json:
    return {**problem, "request_id": "0" * 32}
