"""Every page in every state that it can be in, in Chromium against the real server."""

import os
import re
from collections.abc import Iterator
from itertools import product
from typing import Literal, NamedTuple

import pytest
from playwright.sync_api import Browser

from tests.e2e.looks import HEIGHT, Look, Watch, faults, picture
from tests.e2e.pairs import pairwise
from tests.e2e.states import ADDRESSES, STATES, Stage
from tests.e2e.worlds import Universe, start_universe


class Row(NamedTuple):
    """One page in one state, looked at in one way."""

    state: str
    page: str
    theme: Literal["light", "dark"]
    locale: str
    width: int


def _fits(row: Row) -> bool:
    return row.page in STATES[row.state].pages


FACTORS = (STATES, ADDRESSES, ("light", "dark"), ("en-US", "pt-BR"), (320, 768, 1440))
PRODUCT = [row for row in map(Row._make, product(*FACTORS)) if _fits(row)]
# All of them take a quarter of an hour: `make e2e-all`.
ROWS = PRODUCT if "DUMONT_ECONOMY_E2E_ALL" in os.environ else pairwise(PRODUCT)
# That there is nothing at an address is its answer, which Chromium tells as a failed request.
NOT_FOUND = r"^Failed to load resource: .* 404 "


def name_of(row: Row) -> str:
    """Name a row, and its picture."""
    return "-".join(str(part) for part in row)


@pytest.fixture(scope="module")
def universe(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Universe]:
    """Return one server for all rows."""
    made = start_universe(tmp_path_factory.mktemp("universe"), browser)
    yield made
    made.stop()


def opened(browser: Browser, universe: Universe, row: Row) -> Stage:
    """Return an empty page that is about to get into a row's state."""
    state = STATES[row.state]
    allowed = NOT_FOUND if row.page == "not-found" else state.allowed
    context = browser.new_context(
        color_scheme=row.theme,
        locale=row.locale,
        viewport={"width": row.width, "height": HEIGHT},
        storage_state=None if state.world is None else universe.sessions[state.world],
    )
    page = context.new_page()
    server = universe.unowned if row.state == "no-owner" else universe.server
    return Stage(
        page,
        Watch(page, allowed),
        universe,
        state.world,
        row.page,
        server.url + ADDRESSES[row.page],
    )


@pytest.mark.timeout(120)
@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_a_page_in_a_state_is_whole(browser: Browser, universe: Universe, row: Row) -> None:
    """It says what it has to, and nothing of it is out of reach, foreign, or complains."""
    state, look = STATES[row.state], Look(row.theme, row.locale, row.width)
    stage = opened(browser, universe, row)

    state.begins(stage)

    said = stage.says()
    english, portuguese = state.pages[row.page]
    wanted = english if look.language == "en" else portuguese
    found = faults(stage.page, look, stage.watch)
    found += [f"does not say: {words}" for words in wanted if not re.search(words, said)]
    picture(stage.page, name_of(row))
    assert found == []
    state.ends(stage)
    stage.page.context.close()
    assert stage.watch.said == []
