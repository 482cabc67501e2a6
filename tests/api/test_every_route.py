"""What holds for every route there is: a new route cannot be forgotten."""

import sys
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from dumont_economy.api.logging import configure_logging
from dumont_economy.api.operation import OPERATIONS
from dumont_economy.services import people
from dumont_economy.services.people import Scope
from tests.api.harness import (
    PASSWORD,
    Application,
    Caller,
    Json,
    hours_ago,
    report,
    sign_in,
    start,
)

# Everybody may ask these, and sees nothing of anybody's.
PUBLIC_OPERATIONS = {
    "auth.setup_state",
    "auth.set_up",
    "auth.login",
    "auth.me",
    "health.healthz",
    "health.readyz",
}
STATIC_FILES = "screen."
LIVE_ENDPOINTS = {
    "economy.savings",
    "economy.savings_history",
    "economy.savings_realtime",
    "economy.active_session",
    "economy.pricing",
}
# Where an operation whose path alone asks nothing answers with success.
ADDRESSES = {
    "/api/v1/prices/explain": "/api/v1/prices/explain?gpu=A100",
    "/api/v1/prices/<sku>/history": "/api/v1/prices/p5.48xlarge/history",
    "/api/v1/instances/<instance_id>": "/api/v1/instances/our-instance",
}
PROBLEM_FIELD_MEMBERS = {"pointer", "code", "message", "parameters"}
PROBLEM_MEMBERS = {"type", "title", "status", "detail", "code", "request_id", "errors"}


def routes(flask: Flask) -> Iterator[tuple[Rule, str, str]]:
    """Return every rule with every method that it takes, and an address of it."""
    for rule in flask.url_map.iter_rules():
        address = rule.rule.replace("<token_id>", "some-id").replace("<path:name>", "some-name")
        for method in sorted((rule.methods or set()) - {"OPTIONS"}):
            yield rule, method, address


def is_public(rule: Rule) -> bool:
    """Say whether everybody may ask a route."""
    return rule.endpoint in PUBLIC_OPERATIONS or rule.endpoint.startswith(STATIC_FILES)


def ask(client: FlaskClient, method: str, address: str, **how: object) -> TestResponse:
    """Send a request whose answer is read whole."""
    return client.open(address, method=method, buffered=True, **how)  # type: ignore[arg-type]


def is_problem(answer: TestResponse) -> bool:
    """Say whether an answer is an error of the one shape, with nothing of our inside in it."""
    body = answer.get_json() if answer.content_type == "application/problem+json" else None
    if body is None or not set(body) >= PROBLEM_MEMBERS:
        return False
    text = answer.get_data(as_text=True)
    return (
        body["status"] == answer.status_code
        and body["request_id"] == answer.headers["X-Request-Id"]
        and all(set(one) == PROBLEM_FIELD_MEMBERS for one in body["errors"])
        and not any(secret in text for secret in ("Traceback", "SELECT", ".py", "sqlite"))
    )


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    """Return what the server's log is written to during a test."""
    written = StringIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", written)
        configure_logging()
    yield written
    configure_logging()


def test_the_list_of_public_operations_is_short_and_none_is_gone(application: Application) -> None:
    """Closed by default: what is open is login, first run and health."""
    endpoints = {rule.endpoint for rule in application.flask.url_map.iter_rules()}

    assert len(PUBLIC_OPERATIONS) <= 8
    assert endpoints >= PUBLIC_OPERATIONS


def test_static_files_lie_outside_the_api(application: Application) -> None:
    """What is answered without credentials because it is a file, is a file."""
    addresses = {
        rule.rule
        for rule in application.flask.url_map.iter_rules()
        if rule.endpoint.startswith(STATIC_FILES)
    }

    assert addresses >= {"/", "/login", "/setup", "/savings", "/assets/<path:name>"}
    assert addresses >= {"/embed/widget", "/embed/economy-widget.js"}
    assert not any(address.startswith("/api") for address in addresses)


