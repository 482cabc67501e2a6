"""Every page in every state that it can be in, in Chromium against the real server."""

import os
import re
from collections.abc import Sequence
from itertools import product
from typing import Literal, NamedTuple

import pytest
from playwright.sync_api import Browser

from tests.e2e.looks import HEIGHT, Look, Watch, faults, picture
from tests.e2e.pairs import pairs_of, pairwise
from tests.e2e.states import ADDRESSES, STATES, Stage
from tests.e2e.worlds import Universe


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
# All of them take about twenty minutes: `make e2e-all`.
ROWS = PRODUCT if "DUMONT_ECONOMY_E2E_ALL" in os.environ else pairwise(PRODUCT)
# Each page once on the widest screen, as it is with figures, or as it is met first.
WIDEST = [
    Row(
        next(
            state
            for state in ("running", "signed-out", "first-time")
            if page in STATES[state].pages
        ),
        page,
        "light",
        "en-US",
        2560,
    )
    for page in ADDRESSES
]
# That there is nothing at an address is its answer, which Chromium tells as a failed request.
NOT_FOUND = r"^Failed to load resource: .* 404 "


def name_of(row: Row) -> str:
    """Name a row, and its picture."""
    return "-".join(str(part) for part in row)


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


def lacks(stage: Stage, wanted: Sequence[str]) -> list[str]:
    """Return which words a page does not say."""
    said = stage.says()
    return [f"does not say: {words}" for words in wanted if not re.search(words, said)]


@pytest.mark.timeout(120)
@pytest.mark.parametrize("row", [*ROWS, *WIDEST], ids=name_of)
def test_a_page_in_a_state_is_whole(browser: Browser, universe: Universe, row: Row) -> None:
    """It says what it has to, and nothing of it is out of reach, foreign, or complains."""
    state, look = STATES[row.state], Look(row.theme, row.locale, row.width)
    stage = opened(browser, universe, row)

    state.begins(stage)

    english, portuguese = state.pages[row.page]
    wanted = english if look.language == "en" else portuguese
    found = faults(stage.page, look, stage.watch)
    found += lacks(stage, wanted)
    picture(stage.page, name_of(row))
    assert found == []
    state.ends(stage)
    stage.page.context.close()
    assert stage.watch.said == []


def test_the_rows_hold_every_two_values_that_fit() -> None:
    """Few rows, and yet no two values of the whole product lack a row with both."""
    wanted = {pair for row in PRODUCT for pair in pairs_of(row)}

    rows = pairwise(PRODUCT)

    assert {pair for row in rows for pair in pairs_of(row)} == wanted
    assert len(rows) < len(PRODUCT) / 5
    # The last row was chosen for a pair that no other has: without it the check above fails.
    assert {pair for row in rows[:-1] for pair in pairs_of(row)} < wanted


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        ("console.error('a mistake')", r"^error: a mistake"),
        ("console.log('a leftover')", r"^log: a leftover"),
        ("setTimeout(() => { throw new Error('thrown') })", r"^page error: thrown"),
        ("document.querySelector('img').removeAttribute('alt')", r"image-alt"),
        ("document.querySelector('p').style.color = '#ccc'", r"color-contrast"),
        ("document.querySelector('p').style.width = '500px'", r"^has to be scrolled sideways"),
        ("document.querySelector('p').textContent = 'The price of it'", r"^English: The price"),
        ("document.querySelector('p').title = 'not yours'", r"^English: not yours"),
        ("document.documentElement.lang = 'en'", r"^is in another language"),
    ],
)
def test_a_page_that_is_not_whole_is_found(browser: Browser, spoil: str, fault: str) -> None:
    """The control: a good page has no fault, and with one mistake it has that one."""
    look = Look("light", "pt-BR", 320)
    page = browser.new_page(viewport={"width": 320, "height": HEIGHT})
    watch = Watch(page)
    page.set_content(
        "<html lang=pt-BR><head><title>Economia</title></head><body><main><h1>Economia</h1>"
        "<img src=data:, alt=Economia><p>Nada a mais</p><p lang=en>The server said</p></main>"
    )
    assert faults(page, look, watch) == []

    page.evaluate(spoil)
    page.wait_for_timeout(50)

    found = [str(one) for one in faults(page, look, watch)]
    assert len(found) == 1, found
    assert re.search(fault, found[0])
    page.close()


def test_words_that_are_missing_are_found(browser: Browser, universe: Universe) -> None:
    """The control: what one state shows is not what another has to."""
    stage = opened(browser, universe, Row("running", "dashboard", "light", "en-US", 768))
    stage.open()

    missing = lacks(stage, STATES["nothing-running"].pages["dashboard"][0])

    assert missing == ["does not say: Nothing is running", r"does not say: \$93\.60"]
    stage.page.context.close()
