"""Signing in and out: sessions, their ends, guessing, and forged requests."""

from zlib import crc32

import pytest
from werkzeug.test import TestResponse

from dumont_economy.services import people
from tests.api.harness import (
    CSRF,
    PASSWORD,
    Application,
    Json,
    Person,
    SettableClock,
    sign_in,
)

ME = "/api/v1/auth/me"
PRIVATE = "/api/v1/economy/active-session"


@pytest.fixture
def owner(application: Application, request: pytest.FixtureRequest) -> Person:
    """Return a person of this test alone, signed in."""
    return application.person(f"owner.{crc32(request.node.nodeid.encode())}")


def with_bearer(application: Application, token: str, path: str = PRIVATE) -> TestResponse:
    """Ask for something private, from elsewhere, with a bearer token."""
    client = application.flask.test_client()
    return client.get(path, headers={"Authorization": f"Bearer {token}"})


class TestSigningIn:
    """E-mail and password in, a cookie and a bearer token of one session out."""

    def test_answers_token_user_and_csrf_token(self, owner: Person) -> None:
        """The contract of login."""
        answer = sign_in(owner.client, owner.email).get_json()

        assert answer["success"] is True
        assert answer["user"] == {"email": owner.email}
        assert len(answer["token"]) >= 43  # 256 bits
        assert answer["csrf_token"]

    def test_works_by_the_name_username_too(self, owner: Person) -> None:
        """Another name for the e-mail address."""
        body = {"username": owner.email, "password": PASSWORD}

        assert owner.client.post("/api/v1/auth/login", json=body).status_code == 200

    def test_does_not_mind_the_case_of_the_address(self, owner: Person) -> None:
        """Nor spaces around it."""
        assert sign_in(owner.client, f" {owner.email.upper()} ").status_code == 200

    def test_me_says_who_one_is(self, owner: Person) -> None:
        """User, account, and the CSRF token of the session."""
        answer = owner.client.get(ME).get_json()

        assert answer["authenticated"] is True
        assert answer["user"] == {"email": owner.email}
        assert answer["account"]["name"] == owner.email.partition("@")[0]
        assert answer["account"]["currency"] == "USD"
        assert answer["account"]["timezone"] == "UTC"
        assert answer["csrf_token"]

    def test_me_tells_somebody_not_signed_in_just_that(self, application: Application) -> None:
        """It is how the page finds out, and holds nothing of anybody's."""
        answer = application.flask.test_client().get(ME)

        assert answer.status_code == 200
        assert answer.get_json() == {
            "authenticated": False,
            "user": None,
            "account": None,
            "csrf_token": None,
        }

    def test_sets_a_cookie_that_scripts_and_other_sites_cannot_use(self, owner: Person) -> None:
        """HttpOnly and SameSite."""
        cookie = sign_in(owner.client, owner.email).headers["Set-Cookie"]

        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie

    @pytest.mark.parametrize(
        ("email", "password"),
        [
            pytest.param(None, "a wrong password", id="a wrong password"),
            pytest.param("nobody@example.org", PASSWORD, id="an unknown user"),
            pytest.param(None, "", id="an empty password"),
            pytest.param(None, "x" * 1_000_000, id="a password of a megabyte"),
            pytest.param("' or 1=1 --", PASSWORD, id="SQL"),
        ],
    )
    def test_says_the_same_whatever_was_wrong(
        self, owner: Person, email: str | None, password: str
    ) -> None:
        """It does not tell who exists."""
        answer = sign_in(owner.client, email or owner.email, password)

        assert answer.status_code == 401
        assert answer.get_json()["code"] == "wrong_credentials"
        assert answer.get_json()["detail"] == "E-mail or password is wrong."

    @pytest.mark.parametrize(
        "body",
        [{}, {"password": "x"}, {"email": "a@example.org"}, {"email": 1, "password": "x"}],
    )
    def test_needs_both(self, owner: Person, body: dict[str, object]) -> None:
        """422 for a form that is not filled in."""
        assert owner.client.post("/api/v1/auth/login", json=body).status_code == 422

    def test_makes_a_new_session_each_time(self, owner: Person) -> None:
        """A cookie from before the login is worth nothing after it (fixation)."""
        before = owner.client.get_cookie("economy_session")
        sign_in(owner.client, owner.email)
        after = owner.client.get_cookie("economy_session")

        assert before is not None
        assert after is not None
        assert before.value != after.value


