"""The OpenAPI 3.1 document, written from the declared operations."""

import re
from datetime import timedelta
from importlib.metadata import version
from typing import Any

from flask import Blueprint, Response, json
from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema

from dumont_economy.api.idempotency import HEADER, KEY_PATTERN, REPLAYED_HEADER
from dumont_economy.api.operation import EVENTS, OPERATIONS, Operation, operation
from dumont_economy.api.problem_codes import ProblemCode
from dumont_economy.api.reasons import REFUSALS_THAT_NAME, ReasonParameters
from dumont_economy.services.answer_once import KEPT_FOR

blueprint = Blueprint("openapi", __name__, url_prefix="/api/v1")

_REF = "#/components/schemas/{model}"
_PATH_ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>")
_KEYED = (
    "The same request with the same key is worked on once and answered the same: for "
    f"{KEPT_FOR // timedelta(hours=1)} hours at least. Only an answer that says what became of the "
    "events is kept."
)
_COMPRESSIBLE = "Plain, or compressed with `Content-Encoding: gzip`."
_HELD_ID = (
    "The `id` of the last event that was received: while it names the account's present state, "
    "the stream begins without an event. Whatever else it says, it begins with one."
)
_DESCRIPTIONS = {
    304: "What the client holds still describes the present",
    400: "Not a request that can be read",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found for this account",
    408: "The body did not arrive in time",
    409: "Conflicts with what exists",
    413: "Body too large",
    415: "Not application/json",
    422: "Read, but not usable",
    429: "Too many tries, or too many streams",
    503: "Unavailable for now",
}


class ProblemField(BaseModel):
    """What is wrong with one field."""

    pointer: str
    code: ProblemCode | str
    message: str
    parameters: ReasonParameters = Field(
        description=f"What the message of a code names: {REFUSALS_THAT_NAME}."
    )


class Problem(BaseModel):
    """An error, RFC 9457; `success` and `error` on the five economy endpoints."""

    type: str
    title: str
    status: int
    detail: str
    code: ProblemCode | str
    request_id: str
    errors: list[ProblemField]


@operation(
    blueprint,
    "GET",
    "/openapi.json",
    summary="This document",
    scope="read",
    answer=None,
)
def openapi() -> Response:
    """Answer the OpenAPI document."""
    return Response(json.dumps(openapi_document()), mimetype="application/json")


def openapi_document() -> dict[str, Any]:
    """Return the document as a JSON object."""
    models: dict[type[BaseModel], None] = {Problem: None}
    for one in OPERATIONS:
        models |= {model: None for model in (one.answer, one.body) if model is not None}
    _, definitions = models_json_schema(
        [(model, "serialization") for model in models], ref_template=_REF
    )
    paths: dict[str, dict[str, Any]] = {}
    for one in OPERATIONS:
        path = _PATH_ARGUMENT.sub(r"{\1}", one.path)
        paths.setdefault(path, {})[one.method.lower()] = _describe(one)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Dumont Economy",
            "version": version("dumont-economy"),
            "description": "What rented GPUs cost, and what the same work would have cost.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "economy_session"},
            },
        },
    }


def _describe(one: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.summary,
        "tags": [one.tag],
        "parameters": _parameters(one),
        "responses": _responses(one),
        "security": [] if one.scope is None else [{"bearer": []}, {"cookie": []}],
    }
    if one.body is not None:
        schema = {"$ref": _REF.format(model=one.body.__name__)}
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema}},
        }
        if one.is_compressible:
            described["requestBody"]["description"] = _COMPRESSIBLE
    return described


def _parameters(one: Operation) -> list[dict[str, Any]]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PATH_ARGUMENT.findall(one.path)
    ]
    if one.is_keyed:
        parameters.append(
            {
                "name": HEADER,
                "in": "header",
                "schema": {"type": "string", "pattern": KEY_PATTERN},
                "description": _KEYED,
            }
        )
    if one.media_type == EVENTS:
        parameters.append(
            {
                "name": "Last-Event-ID",
                "in": "header",
                "schema": {"type": "string"},
                "description": _HELD_ID,
            }
        )
    if one.query is not None:
        schema = one.query.model_json_schema(ref_template=_REF)
        for name, found in schema.get("properties", {}).items():
            parameters.append(
                {"name": name, "in": "query", "schema": _inline(found, schema.get("$defs", {}))}
            )
    return parameters


def _inline(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Return a parameter's own schema: a query string has no null, and refers to nothing."""
    choices = [choice for choice in schema.get("anyOf", [schema]) if choice.get("type") != "null"]
    found = dict(choices[0])
    reference = found.pop("$ref", None)
    if reference is not None:
        found |= definitions[reference.rpartition("/")[2]]
    found.pop("default", None)
    found.pop("title", None)
    return found


def _responses(one: Operation) -> dict[str, Any]:
    success: dict[str, Any] = {"description": one.summary}
    if one.answer is not None:
        schema = {"$ref": _REF.format(model=one.answer.__name__)}
        success["content"] = {one.media_type: {"schema": schema}}
    if one.is_keyed:
        success["headers"] = {
            REPLAYED_HEADER: {
                "schema": {"type": "string", "enum": ["true"]},
                "description": "Present where this is the answer of an earlier request.",
            }
        }
    responses = {str(one.status): success}
    if one.is_conditional:
        responses["304"] = {"description": _DESCRIPTIONS[304]}
    for status in sorted(_statuses(one)):
        responses[str(status)] = {
            "description": _DESCRIPTIONS[status],
            "content": {
                "application/problem+json": {"schema": {"$ref": _REF.format(model="Problem")}}
            },
        }
    return responses


def _statuses(one: Operation) -> set[int]:
    """Return every status of an error that an operation can answer."""
    statuses = {422, 503, *one.errors}
    if one.scope is not None:
        statuses |= {401, 403}
    if one.body is not None:
        statuses |= {400, 408, 413, 415}
    if one.is_keyed:
        statuses.add(409)
    return statuses
