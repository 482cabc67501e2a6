"""The account's time zone is part of its policy: a change is a version, and known since then."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from zoneinfo import ZoneInfo

import pytest

from dumont_economy.api.auth import limiter
from dumont_economy.api.cursor import encode_cursor
from dumont_economy.errors import PeriodAlreadyClosedError
from dumont_economy.instant import instant_text
from dumont_economy.savings.local_day import day_start
from dumont_economy.services.close_period import close_period
from dumont_economy.storage import policies as stored_policies
from dumont_economy.storage.database import Database
from dumont_economy.storage.policies import newest_policy
from tests.api.harness import (
    Application,
    Caller,
    Json,
    Person,
    hours_ago,
    start,
    start_application_on,
    stop,
)
from tests.builders import instant

SEED = 20260803
BEGAN_WITH = "Asia/Kathmandu"
# Of every kind: half hours, a day ahead, a day behind, and a clock that changes at midnight.
ZONES = ("UTC", "America/Sao_Paulo", "Asia/Gaza", "Pacific/Kiritimati", "Pacific/Niue", BEGAN_WITH)
TERMS: Json = {"pricing_model": "on_demand", "basis": "per_gpu", "substitutes": "count"}
# Whatever is cut in days, or told by them.
IN_DAYS = (
    "/economy/savings/history?days=9",
    "/ledger/totals?group_by=day&from=2026-08-01&to=2026-08-04",
    "/ledger/totals?from=2026-08-02&to=2026-08-03",
    "/ledger/lines?from=2026-08-02",
    "/usage/events?from=2026-08-02&to=2026-08-03",
    "/instances?from=2026-08-02&to=2026-08-03",
)


@dataclass(frozen=True)
class Meter:
    """An account with some days of use, and its owner."""

    application: Application
    owner: Person
    machine: Caller

    def choose(self, zone: str) -> Json:
        """Change the account's time zone, and return the policy that is then in force."""
        answer = self.machine.client.put(
            "/api/v1/policy",
            json={**TERMS, "timezone": zone},
            headers={"Authorization": f"Bearer {self.owner.token}"},
        )
        assert answer.status_code == 200, answer.get_data(as_text=True)
        found: Json = answer.get_json()
        return found

    def ask(self, question: str, **more: str) -> bytes:
        """Return the bytes of an answer."""
        path, _, query = question.partition("?")
        asked = dict(part.split("=") for part in query.split("&")) | more
        answer = self.machine.get(path, **asked)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.get_data()

    def present(self) -> str:
        """Return the instant that it is."""
        return instant_text(self.application.clock.now())


@pytest.fixture
def meter(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Meter]:
    """Return a meter over either database; its account began in Nepal, 5 h 45 min ahead of UTC.

    No price is known: days are cut in what was paid as in what is compared.
    """
    monkeypatch.setattr("dumont_economy.services.shipped_facts.load_shipped_facts", lambda *_: None)
    application = start_application_on(database.url.render_as_string(hide_password=False))
    limiter.reset()
    account = application.account("ours", timezone=BEGAN_WITH)
    owner = application.person("ours")
    machine = application.machine(account)
    rnd = Random(SEED)
    events = [
        event
        for number in range(24)
        for begins in [rnd.uniform(2, 100)]
        for event in (
            start(f"i-{number}", hours_ago(begins), gpu="T4", rate="0.15"),
            stop(f"i-{number}", hours_ago(begins - rnd.uniform(0.1, 2))),
        )
    ]
    machine.push(*events)
    application.clock.advance(minutes=10)
    yield Meter(application, owner, machine)
    application.close()


def test_an_account_begins_with_its_own_and_a_change_counts_for_all_time(meter: Meter) -> None:
    """The zone that it was made with is version 1; another one cuts the past anew."""
    assert meter.machine.read("/policy")["timezone"] == BEGAN_WITH
    assert meter.machine.read("/auth/me")["account"]["timezone"] == BEGAN_WITH
    assert meter.machine.read("/economy/savings/history")["timezone"] == BEGAN_WITH

    chosen = meter.choose("America/Sao_Paulo")

    assert (chosen["version"], chosen["timezone"]) == (2, "America/Sao_Paulo")
    assert meter.machine.read("/policy", version=1)["timezone"] == BEGAN_WITH
    assert meter.machine.read("/auth/me")["account"]["timezone"] == "America/Sao_Paulo"
    first = meter.machine.read("/ledger/totals", **{"group_by": "day", "from": "2026-08-01"})
    assert first["timezone"] == "America/Sao_Paulo"
    assert first["days"][0]["day_starts"] == "2026-08-01T03:00:00Z"
    again = meter.application.flask.test_client().post(
        "/api/v1/auth/login",
        json={"email": meter.owner.email, "password": "correct horse battery staple"},
    )

    assert again.get_json()["account"]["timezone"] == "America/Sao_Paulo"


def test_the_one_in_force_makes_no_version(meter: Meter) -> None:
    """Going back to the first one is a change; a neighbour's is untouched by any."""
    neighbour = meter.application.machine(meter.application.account("theirs"))

    assert meter.choose(BEGAN_WITH)["version"] == 1
    assert meter.choose("UTC")["version"] == 2
    assert meter.choose("UTC")["version"] == 2
    assert meter.choose(BEGAN_WITH)["version"] == 3
    assert neighbour.read("/auth/me")["account"]["timezone"] == "UTC"
    assert neighbour.read("/policy")["version"] == 1


