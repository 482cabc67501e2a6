"""Requests that cannot be read: each gets one clear answer, and nothing acknowledged is lost."""

import gzip
import tracemalloc
import zlib

import pytest
from flask import json
from werkzeug.test import TestResponse

from tests.api.harness import Caller, hours_ago, start

MIB = 1024 * 1024


@pytest.fixture
def holder(caller: Caller) -> Caller:
    """Return an account that has something to lose."""
    caller.push(start("kept", hours_ago(1)))
    return caller


def is_all_there(caller: Caller) -> bool:
    """Say whether what was acknowledged is still there."""
    answer = caller.read("/economy/savings")
    cost, count = answer["lifetime_cost"], answer["active_instances_count"]
    return (cost, count) == (0.74, 1)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param(b"{", 400, "malformed_json", id="not JSON"),
        pytest.param(b"", 400, "malformed_json", id="empty"),
        pytest.param(b"null", 422, "must_be_object", id="null"),
        pytest.param(b'"x"', 422, "must_be_object", id="a string"),
        pytest.param(b"[]", 422, "must_be_object", id="an array"),
        pytest.param(b"\xff\xfe{}", 400, "malformed_json", id="not UTF-8"),
        pytest.param(b"{} {}", 400, "malformed_json", id="two documents"),
        pytest.param(b'{"events":1,"events":2}', 400, "duplicate_member", id="a member twice"),
        pytest.param(b'{"events":NaN}', 400, "not_a_number", id="NaN"),
        pytest.param(b'{"events":-Infinity}', 400, "not_a_number", id="infinity"),
        pytest.param(b'{"events":1e999}', 400, "not_a_number", id="1e999"),
        pytest.param(
            b'{"events":1e9999999999999999999}', 400, "not_a_number", id="an endless exponent"
        ),
        pytest.param(b"[" * 100_000, 400, "too_deep", id="100,000 arrays deep"),
        pytest.param(b'{"a":' * 100_000, 400, "too_deep", id="100,000 objects deep"),
        pytest.param(b'{"events":' + b"7" * 5_000 + b"}", 422, "must_be_array", id="5,000 digits"),
        pytest.param(
            b'{"events":[{"gpu_count":' + b"7" * 5_000 + b"}]}",
            422,
            "must_be_integer",
            id="5,000 digits in a field",
        ),
        pytest.param(b'{"events":["\\ud800"]}', 400, "invalid_unicode", id="a lone surrogate"),
        pytest.param(b'{"\\udfff":1}', 400, "invalid_unicode", id="a surrogate in a name"),
        pytest.param(b'{"events":[],"role":"owner"}', 422, "unknown_field", id="an unknown field"),
        pytest.param(b"{}", 422, "missing", id="no events"),
        pytest.param(b'{"events":[]}' + b" " * 10 * MIB, 413, "body_too_large", id="10 MiB"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(
    holder: Caller, body: bytes, status: int, code: str
) -> None:
    """400 for what is no JSON that we take, 413 for too much, 422 for what it says."""
    answer = holder.send_text(body)

    assert answer.status_code == status
    assert answer.get_json()["code"] == code
    assert is_all_there(holder)


@pytest.mark.parametrize(
    "how",
    [
        pytest.param({"content_type": "text/plain"}, id="text"),
        pytest.param({"content_type": None}, id="no type"),
        pytest.param({"content_type": "application/x-www-form-urlencoded"}, id="a form"),
        pytest.param({"content_type": "application/jsonp"}, id="nearly JSON"),
        pytest.param(
            {"content_type": "application/json", "headers": {"Content-Encoding": "br"}},
            id="compressed in a way that we do not take",
        ),
        pytest.param(
            {"content_type": "application/json", "headers": {"Content-Encoding": "gzip, gzip"}},
            id="compressed twice",
        ),
    ],
)
def test_a_body_of_another_type_is_refused(holder: Caller, how: dict[str, object]) -> None:
    """415: another site's form cannot send JSON by calling it text."""
    headers = {**holder.headers, **(how.get("headers") or {})}  # type: ignore[dict-item]
    data = json.dumps({"events": [start("i-1", hours_ago(1))]})

    answer = holder.client.post(
        "/api/v1/usage/events", data=data, headers=headers, content_type=how["content_type"]
    )

    assert answer.status_code == 415
    assert answer.get_json()["code"] == "unsupported_media_type"
    assert is_all_there(holder)


def send_compressed(caller: Caller, body: bytes, encoding: str = "gzip") -> TestResponse:
    """Send bytes that say they are compressed JSON."""
    return caller.client.post(
        "/api/v1/usage/events",
        data=body,
        headers={**caller.headers, "Content-Encoding": encoding},
        content_type="application/json",
    )


@pytest.mark.parametrize("encoding", ["gzip", "GZIP"])
def test_usage_may_come_compressed(holder: Caller, encoding: str) -> None:
    """A reporter of a thousand events saves nine tenths of its traffic."""
    body = gzip.compress(json.dumps({"events": [start("kept", hours_ago(1))]}).encode())

    answer = send_compressed(holder, body, encoding)

    assert answer.get_json()["results"][0]["status"] == "duplicate"


def test_a_body_that_expands_beyond_the_limit_is_refused_while_it_expands(holder: Caller) -> None:
    """64 MiB in 64 KiB: 413 at 4 MiB, and the rest never exists."""
    bomb = gzip.compress(b'{"events":[]}' + b" " * 64 * MIB)
    assert len(bomb) < MIB / 8

    tracemalloc.start()
    answer = send_compressed(holder, bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert answer.status_code == 413
    assert answer.get_json()["code"] == "body_too_large"
    assert peak < 16 * MIB
    assert is_all_there(holder)


def test_the_limit_is_on_what_a_body_expands_to(holder: Caller) -> None:
    """4 MiB to the byte are taken, one more is not."""
    text = json.dumps({"events": [start("kept", hours_ago(1))]}).encode()
    fits = gzip.compress(text + b" " * (4 * MIB - len(text)))
    exceeds = gzip.compress(text + b" " * (4 * MIB - len(text) + 1))

    assert send_compressed(holder, fits).status_code == 200
    assert send_compressed(holder, exceeds).status_code == 413


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b'{"events":[]}', id="not gzip"),
        pytest.param(gzip.compress(b'{"events":[]}')[:-1], id="cut short"),
        pytest.param(gzip.compress(b'{"events":[]}') + b"x", id="something behind"),
        pytest.param(gzip.compress(b'{"events":') + gzip.compress(b"[]}"), id="two members"),
        pytest.param(zlib.compress(b'{"events":[]}'), id="zlib"),
        pytest.param(gzip.compress(b'{"events":[]}')[:-5] + b"wrong", id="a wrong checksum"),
    ],
)
def test_a_body_that_is_not_what_its_encoding_says_is_refused(holder: Caller, body: bytes) -> None:
    """400, before anything in it is read."""
    answer = send_compressed(holder, body)

    assert answer.status_code == 400
    assert answer.get_json()["code"] == "malformed_gzip"
    assert is_all_there(holder)


