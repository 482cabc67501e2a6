"""Schemathesis over the OpenAPI document: no server error, no difference from the document."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from dumont_economy.api.auth import limiter
from dumont_economy.api.operation import OPERATIONS, Operation
from tests.api.harness import Application, hours_ago, sign_in, start, start_application

CHECKS: list[CheckFunction] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
EXAMPLES_PER_MODE = 25
EMAIL = "owner@example.org"


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    """Return an application of its own with some usage in it: what is sent here may stay."""
    application = start_application(tmp_path_factory.mktemp("fuzzed"))
    person = application.person("owner")
    bearer = {"Authorization": f"Bearer {person.token}"}
    events = [start("i-1", hours_ago(3)), start("i-2", hours_ago(2), gpu="Foo 9000")]
    stored = application.flask.test_client().post(
        "/api/v1/usage/events", json={"events": events}, headers=bearer
    )
    assert stored.status_code == 200
    yield application
    application.close()


def bearer_of(application: Application) -> dict[str, str]:
    """Return the credentials of a fresh session, which has every right."""
    limiter.reset()
    token = sign_in(application.flask.test_client(), EMAIL).get_json()["token"]
    return {"Authorization": f"Bearer {token}"}


def takes_anything(one: Operation) -> bool:
    """Say whether there is anything in an operation's request that could be wrong."""
    return bool(one.scope or one.query or one.body or "<" in one.path)


RUNS = [
    pytest.param(one, mode, id=f"{one.name} {mode.value}")
    for one in OPERATIONS
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    if mode is GenerationMode.POSITIVE or takes_anything(one)
]


def label_of(one: Operation) -> str:
    """Return an operation as Schemathesis names it."""
    return f"{one.method} {one.path.replace('<', '{').replace('>', '}')}"


def run(schema: BaseSchema, label: str, mode: GenerationMode, headers: dict[str, str]) -> int:
    """Send generated cases to one operation and check each answer; return how many were sent."""
    operation = schema.find_operation_by_label(label)
    assert operation is not None, f"{label} is not in the document"
    sent = 0

    @settings(
        max_examples=EXAMPLES_PER_MODE,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode))
    def check(case: Case[Any]) -> None:
        nonlocal sent
        sent += 1
        case.call_and_validate(headers=headers, checks=CHECKS)

    check()
    return sent


def schema_of(flask: Flask, headers: dict[str, str]) -> BaseSchema:
    """Return the document as the application answers it."""
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", flask, headers=headers)


@pytest.mark.parametrize(("one", "mode"), RUNS)
def test_no_server_error_and_no_difference_from_the_document(
    fuzzed: Application, one: Operation, mode: GenerationMode
) -> None:
    """Whatever is sent to an operation, its answer is one that the document describes."""
    headers = bearer_of(fuzzed)
    schema = schema_of(fuzzed.flask, headers)

    assert run(schema, label_of(one), mode, headers) >= 1


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        pytest.param(("{}", 200, "application/json"), "required property", id="members missing"),
        pytest.param(("{}", 418, "application/json"), "418", id="a status not declared"),
        pytest.param(("{}", 200, "text/html"), "text/html", id="a type not declared"),
        pytest.param(("{}", 500, "application/json"), "Server error", id="a server error"),
    ],
)
def test_a_broken_answer_is_caught(
    fuzzed: Application,
    monkeypatch: pytest.MonkeyPatch,
    broken: tuple[str, int, str],
    said: str,
) -> None:
    """The run above is able to fail: the same operation, answered wrongly, does not pass."""
    headers = bearer_of(fuzzed)
    schema = schema_of(fuzzed.flask, headers)
    text, status, mimetype = broken
    monkeypatch.setitem(
        fuzzed.flask.view_functions,
        "economy.savings",
        lambda: fuzzed.flask.response_class(text, status, mimetype=mimetype),
    )

    with pytest.raises(FailureGroup) as caught:
        run(schema, "GET /api/v1/economy/savings", GenerationMode.POSITIVE, headers)

    assert said in "\n".join(f"{one.title} {one.message}" for one in caught.value.exceptions)
