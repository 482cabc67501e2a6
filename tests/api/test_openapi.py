"""The OpenAPI document: written from the declared operations, and true of them."""

import re

import pytest

from dumont_economy.api.operation import OPERATIONS
from tests.api.harness import Application, Caller, Json


@pytest.fixture
def document(caller: Caller) -> Json:
    """Return the document as it is answered."""
    return caller.read("/openapi.json")


def references(found: object) -> set[str]:
    """Return everything that a part of the document refers to."""
    if isinstance(found, dict):
        inner = {name for value in found.values() for name in references(value)}
        return inner | ({found["$ref"]} if isinstance(found.get("$ref"), str) else set())
    if isinstance(found, list):
        return {name for element in found for name in references(element)}
    return set()


def test_it_is_openapi_3_1_of_this_product(document: Json) -> None:
    """With the licence under which it is given."""
    assert document["openapi"] == "3.1.0"
    assert document["info"]["title"] == "Dumont Economy"
    assert document["info"]["license"] == {"name": "Apache-2.0", "identifier": "Apache-2.0"}


def test_it_describes_every_route_of_the_api(application: Application, document: Json) -> None:
    """No more and no fewer."""
    described = {
        (path, method.upper()) for path, of_path in document["paths"].items() for method in of_path
    }
    routed = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method)
        for rule in application.flask.url_map.iter_rules()
        if not rule.endpoint.startswith("screen.")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }

    assert described >= {("/api/v1/economy/savings", "GET"), ("/api/v1/usage/events", "POST")}
    assert described == routed


def test_every_reference_leads_somewhere(document: Json) -> None:
    """A reader, or a generator of clients, can follow it."""
    schemas = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}

    assert references(document["paths"]) <= schemas
    assert references(document["components"]) <= schemas


def test_every_operation_says_what_it_needs_and_how_it_fails(document: Json) -> None:
    """Credentials, and each error as a problem."""
    for declared in OPERATIONS:
        path = re.sub(r"<(\w+)>", r"{\1}", declared.path)
        described = document["paths"][path][declared.method.lower()]
        errors = {code: of for code, of in described["responses"].items() if code >= "400"}
        assert bool(described["security"]) is (declared.scope is not None)
        assert described["summary"]
        assert errors
        for of in errors.values():
            schema = of["content"]["application/problem+json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Problem"}


def test_amounts_outside_the_published_numbers_are_strings(document: Json) -> None:
    """Money is a decimal string everywhere but in the five published answers; unknown is null."""
    of_instances = document["components"]["schemas"]["TotalsInfo"]["properties"]

    assert {choice["type"] for choice in of_instances["cost"]["anyOf"]} == {"string", "null"}
    for name in ("comparable_cost", "comparison_cost", "saving"):
        assert of_instances[name]["type"] == "string"


def test_an_event_is_described_field_by_field(document: Json) -> None:
    """As it is read: 1 to 1,000 of them."""
    events = document["components"]["schemas"]["EventsBody"]["properties"]["events"]

    assert (events["minItems"], events["maxItems"]) == (1, 1_000)
    assert set(events["items"]["required"]) == {"id", "source", "type", "time"}
    assert events["items"]["additionalProperties"] is False
