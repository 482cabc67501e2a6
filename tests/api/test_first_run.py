"""The first run: one owner, created once, with a password that holds."""

from collections.abc import Callable
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from tests.api.harness import PASSWORD, Application, Json, start_application

OWNER = {"email": "owner@example.org", "password": PASSWORD}


def set_up(application: Application, **body: object) -> TestResponse:
    """Fill in the first-run form."""
    return application.flask.test_client().post("/api/v1/setup", json={**OWNER, **body})


def test_a_new_installation_needs_an_owner(new_application: Application) -> None:
    """On loopback, without a code."""
    answer = new_application.flask.test_client().get("/api/v1/setup")

    assert answer.get_json() == {"needs_owner": True, "code_required": False}


def test_the_owner_is_signed_in_at_once(new_application: Application) -> None:
    """With a cookie, and a bearer token of the same session."""
    client = new_application.flask.test_client()

    answer = client.post("/api/v1/setup", json=OWNER)

    assert answer.status_code == 201
    body = answer.get_json()
    assert body["success"] is True
    assert body["user"] == {"email": "owner@example.org"}
    assert body["csrf_token"]
    assert client.get("/api/v1/auth/me").get_json()["user"] == {"email": "owner@example.org"}
    bearer = {"Authorization": f"Bearer {body['token']}"}
    elsewhere = new_application.flask.test_client()
    assert elsewhere.get("/api/v1/auth/me", headers=bearer).status_code == 200


def test_there_is_no_second_owner(new_application: Application) -> None:
    """Once is once: the first stays, and the page says that it is done."""
    set_up(new_application)

    again = set_up(new_application, email="other@example.org")
    state = new_application.flask.test_client().get("/api/v1/setup").get_json()

    assert again.status_code == 409
    assert again.get_json()["code"] == "already_set_up"
    assert state == {"needs_owner": False, "code_required": False}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param({"password": "1234567"}, "password_too_short", id="7 characters"),
        pytest.param({"password": ""}, "password_too_short", id="no password"),
        pytest.param({"password": "password1"}, "common_password", id="password1"),
        pytest.param({"password": "PassWord1"}, "common_password", id="in other letters"),
        pytest.param({"password": " " * 12}, "common_password", id="blanks"),
        pytest.param({"password": " \u3000" * 6}, "common_password", id="blanks of two kinds"),
        pytest.param({"password": "x" * 1_025}, "password_too_long", id="1,025 bytes"),
        pytest.param({"password": "é" * 513}, "password_too_long", id="1,026 bytes"),
        pytest.param({"password": "x" * 1024 * 1024}, "password_too_long", id="1 MiB"),
        pytest.param({"password": 12345678}, "must_be_string", id="a number"),
        pytest.param({"email": "owner"}, "invalid_email", id="no address"),
        pytest.param({"email": "a@b@c"}, "invalid_email", id="two at signs"),
        pytest.param({"email": "a b@example.org"}, "invalid_email", id="a space inside"),
        pytest.param({"email": "x" * 250 + "@example.org"}, "invalid_email", id="too long"),
        pytest.param({"email": "a\u0000@example.org"}, "invalid_email", id="NUL"),
        pytest.param({"role": "owner"}, "unknown_field", id="an unknown field"),
        pytest.param({"account": ""}, "empty", id="an empty account name"),
        pytest.param({"account": "a\u0000b"}, "invalid_text", id="NUL in the account name"),
    ],
)
def test_an_owner_that_cannot_be_is_refused(
    new_application: Application, change: Json, code: str
) -> None:
    """422 with field and code, and the installation still has no owner."""
    answer = set_up(new_application, **change)

    assert answer.status_code == 422
    (problem,) = answer.get_json()["errors"]
    assert problem["pointer"] == f"/{next(iter(change))}"
    assert problem["code"] == code
    state = new_application.flask.test_client().get("/api/v1/setup").get_json()
    assert state["needs_owner"] is True


@pytest.mark.parametrize(
    "password",
    [
        pytest.param("x" * 64, id="64 characters"),
        pytest.param("x" * 1_024, id="1,024 bytes"),
        pytest.param("a horse, a battery 🐎🔋", id="spaces and emoji"),
        pytest.param(" 12 ab 9", id="8 characters, one of them a space in front"),
    ],
)
def test_a_password_may_be_long_and_of_any_characters(
    new_application: Application, password: str
) -> None:
    """Length is what makes it strong."""
    set_up(new_application, password=password)
    client = new_application.flask.test_client()

    answer = client.post("/api/v1/auth/login", json={**OWNER, "password": password})

    assert answer.status_code == 200


@pytest.fixture
def guarded(tmp_path: Path) -> "Callable[[], Application]":
    """Return what starts an installation that asks for a one-time code."""
    return lambda: start_application(tmp_path, setup_code="k7w2-9xq4")


@pytest.mark.parametrize("code", [None, "", "k7w2-9xq5", "K7W2-9XQ4", "é"])
def test_beyond_loopback_the_owner_has_to_know_the_printed_code(
    guarded: Callable[[], Application], code: str | None
) -> None:
    """Whoever finds the address first does not own it."""
    application = guarded()

    answer = set_up(application, code=code)
    state = application.flask.test_client().get("/api/v1/setup").get_json()

    assert answer.status_code == 403
    assert answer.get_json()["code"] == "setup_code_required"
    assert state == {"needs_owner": True, "code_required": True}
    application.close()


def test_with_the_printed_code_the_owner_is_created(
    guarded: Callable[[], Application],
) -> None:
    """Exactly as it was printed."""
    application = guarded()

    answer = set_up(application, code="k7w2-9xq4")

    assert answer.status_code == 201
    application.close()


def test_the_code_cannot_be_guessed_at_length(guarded: Callable[[], Application]) -> None:
    """Twenty tries in five minutes."""
    application = guarded()

    statuses = [set_up(application, code=str(number)).status_code for number in range(21)]

    assert statuses == [403] * 20 + [429]
    application.close()