def test_only_usage_may_come_compressed(holder: Caller) -> None:
    """Guesses at a password are counted by the name in the body, so that is read as it is."""
    body = gzip.compress(json.dumps({"email": "a@example.org", "password": "guess"}).encode())

    answer = holder.client.post(
        "/api/v1/auth/login",
        data=body,
        headers={"Content-Encoding": "gzip"},
        content_type="application/json",
    )

    assert answer.status_code == 415
    assert answer.get_json()["detail"] == "Send the body as application/json, not compressed."


def test_a_key_stands_for_what_is_said_and_not_for_how_it_is_compressed(holder: Caller) -> None:
    """A client that compresses anew for each try sends other bytes each time."""
    text = json.dumps({"events": [start("kept", hours_ago(1))]}).encode()
    answers = [
        holder.client.post(
            "/api/v1/usage/events",
            data=gzip.compress(text, mtime=mtime),
            headers={**holder.headers, "Content-Encoding": "gzip", "Idempotency-Key": "k"},
            content_type="application/json",
        )
        for mtime in (1, 2)
    ]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[1].headers["Idempotent-Replayed"] == "true"


def test_json_may_come_with_a_charset(holder: Caller) -> None:
    """`application/json; charset=utf-8` is JSON."""
    answer = holder.client.post(
        "/api/v1/usage/events",
        data=json.dumps({"events": [start("kept", hours_ago(1))]}),
        headers=holder.headers,
        content_type="application/json; charset=utf-8",
    )

    assert answer.get_json()["results"][0]["status"] == "duplicate"


def test_a_type_that_we_do_not_speak_gets_json(holder: Caller) -> None:
    """`Accept: image/png` is no reason to fail."""
    answer = holder.client.get(
        "/api/v1/economy/savings", headers={**holder.headers, "Accept": "image/png"}
    )

    assert answer.status_code == 200
    assert answer.content_type == "application/json"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/api/v1/economy/savings", {"GET", "HEAD", "OPTIONS"}),
        ("POST", "/api/v1/economy/savings", {"GET", "HEAD", "OPTIONS"}),
        ("TRACE", "/api/v1/economy/savings", {"GET", "HEAD", "OPTIONS"}),
        ("X" * 5_000, "/api/v1/economy/savings", {"GET", "HEAD", "OPTIONS"}),
        ("DELETE", "/api/v1/usage/events", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("GET", "/api/v1/auth/login", {"OPTIONS", "POST"}),
        ("GET", "/api/v1/auth/logout", {"OPTIONS", "POST"}),
        ("GET", "/api/v1/tokens/some-id", {"DELETE", "OPTIONS"}),
    ],
)
def test_a_method_that_an_address_does_not_take_is_refused(
    holder: Caller, method: str, path: str, allowed: set[str]
) -> None:
    """405, and Allow names those that it takes."""
    answer = holder.client.open(path, method=method, headers=holder.headers)

    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == allowed
    assert answer.get_json()["code"] == "method_not_allowed"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_an_address_that_does_not_exist_is_not_found_by_any_method(
    holder: Caller, method: str
) -> None:
    """404 under /api/v1, and never a page."""
    answer = holder.client.open("/api/v1/nothing", method=method, headers=holder.headers)

    assert answer.status_code == 404
    assert answer.get_json()["code"] == "not_found"


