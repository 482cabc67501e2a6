"""Whoever holds an answer asks cheaply whether it still does, and never too late."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from dumont_economy.services import people
from dumont_economy.services.credentials import Credentials
from tests.api.harness import CSRF, Application, Caller, hours_ago, start
from tests.sent_statements import sent_to

PATHS = ("savings", "savings/realtime", "active-session", "pricing")


@pytest.fixture
def caller(application_on: Application) -> Caller:
    """Return a machine of an account that has usage."""
    machine = application_on.machine(application_on.account("ours"))
    machine.push(start("i-1", hours_ago(1)))
    return machine


def poll(caller: Caller, path: str, tag: str) -> TestResponse:
    """Ask for what the caller holds already."""
    headers = {**caller.headers, "If-None-Match": tag}
    return caller.client.get(f"/api/v1/economy/{path}", headers=headers)


@contextmanager
def selected(engine: Engine) -> Iterator[list[str]]:
    """Yield the questions that are asked of the database meanwhile."""
    found: list[str] = []
    with sent_to(engine) as sent:
        yield found
    found += [statement for statement, _ in sent if statement.startswith("SELECT")]


class TestWhatItCosts:
    """One question to the database tells who asks and that nothing has changed."""

    @pytest.mark.parametrize("path", PATHS)
    def test_one_statement(self, application_on: Application, caller: Caller, path: str) -> None:
        """On every address that is polled."""
        tag = caller.get(f"/economy/{path}").headers["ETag"]

        with selected(application_on.database.engine) as statements:
            again = poll(caller, path, tag)

        assert again.status_code == 304
        assert len(statements) == 1

    def test_a_full_answer_asks_more(self, application_on: Application, caller: Caller) -> None:
        """The control: the count counts."""
        with selected(application_on.database.engine) as statements:
            caller.read("/economy/savings")

        assert len(statements) > 3


class TestTagsOfNobody:
    """A tag that we never gave holds nothing."""

    def test_a_full_answer(self, caller: Caller) -> None:
        """Whatever it is, and wherever it is sent."""
        strange = ('""', 'W/""', '"', ",", '"", W/""', "W/", '".1"', "x" * 5_000)

        for path in PATHS:
            for tag in strange:
                assert poll(caller, path, tag).status_code == 200, (path, tag)


class TestWhoAsks:
    """Only which account a credential is of is kept, never whether it is in force."""

    def test_a_revoked_token_is_refused_at_once(
        self, application_on: Application, caller: Caller
    ) -> None:
        """Although its account is known, and the answer still holds."""
        tag = caller.get("/economy/savings").headers["ETag"]
        assert poll(caller, "savings", tag).status_code == 304
        [token] = people.list_tokens(application_on.database, caller.account)

        people.revoke_token(application_on.database, application_on.clock, caller.account, token.id)

        assert poll(caller, "savings", tag).status_code == 401

    def test_a_session_that_has_ended_is_refused_at_once(self, application_on: Application) -> None:
        """Signed out is signed out."""
        person = application_on.person("somebody")
        path = "/api/v1/economy/savings"
        tag = person.client.get(path).headers["ETag"]
        held = {"Authorization": f"Bearer {person.token}", "If-None-Match": tag}
        other = application_on.flask.test_client()
        assert other.get(path, headers=held).status_code == 304

        person.client.post("/api/v1/auth/logout", headers={CSRF: person.csrf_token})

        assert other.get(path, headers=held).status_code == 401

    def test_a_session_that_is_idle_for_too_long_is_refused(
        self, application_on: Application
    ) -> None:
        """The versions are told with it, and its end is not forgotten."""
        person = application_on.person("somebody")
        path = "/api/v1/economy/savings"
        tag = person.client.get(path).headers["ETag"]

        application_on.clock.advance(minutes=60)
        held = {"Authorization": f"Bearer {person.token}", "If-None-Match": tag}

        assert application_on.flask.test_client().get(path, headers=held).status_code == 401

    def test_a_credential_is_nobodys_in_another_account(
        self, application_on: Application, caller: Caller
    ) -> None:
        """Whatever account it were taken for, it opens its own or none."""
        other = application_on.account("theirs")
        database, clock = application_on.database, application_on.clock

        found = people.authenticate(database, clock, caller.token, account_id=other.id)
        own = people.authenticate(database, clock, caller.token, account_id=caller.account.id)

        assert found is None
        assert own is not None
        assert own.account == caller.account

    def test_the_first_time_the_versions_are_not_told(
        self, application_on: Application, caller: Caller
    ) -> None:
        """Its account is not known yet; the second time it is."""
        credentials = Credentials(application_on.database, application_on.clock)

        first = credentials.principal_of(caller.token, with_versions=True)
        second = credentials.principal_of(caller.token, with_versions=True)

        assert first is not None
        assert second is not None
        assert first.versions is None
        assert second.versions is not None
        assert (second.versions.ledger, second.versions.policy) == (1, 1)


class TestWhatChanges:
    """Nothing that an answer depends on changes without the client being told."""

    def test_a_report_does(self, caller: Caller) -> None:
        """The ledger has another version."""
        tag = caller.get("/economy/savings").headers["ETag"]
        assert poll(caller, "savings", tag).status_code == 304

        caller.push(start("i-2", hours_ago(1)))

        assert poll(caller, "savings", tag).status_code == 200

    @pytest.mark.parametrize("path", PATHS)
    def test_a_policy_does(self, application_on: Application, path: str) -> None:
        """A person changed it, and the machine of the account sees it."""
        person = application_on.person("ours")
        caller = application_on.machine(application_on.account("ours"))
        caller.push(start("i-1", hours_ago(1)))
        tag = caller.get(f"/economy/{path}").headers["ETag"]
        assert poll(caller, path, tag).status_code == 304

        changed = person.client.put(
            "/api/v1/policy",
            json={"pricing_model": "spot", "basis": "per_gpu", "substitutes": "count"},
            headers={CSRF: person.csrf_token},
        )

        assert changed.status_code == 200
        assert poll(caller, path, tag).status_code == 200

    def test_an_earlier_policy_has_its_own_tag(self, application_on: Application) -> None:
        """Asked for by its version it is another question, which the versions do not answer."""
        person = application_on.person("ours")
        caller = application_on.machine(application_on.account("ours"))
        person.client.put(
            "/api/v1/policy",
            json={"pricing_model": "spot", "basis": "per_gpu", "substitutes": "count"},
            headers={CSRF: person.csrf_token},
        )
        tag = caller.get("/economy/savings", policy_version=1).headers["ETag"]

        again = poll(caller, "savings?policy_version=1", tag)

        assert again.status_code == 304
        assert poll(caller, "savings?policy_version=2", tag).status_code == 200
        assert poll(caller, "savings?policy_version=3", tag).status_code == 422