class TestTheEndOfASession:
    """A session ends by logout, by idleness, after twelve hours, and with its password."""

    def test_logout_ends_cookie_and_bearer(self, application: Application, owner: Person) -> None:
        """On all workers: what was copied before is dead too."""
        cookie = owner.client.get_cookie("economy_session")
        assert cookie is not None

        answer = owner.client.post("/api/v1/auth/logout", headers={CSRF: owner.csrf_token})
        replayed = application.flask.test_client()
        replayed.set_cookie("economy_session", cookie.value)

        assert answer.status_code == 204
        assert owner.client.get(PRIVATE).status_code == 401
        assert replayed.get(PRIVATE).status_code == 401
        assert with_bearer(application, owner.token).status_code == 401

    def test_logout_by_bearer_needs_no_csrf_token(
        self, application: Application, owner: Person
    ) -> None:
        """No site can make a browser send that header."""
        client = application.flask.test_client()

        answer = client.post(
            "/api/v1/auth/logout", headers={"Authorization": f"Bearer {owner.token}"}
        )

        assert answer.status_code == 204
        assert owner.client.get(PRIVATE).status_code == 401

    def test_logout_of_one_session_leaves_another(
        self, application: Application, owner: Person
    ) -> None:
        """The telephone stays signed in."""
        other = sign_in(application.flask.test_client(), owner.email).get_json()["token"]

        owner.client.post("/api/v1/auth/logout", headers={CSRF: owner.csrf_token})

        assert with_bearer(application, other).status_code == 200

    def test_sixty_idle_minutes_end_it(
        self, application: Application, owner: Person, clock: SettableClock
    ) -> None:
        """Each use begins them anew."""
        clock.advance(minutes=59)
        assert owner.client.get(PRIVATE).status_code == 200
        clock.advance(minutes=59)
        assert owner.client.get(PRIVATE).status_code == 200
        clock.advance(minutes=60)

        assert owner.client.get(PRIVATE).status_code == 401
        assert with_bearer(application, owner.token).status_code == 401

    def test_twelve_hours_end_it_however_busy(self, owner: Person, clock: SettableClock) -> None:
        """Used every half hour, it is in force up to, not including, the twelfth hour."""
        for _ in range(23):
            clock.advance(minutes=30)
            assert owner.client.get(PRIVATE).status_code == 200
        clock.advance(minutes=30)

        assert owner.client.get(PRIVATE).status_code == 401

    def test_a_new_password_ends_all(
        self, application: Application, owner: Person, clock: SettableClock
    ) -> None:
        """Whoever knew the old one is out."""
        people.change_password(
            application.database, clock, email=owner.email, password="another long password"
        )

        assert owner.client.get(PRIVATE).status_code == 401
        assert with_bearer(application, owner.token).status_code == 401
        assert sign_in(owner.client, owner.email).status_code == 401


class TestGuessing:
    """Twenty wrong tries in five minutes on one account from one address; the owner gets in."""

    def test_the_twenty_first_try_is_not_evaluated(self, owner: Person) -> None:
        """Not even with the right password."""
        for _ in range(20):
            assert (
                sign_in(owner.client, owner.email, "wrong", address="10.0.0.1").status_code == 401
            )

        answer = sign_in(owner.client, owner.email, address="10.0.0.1")

        assert answer.status_code == 429
        assert answer.get_json()["code"] == "too_many_requests"
        assert int(answer.headers["Retry-After"]) == 300

    def test_the_owner_gets_in_from_another_address(self, owner: Person) -> None:
        """Guessing does not lock anybody out."""
        for _ in range(21):
            sign_in(owner.client, owner.email, "wrong", address="10.0.0.1")

        assert sign_in(owner.client, owner.email, address="10.0.0.2").status_code == 200

    def test_who_knows_the_password_signs_in_as_often_as_they_like(self, owner: Person) -> None:
        """Only guesses count."""
        statuses = [
            sign_in(owner.client, owner.email, address="10.0.0.3").status_code for _ in range(22)
        ]

        assert statuses == [200] * 22

    def test_a_forged_forwarding_header_buys_no_more_tries(self, owner: Person) -> None:
        """X-Forwarded-For is ignored."""
        statuses = []
        for number in range(21):
            answer = owner.client.post(
                "/api/v1/auth/login",
                json={"email": owner.email, "password": "wrong"},
                headers={"X-Forwarded-For": f"10.1.1.{number}"},
                environ_overrides={"REMOTE_ADDR": "10.0.0.1"},
            )
            statuses.append(answer.status_code)

        assert statuses[-1] == 429