@pytest.mark.parametrize(
    ("path", "query", "status", "code"),
    [
        ("savings", "provider=AWS&provider=GCP", 422, "repeated_parameter"),
        ("savings", "tenant=2", 422, "unknown_parameter"),
        ("savings", "rate_card=mine", 422, "unknown_value"),
        ("savings", "basis=", 422, "unknown_value"),
        ("savings", "pricing_model=free", 422, "unknown_value"),
        ("savings", "provider=%00", 400, "unknown_provider"),
        ("savings", "provider=%FF", 400, "unknown_provider"),
        ("savings", "provider=%EF%BC%A1WS", 400, "unknown_provider"),
        ("savings/history", "days=abc", 422, "not_a_whole_number"),
        ("savings/history", "days=30.5", 422, "not_a_whole_number"),
        ("savings/history", "days=%203_0", 422, "not_a_whole_number"),
        ("savings/history", "days=%E0%A5%A9%E0%A5%A6", 422, "not_a_whole_number"),
        ("savings/history", "days=", 422, "not_a_whole_number"),
        ("savings/history", "days=%2B1", 422, "not_a_whole_number"),
        ("savings/history", "days=-1", 422, "not_a_whole_number"),
        ("savings/history", "days=0", 422, "out_of_range"),
        ("savings/history", "days=3661", 422, "out_of_range"),
        ("savings/history", "days=999999999", 422, "out_of_range"),
        ("savings/history", "days=1000000000", 422, "out_of_range"),
        ("savings/history", "timezone=../../etc/passwd", 422, "unknown_timezone"),
        ("savings/history", "timezone=", 422, "unknown_timezone"),
        ("savings/history", "timezone=America", 422, "unknown_timezone"),
        ("savings/history", "timezone=Sao%20Paulo", 422, "unknown_timezone"),
        ("savings/history", "timezone=america/sao_paulo", 422, "unknown_timezone"),
        ("savings/history", "timezone=" + "A" * 10_000, 422, "unknown_timezone"),
        ("savings/history", "timezone=%00", 422, "unknown_timezone"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(
    holder: Caller, path: str, query: str, status: int, code: str
) -> None:
    """Only ASCII digits, known names, and each parameter once."""
    answer = holder.client.get(f"/api/v1/economy/{path}?{query}", headers=holder.headers)

    assert answer.status_code == status
    assert answer.get_json()["code"] == code


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1//economy/savings",
        "/api/v1/economy/savings/",
        "/api/v1/%2e%2e/%2e%2e/etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/assets/%2e%2e/%2e%2e/api/app.py",
        "/assets/..%2f..%2fapi%2fapp.py",
        "/assets/",
        "/assets/x%00y",
        "/%00",
        "/index.html%00",
        "/api/v1/economy/savings%00",
        "/" + "a" * 8_192,
        "/assets/" + "a" * 8_192,
        "/api/v1/" + "a" * 8_192,
    ],
)
@pytest.mark.usefixtures("built_screen")
def test_an_odd_path_is_not_found_and_never_a_file(holder: Caller, path: str) -> None:
    """At most it is answered with the page that says so."""
    answer = holder.client.get(path, headers=holder.headers, buffered=True)

    assert answer.status_code in {404, 414}
    assert b"root:" not in answer.get_data()
    assert b"import " not in answer.get_data()


def test_head_has_the_headers_and_no_body(holder: Caller) -> None:
    """It is a GET without its content."""
    answer = holder.client.head("/api/v1/economy/savings", headers=holder.headers)

    assert answer.status_code == 200
    assert answer.headers["ETag"]
    assert answer.get_data() == b""


def test_another_origin_is_given_no_leave(holder: Caller) -> None:
    """No CORS headers, whatever a preflight asks for."""
    asked = {"Origin": "https://other.example", "Access-Control-Request-Method": "POST"}

    preflight = holder.client.options("/api/v1/usage/events", headers=asked)
    read = holder.client.get("/api/v1/economy/savings", headers={**holder.headers, **asked})

    for answer in (preflight, read):
        assert not any(name.lower().startswith("access-control") for name, _ in answer.headers)


def test_what_was_sent_is_not_echoed_at_length(holder: Caller) -> None:
    """An answer to nonsense is short."""
    answer = holder.client.get(
        "/api/v1/economy/savings?" + "x" * 20_000 + "=1", headers=holder.headers
    )

    assert answer.status_code == 422
    assert len(answer.get_data()) < 1_000
