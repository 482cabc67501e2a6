"""Every page in every state that it can be in, in Chromium against the real server."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.e2e.looks import HEIGHT, Console, Look, faults, picture
from tests.e2e.pairs import all_rows, pairwise
from tests.e2e.states import STATES, Stage
from tests.e2e.worlds import Universe, start_universe

PAGES = list(dict.fromkeys(page for state in STATES.values() for page in state.pages))
FACTORS = [list(STATES), PAGES, ["light", "dark"], ["en-US", "pt-BR"], [320, 768, 1440]]
PRODUCT = all_rows(FACTORS, fits=lambda row: row[1] in STATES[str(row[0])].pages)
ROWS = PRODUCT if os.environ.get("DUMONT_ECONOMY_E2E_ALL") else pairwise(PRODUCT)


@pytest.fixture(scope="module")
def universe(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Universe]:
    """Return one server for all rows."""
    made = start_universe(tmp_path_factory.mktemp("universe"), browser)
    yield made
    made.server.stop()


@pytest.mark.parametrize("row", ROWS, ids=["-".join(str(part) for part in row) for row in ROWS])
def test_a_page_in_a_state_is_whole(browser: Browser, universe: Universe, row) -> None:
    """It says what it has to, and nothing of it is out of reach, foreign or complains."""
    name, page_name, theme, locale, width = row
    state, look = STATES[name], Look(theme, locale, width)
    context = browser.new_context(
        color_scheme=theme,
        locale=locale,
        viewport={"width": width, "height": HEIGHT},
        storage_state=universe.sessions[state.world] if state.world else None,
    )
    page = context.new_page()
    console = Console(page, state.allowed)
    stage = Stage(page, universe, state.world, page_name)

    state.begins(stage)

    found = faults(page, look, console)
    picture(page, "-".join(str(part) for part in row))
    if os.environ.get("DUMP"):
        from tests.e2e.looks import SCREENS
        (SCREENS / ("-".join(str(part) for part in row) + ".txt")).write_text(page.inner_text("body"))
    state.ends(stage)
    context.close()
    assert found + console.said == []