class TestForgedRequests:
    """A cookie alone may not write: any site can make a browser send it."""

    WRITES: tuple[tuple[str, str, object], ...] = (
        ("POST", "/api/v1/usage/events", {"events": []}),
        ("POST", "/api/v1/auth/logout", None),
        ("POST", "/api/v1/tokens", {"name": "x", "scopes": ["read"]}),
        ("DELETE", "/api/v1/tokens/x", None),
    )

    @pytest.mark.parametrize(("method", "path", "body"), WRITES)
    @pytest.mark.parametrize("token", ["", "x", "forged"])
    def test_without_the_csrf_token_are_refused(
        self, owner: Person, method: str, path: str, body: object, token: str
    ) -> None:
        """403, and nothing has happened."""
        headers = {CSRF: token} if token else {}

        answer = owner.client.open(path, method=method, json=body, headers=headers)

        assert answer.status_code == 403
        assert answer.get_json()["code"] == "csrf_failed"
        assert owner.client.get(PRIVATE).status_code == 200
        assert owner.client.get("/api/v1/tokens").get_json() == {"tokens": []}

    @pytest.mark.parametrize(("method", "path", "body"), WRITES)
    def test_with_the_csrf_token_of_another_session_are_refused(
        self, application: Application, owner: Person, method: str, path: str, body: object
    ) -> None:
        """A token belongs to its session."""
        other = application.person(f"other.{owner.email.partition('@')[0]}")

        answer = owner.client.open(path, method=method, json=body, headers={CSRF: other.csrf_token})

        assert answer.status_code == 403

    @pytest.mark.parametrize(
        ("method", "path", "body", "status"),
        [
            ("POST", "/api/v1/usage/events", {"events": []}, 422),
            ("POST", "/api/v1/tokens", {"name": "x", "scopes": ["read"]}, 201),
            ("DELETE", "/api/v1/tokens/x", None, 404),
            ("POST", "/api/v1/auth/logout", None, 204),
        ],
    )
    def test_with_the_csrf_token_are_answered(
        self, owner: Person, method: str, path: str, body: object, status: int
    ) -> None:
        """As `/auth/me` answers it."""
        token = owner.client.get(ME).get_json()["csrf_token"]

        answer = owner.client.open(path, method=method, json=body, headers={CSRF: token})

        assert answer.status_code == status

    def test_a_bearer_token_goes_before_a_cookie_that_is_sent_with_it(
        self, application: Application, owner: Person
    ) -> None:
        """No other site can set that header, so it needs no CSRF token; and it has to be right."""
        right = {"Authorization": f"Bearer {owner.token}"}
        wrong = {"Authorization": "Bearer dme_nonsense"}

        refused = owner.client.post("/api/v1/auth/logout", headers=wrong)
        answered = owner.client.post("/api/v1/auth/logout", headers=right)

        assert refused.status_code == 401
        assert answered.status_code == 204
        assert with_bearer(application, owner.token).status_code == 401


