"""Reasons have codes: all of them are in the OpenAPI document, with what their sentences name."""

import ast
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import dumont_economy
from dumont_economy.api.error_responses import CODE_OF_STATUS, STATUS_OF
from dumont_economy.api.openapi import openapi_document
from dumont_economy.api.operation import OUR_CODES
from dumont_economy.api.problem_codes import ProblemCode
from dumont_economy.api.reasons import (
    DOUBT_SENTENCES,
    REFUSAL_SENTENCES,
    REJECTION_SENTENCES,
    UNPRICED_SENTENCES,
    WHY_NOT_SENTENCES,
    ReasonParameters,
)
from dumont_economy.errors import InvalidInputError
from dumont_economy.pricing.price_guard import DoubtCode, doubt_parameters
from dumont_economy.pricing.rate import PricingModel
from dumont_economy.services.notice import (
    NAMED_SENTENCES,
    NOTICE_SENTENCES,
    names_in,
)
from tests.builders import sku

Snapshot = Callable[[str, object], None]

ALL_SENTENCES: Mapping[str, Mapping[Any, str]] = {
    "unpriced": UNPRICED_SENTENCES,
    "whyNot": WHY_NOT_SENTENCES,
    "rejected": REJECTION_SENTENCES,
    "doubts": DOUBT_SENTENCES,
    "notices": NOTICE_SENTENCES,
    "refusals": REFUSAL_SENTENCES,
}
# Which argument of a call is the code of a refusal.
CODE_AT = {
    "ApiError": 1,
    "FieldProblem": 1,
    "PydanticCustomError": 0,
    "InvalidInstantError": 1,
    "StrictJsonError": 0,
}
# Refusals of usage events, and of decisions that only the command line takes.
ELSEWHERE = {"usage", "idempotency", "record_usage", "review_prices"}
OF_USAGE = {"idempotency_key_reused", "request_in_progress", "malformed_gzip"}
# Where the document has the codes: a schema, and its member.
DOCUMENTED = {
    "unpriced": ("ReasonInfo", "code"),
    "whyNot": ("CandidateInfo", "why_not_code"),
    "rejected": ("RejectedInfo", "code"),
    "doubts": ("ConflictInfo", "code"),
    "notices": ("NoticeInfo", "code"),
    "refusals": ("Problem", "code"),
}


def named_in(sentence: str) -> set[str]:
    """Return what a sentence names."""
    return set(names_in(sentence))


def codes_in(schemas: Mapping[str, Any], schema: Mapping[str, Any]) -> set[str]:
    """Return every text that a schema allows, through what it refers to."""
    found = set(schema.get("enum", ()))
    for part in schema.get("anyOf", ()):
        found |= codes_in(schemas, part)
    if "$ref" in schema:
        found |= codes_in(schemas, schemas[schema["$ref"].rpartition("/")[2]])
    return found


@pytest.fixture(scope="module")
def schemas() -> Mapping[str, Any]:
    """Return the schemas of the OpenAPI document."""
    found: Mapping[str, Any] = openapi_document()["components"]["schemas"]
    return found


def test_the_codes_and_what_they_name_are_as_reviewed(
    schemas: Mapping[str, Any], snapshot: Snapshot
) -> None:
    """The screen's tests read the same file, and ask for words in each of its languages."""
    snapshot(
        "reason_codes",
        {
            kind: {
                code: sorted(named_in(ALL_SENTENCES[kind].get(code, "")))
                for code in sorted(codes_in(schemas, schemas[owner]["properties"][member]))
            }
            for kind, (owner, member) in DOCUMENTED.items()
        }
        | {
            "named": {
                code: sorted(named_in(sentence)) for code, sentence in NAMED_SENTENCES.items()
            }
        },
    )


# Most refusals name nothing, so that their words are no matter of the document.
@pytest.mark.parametrize("kind", sorted(ALL_SENTENCES.keys() - {"refusals"}))
def test_every_code_of_the_document_has_its_sentence_there(
    schemas: Mapping[str, Any], kind: str
) -> None:
    """None is left out, and none is told that no answer has."""
    owner, member = DOCUMENTED[kind]

    assert codes_in(schemas, schemas[owner]["properties"][member]) == set(ALL_SENTENCES[kind])


def test_what_sentences_name_is_what_an_answer_can_carry() -> None:
    """And an answer declares nothing that no sentence names."""
    named = {
        name
        for sentences in (*ALL_SENTENCES.values(), NAMED_SENTENCES)
        for sentence in sentences.values()
        for name in named_in(sentence)
    }

    # The list of a notice is a member of its own.
    assert named - {"named"} == set(ReasonParameters.model_fields)


def test_a_doubt_is_told_with_what_its_sentence_names() -> None:
    """The guard and the document agree; peers are told in words only."""
    of, two = sku("x", "T4"), Decimal(2)

    told = {
        code: doubt_parameters(code, two, two, of, PricingModel.ON_DEMAND) for code in DoubtCode
    }
    told[DoubtCode.UNLIKE_SAME_GPU] = doubt_parameters(
        DoubtCode.UNLIKE_SAME_GPU, two, None, of, PricingModel.ON_DEMAND
    )

    assert {code: set(named) for code, named in told.items()} == {
        code: named_in(sentence) for code, sentence in DOUBT_SENTENCES.items()
    }


def test_a_notice_has_words_for_each_thing_in_its_list() -> None:
    """Where its sentence has a list, and nowhere else."""
    with_a_list = {code for code, said in NOTICE_SENTENCES.items() if "named" in named_in(said)}

    assert with_a_list == set(NAMED_SENTENCES)


def test_what_is_not_named_is_left_out_of_an_answer() -> None:
    """A reader sees what the sentence of the code names, and no nulls beside it."""
    named = {"offered": "AMD", "wanted": "NVIDIA"}

    assert ReasonParameters.model_validate(named).model_dump() == named


def said_in_the_source(root: Path) -> set[str]:
    """Return every code that refusals of the API are made with, but for those of usage events."""
    found = {str(kind.code) for kind in STATUS_OF if kind is not InvalidInputError}
    found |= {"error", "internal", *CODE_OF_STATUS.values(), *OUR_CODES.values()}
    for folder in ("api", "services"):
        for path in (root / folder).rglob("*.py"):
            if path.stem in ELSEWHERE:
                continue
            for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
                    place = CODE_AT.get(call.func.id)
                    found |= {
                        str(one.value)
                        for one in call.args[place : None if place is None else place + 1]
                        if place is not None and isinstance(one, ast.Constant)
                    }
    return found


def test_the_document_has_every_code_that_a_refusal_is_made_with() -> None:
    """A new one without words in the screen's other language is noticed by their test."""
    said = said_in_the_source(Path(dumont_economy.__file__).parent)

    assert len(said) > 50
    assert said - OF_USAGE <= set(ProblemCode)


def test_no_code_of_a_refusal_is_told_that_nothing_says() -> None:
    """Each stands somewhere in the source beside the list, or is the validator's own."""
    root = Path(dumont_economy.__file__).parent
    text = "\n".join(
        path.read_text(encoding="utf-8")
        for path in root.rglob("*.py")
        if path.stem != "problem_codes"
    )

    assert {code for code in ProblemCode if f'"{code}"' not in text} <= {ProblemCode.MISSING}
