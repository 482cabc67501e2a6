"""Serves the built screen: its pages, the widget for other pages, and what they are made of."""

from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

from flask import Blueprint, Response, request, send_from_directory

from dumont_economy.api.api_error import ApiError

blueprint = Blueprint("screen", __name__)

# The pages that the screen knows; any other address outside the API is its "not found" page.
_PAGES = ("/", "/login", "/setup", "/savings", "/prices", "/settings", "/instances/<text:name>")
_STATIC = Path(str(files("dumont_economy"))) / "static"
_ELEMENT = Path("embed") / "economy-widget.js"
_A_YEAR = 31_536_000
# How the build writes the address of a file of its own.
_BESIDE = '="./'


def is_built() -> bool:
    """Say whether this installation has the built screen."""
    return (_STATIC / "index.html").is_file()


def _read(name: Path | str) -> bytes:
    try:
        return (_STATIC / name).read_bytes()
    except FileNotFoundError as error:
        detail = "The screen is not built in this installation; the API under /api/v1 works."
        raise ApiError(404, "screen_not_built", detail) from error


def _kept_but_asked(content: bytes, content_type: str) -> Response:
    """Return what a browser may keep, if it asks each time whether it is still the same.

    The tag is of the content, so that all servers of an installation give the same one.
    """
    response = Response(content, content_type=content_type)
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    return response


def _answered(response: Response) -> Response:
    response.make_conditional(request)
    return response


def _page(name: str) -> Response:
    """Return a page that finds its files under whatever path a reverse proxy has put the site.

    Only the browser knows that path, so the files are named from the page's own address: from
    the one that was sent, in which a slash of an instance's name is not one of the path.
    """
    sent = request.environ.get("RAW_URI") or request.path
    path = sent.partition("?")[0] if sent.startswith("/") else urlsplit(sent).path
    to_root = "../" * (path.count("/") - 1) or "./"
    text = _read(name).decode().replace(_BESIDE, f'="{to_root}')
    return _kept_but_asked(text.encode(), "text/html; charset=utf-8")


def page(name: str = "") -> Response:
    """Return the screen, which shows the page that the address names.

    It asks the API for what the page is about; `name` may be of something that there is not.
    """
    del name
    return _answered(_page("index.html"))


def not_found_page() -> Response:
    """Return the screen, which says that there is nothing at this address."""
    response = _page("index.html")
    response.status_code = 404
    return response


def widget() -> Response:
    """Return the page that holds nothing but the widget."""
    return _answered(_page("widget.html"))


def element() -> Response:
    """Return the script that makes `<economy-widget>`; its address is the same in all versions."""
    return _answered(_kept_but_asked(_read(_ELEMENT), "text/javascript; charset=utf-8"))


def asset(name: str) -> Response:
    """Return a built file; its name changes with its content, so it may be kept for ever."""
    response = send_from_directory(_STATIC / "assets", name)
    response.headers["Cache-Control"] = f"public, max-age={_A_YEAR}, immutable"
    return response


for _rule in _PAGES:
    blueprint.add_url_rule(_rule, endpoint="page", view_func=page)
blueprint.add_url_rule("/embed/widget", endpoint="widget", view_func=widget)
blueprint.add_url_rule("/embed/economy-widget.js", endpoint="element", view_func=element)
blueprint.add_url_rule("/assets/<path:name>", endpoint="asset", view_func=asset)