def test_what_is_declared_open_is_on_that_list() -> None:
    """An operation without a scope is a decision, seen here."""
    declared = {f"{one.tag}.{one.name}" for one in OPERATIONS if one.scope is None}

    assert declared == PUBLIC_OPERATIONS


class TestWithoutRights:
    """Every route and method, but the public ones, refuses who may not ask."""

    @pytest.mark.parametrize(
        "headers",
        [
            pytest.param({}, id="no credentials"),
            pytest.param({"Authorization": "Bearer "}, id="an empty token"),
            pytest.param({"Authorization": "Bearer dme_nonsense"}, id="a token nobody has"),
            pytest.param({"Cookie": "economy_session=nonsense"}, id="a cookie nobody has"),
        ],
    )
    def test_nobody_gets_401(self, application: Application, headers: Json) -> None:
        """With the scheme that would be taken."""
        for rule, method, address in routes(application.flask):
            if not is_public(rule):
                client = application.flask.test_client()
                answer = ask(client, method, address, headers=headers)
                assert answer.status_code == 401, f"{method} {address}"
                assert answer.headers["WWW-Authenticate"] == "Bearer"

    def test_a_revoked_token_gets_401(self, application: Application, caller: Caller) -> None:
        """From the moment on."""
        (token,) = people.list_tokens(application.database, caller.account)
        people.revoke_token(application.database, application.clock, caller.account, token.id)

        for rule, method, address in routes(application.flask):
            if not is_public(rule):
                answer = ask(caller.client, method, address, headers=caller.headers)
                assert answer.status_code == 401, f"{method} {address}"

    @pytest.mark.parametrize("age", [timedelta(minutes=60), timedelta(hours=12)])
    def test_an_expired_session_gets_401(
        self, application: Application, request: pytest.FixtureRequest, age: timedelta
    ) -> None:
        """By cookie and by bearer."""
        person = application.person(f"{request.node.name}.{age.seconds}")
        application.clock.present += age
        bearer = {"Authorization": f"Bearer {person.token}"}

        for rule, method, address in routes(application.flask):
            if not is_public(rule):
                stranger = application.flask.test_client()
                by_cookie = ask(person.client, method, address)
                by_bearer = ask(stranger, method, address, headers=bearer)
                assert (by_cookie.status_code, by_bearer.status_code) == (401, 401), address

    @pytest.mark.parametrize("one", [o for o in OPERATIONS if o.scope], ids=lambda o: o.name)
    def test_a_token_of_every_other_scope_gets_403(
        self, application: Application, caller: Caller, one: object
    ) -> None:
        """A token may do what its scopes say, and nothing else."""
        declared = next(o for o in OPERATIONS if o is one)
        others = [scope for scope in Scope if scope != declared.scope]
        limited = application.machine(caller.account, *others)
        address = declared.path.replace("<token_id>", "some-id")

        answer = ask(limited.client, declared.method, address, headers=limited.headers)

        assert answer.status_code == 403
        assert answer.get_json()["code"] == "insufficient_scope"


@pytest.mark.usefixtures("built_screen")
class TestHeaders:
    """Every answer, good or bad, carries what keeps a browser safe."""

    def answers(self, caller: Caller) -> Iterator[tuple[Rule, str, TestResponse]]:
        """Return the answer of every route: with rights, without, and to a wrong question."""
        for rule, method, address in routes(caller.client.application):
            if method in {"GET", "HEAD"}:
                yield rule, address, ask(caller.client, method, address, headers=caller.headers)
            yield rule, address, ask(caller.client, method, address)
            yield rule, address, ask(caller.client, method, f"{address}?nonsense=1")

    def test_no_content_is_sniffed_framed_or_loaded_from_elsewhere(self, caller: Caller) -> None:
        """nosniff, a policy that allows no frame, no referrer."""
        for _, address, answer in self.answers(caller):
            policy = answer.headers["Content-Security-Policy"]
            assert answer.headers["X-Content-Type-Options"] == "nosniff", address
            assert answer.headers["X-Frame-Options"] == "DENY", address
            assert answer.headers["Referrer-Policy"] == "no-referrer", address
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert answer.headers["X-Request-Id"], address

    def test_private_data_is_never_stored(self, caller: Caller) -> None:
        """`no-store`; the live answers are `private, no-cache`, their errors are not."""
        for rule, address, answer in self.answers(caller):
            if address.startswith("/api/"):
                is_live = rule.endpoint in LIVE_ENDPOINTS and answer.status_code == 200
                wanted = "private, no-cache" if is_live else "no-store"
                assert answer.headers["Cache-Control"] == wanted, address

    def test_pages_are_checked_and_assets_kept(self, caller: Caller) -> None:
        """An asset's name changes with its content."""
        page = ask(caller.client, "GET", "/savings")
        asset = ask(caller.client, "GET", "/assets/index-1a2b3c.js")

        assert page.headers["Cache-Control"] == "no-cache"
        assert asset.headers["Cache-Control"] == "public, max-age=31536000, immutable"


