"""Through all tests of the API, every statement on rows of accounts names one account."""

from collections.abc import Iterator

import pytest

from tests.account_filter import Watch, watched_statements


@pytest.fixture(scope="session", autouse=True)
def watched() -> Iterator[Watch]:
    """Watch every statement from the first test to the last one."""
    with watched_statements() as watch:
        yield watch


@pytest.fixture(autouse=True)
def every_statement_names_its_account(watched: Watch) -> Iterator[None]:
    """Fail a test in which a statement did not say whose rows it is about."""
    # Tests of other folders that this process has run meanwhile are no business of this one.
    watched.unfiltered.clear()
    yield
    unfiltered, watched.unfiltered = watched.unfiltered, []
    assert unfiltered == []
