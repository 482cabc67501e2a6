"""Through all tests of the API, every statement on rows of accounts names one account."""

from collections.abc import Iterator

import pytest
from flask import Flask, Response, request, request_finished

from dumont_economy.api.problem_codes import ProblemCode
from tests.account_filter import Watch, watched_statements


@pytest.fixture(autouse=True)
def watched() -> Iterator[Watch]:
    """Watch every statement, and fail a test in which one did not say whose rows it is about."""
    with watched_statements() as watch:
        yield watch
    assert watch.unfiltered == []


@pytest.fixture(autouse=True)
def every_refusal_has_a_code_that_the_document_has() -> Iterator[None]:
    """Fail a test in which a problem had another code: no screen would have words for it."""
    unknown: set[str] = set()

    def look(_: Flask, response: Response, **_more: object) -> None:
        takes_usage = (request.method, request.path) == ("POST", "/api/v1/usage/events")
        if response.mimetype != "application/problem+json" or takes_usage:
            return
        body = response.get_json()
        unknown.update({body["code"], *(one["code"] for one in body["errors"])} - set(ProblemCode))

    with request_finished.connected_to(look):
        yield
    assert unknown == set()