def test_an_answer_in_the_accounts_days_is_the_one_in_days_of_that_zone(meter: Meter) -> None:
    """Byte for byte, in zones that the account goes through; use and money are the same in all."""
    figures = ("lifetime_cost", "lifetime_hours", "current_session_cost")
    before = meter.machine.read("/economy/savings")

    for zone in ZONES:
        meter.choose(zone)

        for question in IN_DAYS:
            assert meter.ask(question) == meter.ask(question, timezone=zone)
        after = meter.machine.read("/economy/savings")
        assert [after[name] for name in figures] == [before[name] for name in figures]


def test_an_answer_as_known_earlier_stays_because_the_zone_was_known_then(
    meter: Meter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked again after changes in any order; the control knows only what the zone is now."""
    kept = _answers_over_changes(meter)

    again = {(question, as_of): meter.ask(question, as_of=as_of) for question, as_of in kept}
    monkeypatch.setattr(
        stored_policies,
        "newest_policy",
        lambda connection, account_id, _known_at=None: newest_policy(connection, account_id),
    )
    first = next(as_of for _, as_of in kept)

    assert again == kept
    for question in IN_DAYS:
        assert meter.ask(question, as_of=first) != kept[question, first], question


def _answers_over_changes(meter: Meter) -> dict[tuple[str, str], bytes]:
    """Return answers by question and instant, each as known then, over changes of the zone."""
    rnd = Random(SEED)
    kept: dict[tuple[str, str], bytes] = {}
    for number in range(4):
        meter.choose(rnd.choice(ZONES))
        begins = rnd.uniform(1, 60)
        meter.machine.push(
            start(f"late-{number}", hours_ago(begins), gpu="T4", rate="0.15"),
            stop(f"late-{number}", hours_ago(begins - 1)),
        )
        meter.application.clock.advance(seconds=rnd.randrange(2, 600))
        as_of = meter.present()
        kept |= {(question, as_of): meter.ask(question, as_of=as_of) for question in IN_DAYS}
        meter.application.clock.advance(seconds=1)
    meter.choose("America/St_Johns")
    return kept


def test_what_a_client_holds_of_the_history_is_not_current_after_a_change(meter: Meter) -> None:
    """Its tag is good for a 304 until the zone changes, and not after."""
    history = "/api/v1/economy/savings/history?days=9"
    tag = meter.machine.client.get(history, headers=meter.machine.headers).headers["ETag"]
    held = {**meter.machine.headers, "If-None-Match": tag}

    before = meter.machine.client.get(history, headers=held)
    meter.choose("Pacific/Niue")
    after = meter.machine.client.get(history, headers=held)

    assert (before.status_code, after.status_code) == (304, 200)
    assert after.headers["ETag"] != tag
    assert after.get_json()["timezone"] == "Pacific/Niue"


def test_pages_stay_in_the_zone_of_the_first_one(meter: Meter) -> None:
    """The lines of a period that is told in days are all of one period."""
    query = {"from": "2026-08-02", "to": "2026-08-03"}
    every = meter.machine.read("/ledger/lines", limit=500, **query)["lines"]
    first = meter.machine.read("/ledger/lines", limit=3, **query)
    meter.application.clock.advance(seconds=1)

    meter.choose("Pacific/Kiritimati")

    rest = meter.machine.read("/ledger/lines", limit=500, cursor=first["next_cursor"], **query)
    assert rest["timezone"] == BEGAN_WITH
    assert [*first["lines"], *rest["lines"]] == every


def test_pages_of_events_stay_in_the_zone_of_the_first_one(meter: Meter) -> None:
    """They are of one period too, and their cursor is of a policy that there is."""
    query = {"from": "2026-08-02", "to": "2026-08-03"}
    every = meter.machine.read("/usage/events", limit=500, **query)["events"]
    first = meter.machine.read("/usage/events", limit=3, **query)

    meter.choose("Pacific/Kiritimati")

    rest = meter.machine.read("/usage/events", limit=500, cursor=first["next_cursor"], **query)
    assert [*first["events"], *rest["events"]] == every
    # The new zone does move the period.
    assert meter.machine.read("/usage/events", limit=500, **query)["events"] != every
    refused = meter.machine.get("/usage/events", cursor=encode_cursor(9, 9, 99), **query)
    assert (refused.status_code, refused.get_json()["code"]) == (422, "bad_cursor")


def test_a_closed_period_keeps_its_zone(meter: Meter) -> None:
    """What is closed later is closed in the zone that is then in force."""
    application, account = meter.application, meter.machine.account

    def close(period: str) -> None:
        close_period(application.database, application.clock, account, period, closed_by="test")

    close("2026-07-31")
    meter.choose("America/Sao_Paulo")
    close("2026-08-01")

    with pytest.raises(PeriodAlreadyClosedError):
        close("2026-07-31")
    closed = {one["period"]: one for one in meter.machine.read("/ledger/closed")["periods"]}
    assert {name: (one["timezone"], one["from"]) for name, one in closed.items()} == {
        "2026-07-31": (BEGAN_WITH, _midnight("2026-07-31", BEGAN_WITH)),
        "2026-08-01": ("America/Sao_Paulo", _midnight("2026-08-01", "America/Sao_Paulo")),
    }


def _midnight(day: str, zone: str) -> str:
    return instant_text(day_start(instant(day).date(), ZoneInfo(zone)))
