"""The built screen as files: found under any path, kept by browsers, new when it is new."""

import re
from pathlib import Path
from urllib.parse import urljoin

import pytest
from werkzeug.test import TestResponse

from tests.api.harness import Application

ELEMENT = "/embed/economy-widget.js"
FOREVER = "public, max-age=31536000, immutable"
SCRIPT = re.compile(r'src="([^"]+)"')


@pytest.fixture(autouse=True)
def screen(built_screen: Path) -> Path:
    """Return the folder of a built screen."""
    return built_screen


def get(application: Application, sent: str, **headers: str) -> TestResponse:
    """Ask for an address, as it is sent: what is encoded in it stays encoded."""
    environ = {"RAW_URI": sent, "REQUEST_URI": sent}
    return application.flask.test_client().get(
        sent, headers=headers, environ_overrides=environ, buffered=True
    )


@pytest.mark.parametrize("prefix", ["", "/economy", "/a/deep/path"])
@pytest.mark.parametrize(
    ("sent", "script"),
    [
        ("/", "index"),
        ("/savings", "index"),
        ("/savings?why=usage&x=/a/b", "index"),
        ("/instances/4090", "index"),
        ("/instances/rack%2F7", "index"),
        ("/instances/rack/7", "index"),
        ("/instances/4090/", "index"),
        ("/no/such/page", "index"),
        ("http://meter.example/savings", "index"),
        ("/embed/widget", "widget"),
    ],
)
def test_a_page_finds_its_files_under_any_path(
    application: Application, prefix: str, sent: str, script: str
) -> None:
    """A proxy strips a prefix that only the browser knows, and no setting has to name it."""
    answer = get(application, sent)

    found = SCRIPT.search(answer.get_data(as_text=True))
    assert found
    seen = sent.removeprefix("http://meter.example")
    where = urljoin(f"https://operator.example{prefix}{seen}", found[1])
    assert where == f"https://operator.example{prefix}/assets/{script}-1a2b3c.js"


@pytest.mark.parametrize("address", [ELEMENT, "/embed/widget", "/"])
def test_what_keeps_its_address_is_asked_for_each_time(
    application: Application, screen: Path, address: str
) -> None:
    """304 while it is the same, also from another server; 200 once it is another."""
    first = get(application, address)
    assert first.status_code == 200
    assert first.headers["Cache-Control"] == "no-cache"
    tag = first.headers["ETag"]

    for file in screen.rglob("*.*"):
        file.touch()
    assert get(application, address, If_None_Match=tag).status_code == 304

    for file in screen.rglob("*.*"):
        file.write_text(f"{file.read_text()} ")
    other = get(application, address, If_None_Match=tag)
    assert other.status_code == 200
    assert other.headers["ETag"] != tag


def test_what_is_named_after_its_content_is_kept(application: Application) -> None:
    """The control: a hashed file is never asked for again."""
    answer = get(application, "/assets/index-1a2b3c.js")

    assert answer.headers["Cache-Control"] == FOREVER


def test_the_element_is_a_script_that_only_its_own_origin_can_use(application: Application) -> None:
    """A module is fetched with CORS, for which nothing here gives leave."""
    answer = get(application, ELEMENT, Origin="https://other.example")

    assert answer.content_type == "text/javascript; charset=utf-8"
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("address", ["/embed/widget", ELEMENT])
def test_without_a_built_screen_the_widget_says_so(
    application: Application, screen: Path, address: str
) -> None:
    """As every page does."""
    (screen / "widget.html").unlink()
    (screen / "embed" / "economy-widget.js").unlink()

    answer = get(application, address)

    assert (answer.status_code, answer.get_json()["code"]) == (404, "screen_not_built")