class TestMachines:
    """Tokens of machines: shown once, scoped, revocable."""

    def test_a_token_is_shown_once(self, application: Application, owner: Person) -> None:
        """The list has all of it but the token itself."""
        created = owner.client.post(
            "/api/v1/tokens",
            json={"name": "fleet", "scopes": ["read", "ingest"]},
            headers={CSRF: owner.csrf_token},
        ).get_json()

        (listed,) = owner.client.get("/api/v1/tokens").get_json()["tokens"]

        assert created["token"].startswith("dme_")
        assert with_bearer(application, created["token"]).status_code == 200
        assert listed == {
            "id": created["id"],
            "name": "fleet",
            "scopes": ["ingest", "read"],
            "created_at": "2026-08-03T12:00:00Z",
            "revoked_at": None,
        }

    def test_a_revoked_token_is_dead_at_once(self, application: Application, owner: Person) -> None:
        """And stays in the list, with the time of its end."""
        created = owner.client.post(
            "/api/v1/tokens",
            json={"name": "fleet", "scopes": ["read"]},
            headers={CSRF: owner.csrf_token},
        ).get_json()

        answer = owner.client.delete(
            f"/api/v1/tokens/{created['id']}", headers={CSRF: owner.csrf_token}
        )

        assert answer.status_code == 204
        assert with_bearer(application, created["token"]).status_code == 401
        (listed,) = owner.client.get("/api/v1/tokens").get_json()["tokens"]
        assert listed["revoked_at"] == "2026-08-03T12:00:00Z"

    def test_a_machine_is_nobody(self, application: Application, owner: Person) -> None:
        """Its account is known, but it is no user and needs no CSRF token."""
        created = owner.client.post(
            "/api/v1/tokens",
            json={"name": "fleet", "scopes": ["read"]},
            headers={CSRF: owner.csrf_token},
        ).get_json()

        answer = with_bearer(application, created["token"], ME).get_json()

        assert answer["user"] is None
        assert answer["csrf_token"] is None

    @pytest.mark.parametrize(
        "body",
        [
            {"name": "x", "scopes": []},
            {"name": "x", "scopes": ["owner"]},
            {"name": "x", "scopes": ["admin"]},
            {"name": "", "scopes": ["read"]},
            {"name": " \u00a0\u2003", "scopes": ["read"]},
            {"name": "x" * 256, "scopes": ["read"]},
            {"name": "x", "scopes": ["read"], "account": "other"},
            {"name": "a\u0000b", "scopes": ["read"]},
        ],
    )
    def test_a_token_that_cannot_be_is_refused(
        self, owner: Person, body: dict[str, object]
    ) -> None:
        """No machine is an owner."""
        answer = owner.client.post("/api/v1/tokens", json=body, headers={CSRF: owner.csrf_token})

        assert answer.status_code == 422

    def test_a_tokens_name_has_no_blanks_around_it(self, owner: Person) -> None:
        """And is not of blanks alone: the field is named, with what to write there."""
        headers = {CSRF: owner.csrf_token}

        def create(name: str) -> Json:
            body = {"name": name, "scopes": ["read"]}
            answer: Json = owner.client.post(
                "/api/v1/tokens", json=body, headers=headers
            ).get_json()
            return answer

        refused, created = create("   "), create("  night fleet ")

        assert [one["pointer"] for one in refused["errors"]] == ["/name"]
        assert refused["code"] == "empty"
        assert "such as that of the machine" in refused["detail"]
        assert created["name"] == "night fleet"
        listed = owner.client.get("/api/v1/tokens").get_json()["tokens"]
        assert [one["name"] for one in listed] == ["night fleet"]

    @pytest.mark.parametrize("where", [{"token": "{}"}, {"access_token": "{}"}, {"api_key": "{}"}])
    def test_a_token_in_the_address_is_no_credential(
        self, application: Application, owner: Person, where: dict[str, str]
    ) -> None:
        """Addresses end up in logs."""
        query = {name: text.format(owner.token) for name, text in where.items()}

        answer = application.flask.test_client().get(PRIVATE, query_string=query)

        assert answer.status_code == 401

    @pytest.mark.parametrize(
        "header",
        [
            "Bearer",
            "Bearer ",
            "Bearer undefined",
            "Bearer dme_",
            "Basic {}",
            "{}",
            "Bearer {}x",
            "Bearer {} {}",
            "Bearer \u00e9",
        ],
    )
    def test_nearly_a_credential_is_none(
        self, application: Application, owner: Person, header: str
    ) -> None:
        """The whole token, or nothing."""
        client = application.flask.test_client()

        answer = client.get(
            PRIVATE, headers={"Authorization": header.format(owner.token, owner.token)}
        )

        assert answer.status_code == 401