class TestTheShapeOfErrors:
    """All errors share one body, RFC 9457."""

    def test_without_credentials(self, application: Application) -> None:
        """401 on every route that is not public."""
        for rule, method, address in routes(application.flask):
            if not is_public(rule) and method != "HEAD":
                assert is_problem(ask(application.flask.test_client(), method, address)), address

    def test_to_a_wrong_question(self, caller: Caller) -> None:
        """422 on every operation that is read."""
        for declared in OPERATIONS:
            if declared.method == "GET" and declared.scope != "owner":
                answer = ask(
                    caller.client, "GET", f"{declared.path}?nonsense=1", headers=caller.headers
                )
                assert answer.status_code == 422, declared.path
                assert is_problem(answer), declared.path
                assert answer.get_json()["errors"][0]["code"] == "unknown_parameter"

    def test_to_a_body_of_no_kind(self, caller: Caller) -> None:
        """415 on every operation that takes a body."""
        for declared in OPERATIONS:
            if declared.body is not None and declared.scope != "owner":
                answer = ask(
                    caller.client, declared.method, declared.path, headers=caller.headers, data="x"
                )
                assert answer.status_code == 415, declared.path
                assert is_problem(answer), declared.path

    def test_to_a_method_that_is_not_taken(self, application: Application) -> None:
        """405 on every operation."""
        for declared in OPERATIONS:
            answer = ask(application.flask.test_client(), "PATCH", declared.path)
            assert answer.status_code == 405, declared.path
            assert answer.headers["Allow"]
            assert is_problem(answer), declared.path

    def test_to_our_own_mistake(self, caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
        """500 tells an id by which it is found, and nothing else."""

        def fail(*_: object) -> None:
            secret = "SELECT password FROM user"
            raise RuntimeError(secret)

        monkeypatch.setattr("dumont_economy.api.economy.shared.open_state", fail)

        answer = caller.get("/economy/savings")

        assert answer.status_code == 500
        assert is_problem(answer)
        assert answer.get_json()["code"] == "internal"
        assert "password" not in answer.get_data(as_text=True)

    def test_the_log_of_our_own_mistake_holds_no_secret(
        self,
        application: Application,
        monkeypatch: pytest.MonkeyPatch,
        log: StringIO,
    ) -> None:
        """It finds the mistake, and not the password that was being checked."""

        def fail(*_: object) -> None:
            raise RuntimeError

        monkeypatch.setattr("dumont_economy.storage.accounts.user_by_email", fail)

        answer = sign_in(application.flask.test_client(), "a@example.org", PASSWORD)

        assert answer.status_code == 500
        assert answer.get_json()["request_id"] in log.getvalue()
        assert PASSWORD not in log.getvalue()

    def test_is_told_from_other_shapes(self, caller: Caller) -> None:
        """The check is able to fail."""
        assert not is_problem(caller.get("/economy/savings"))

    def test_pages_that_do_not_exist_show_the_page_that_says_so(
        self, caller: Caller, built_screen: object
    ) -> None:
        """The screen answers for itself, with 404."""
        del built_screen
        answer = ask(caller.client, "GET", "/no/such/page")

        assert answer.status_code == 404
        assert answer.content_type.startswith("text/html")


class TestTwoAccounts:
    """Every answer is about the caller's account only."""

    SECRETS = ("their-instance", "their-name", "their-token", "their-event", "Their GPU 9000")

    @pytest.fixture
    def rich_neighbour(self, application: Application, neighbour: Caller) -> Caller:
        """Return an account next door with data of every kind."""
        people.create_token(
            application.database,
            application.clock,
            neighbour.account,
            name="their-token",
            scopes=[Scope.READ],
        )
        neighbour.push(
            start("their-instance", hours_ago(5), name="their-name", id="their-event"),
            start("their-instance-2", hours_ago(4), gpu="Their GPU 9000", rate="7.77"),
            report("idle", "their-instance", hours_ago(1)),
        )
        neighbour.send([{"id": "their-event", "source": "push", "type": "nonsense"}])
        return neighbour

    def test_never_see_each_other(
        self, application: Application, rich_neighbour: Caller, request: pytest.FixtureRequest
    ) -> None:
        """No answer of any route holds anything that the neighbour reported."""
        person = application.person(request.node.name)
        ours = person.client.post(
            "/api/v1/usage/events",
            json={"events": [start("our-instance", hours_ago(2))]},
            headers={"X-CSRF-Token": person.csrf_token},
        )
        assert ours.status_code == 200
        seen = []
        for declared in OPERATIONS:
            if declared.method == "GET":
                address = ADDRESSES.get(declared.path, declared.path)
                answer = ask(person.client, "GET", address)
                assert answer.status_code == 200, declared.path
                text = answer.get_data(as_text=True)
                seen += [(declared.path, secret) for secret in self.SECRETS if secret in text]
                assert rich_neighbour.account.id not in text

        assert seen == []

    def test_the_neighbours_own_answers_do_hold_it(self, rich_neighbour: Caller) -> None:
        """What is looked for is there to be found."""
        found = {
            secret
            for path in ("/instances", "/usage/events", "/economy/savings")
            for secret in self.SECRETS
            if secret in rich_neighbour.get(path).get_data(as_text=True)
        }

        assert found == set(self.SECRETS) - {"their-token"}

    def test_the_neighbours_token_is_as_unknown_as_none(
        self, application: Application, rich_neighbour: Caller, request: pytest.FixtureRequest
    ) -> None:
        """404 with the same body for an id of theirs and for one that never was."""
        person = application.person(request.node.name)
        tokens = people.list_tokens(application.database, rich_neighbour.account)
        unknown = "00000000-0000-0000-0000-000000000000"
        bodies = []
        for token_id in (tokens[0].id, unknown):
            answer = person.client.delete(
                f"/api/v1/tokens/{token_id}", headers={"X-CSRF-Token": person.csrf_token}
            )
            assert answer.status_code == 404
            body = answer.get_json()
            bodies.append((body["code"], body["title"], body["detail"].replace(token_id, "ID")))

        assert bodies[0] == bodies[1]
        assert rich_neighbour.get("/instances").status_code == 200

    def test_the_neighbours_instance_is_as_unknown_as_none(
        self, caller: Caller, rich_neighbour: Caller
    ) -> None:
        """404 with the same body; the neighbour opens it."""
        theirs, none = caller.get("/instances/their-instance"), caller.get("/instances/never-was")

        assert theirs.status_code == none.status_code == 404
        assert theirs.get_json() | {"request_id": ""} == none.get_json() | {"request_id": ""}
        assert rich_neighbour.get("/instances/their-instance").status_code == 200

    def test_a_cursor_of_theirs_leads_nowhere_else(
        self, caller: Caller, rich_neighbour: Caller
    ) -> None:
        """It names places in one's own lists alone."""
        cursor = rich_neighbour.read("/usage/events", limit=1)["next_cursor"]

        page = caller.read("/usage/events", cursor=cursor)

        assert page == {"events": [], "next_cursor": None}
