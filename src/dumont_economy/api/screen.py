"""Serves the built screen: its pages, and the files they are made of."""

from importlib.resources import files
from pathlib import Path

from flask import Blueprint, Response, send_from_directory

from dumont_economy.api.api_error import ApiError

blueprint = Blueprint("screen", __name__)

# The pages that the screen knows; any other address outside the API is its "not found" page.
_PAGES = ("/", "/login", "/setup", "/savings", "/prices", "/settings", "/instances/<text:name>")
_STATIC = Path(str(files("dumont_economy"))) / "static"
_A_YEAR = 31_536_000


def is_built() -> bool:
    """Say whether this installation has the built screen."""
    return (_STATIC / "index.html").is_file()


def _page(status: int) -> Response:
    if not is_built():
        detail = "The screen is not built in this installation; the API under /api/v1 works."
        raise ApiError(404, "screen_not_built", detail)
    response = send_from_directory(_STATIC, "index.html")
    response.status_code = status
    response.headers["Cache-Control"] = "no-cache"
    return response


def page(name: str = "") -> Response:
    """Return the screen, which shows the page that the address names.

    It asks the API for what the page is about; `name` may be of something that there is not.
    """
    del name
    return _page(200)


def not_found_page() -> Response:
    """Return the screen, which says that there is nothing at this address."""
    return _page(404)


def asset(name: str) -> Response:
    """Return a built file; its name changes with its content, so it may be kept for ever."""
    response = send_from_directory(_STATIC / "assets", name)
    response.headers["Cache-Control"] = f"public, max-age={_A_YEAR}, immutable"
    return response


def beside_page(name: str) -> Response:
    """Return a file beside the page, such as its icon."""
    return send_from_directory(_STATIC, name)


for _rule in _PAGES:
    blueprint.add_url_rule(_rule, endpoint="page", view_func=page)
blueprint.add_url_rule("/assets/<path:name>", endpoint="asset", view_func=asset)
# Named one by one: a rule for any name would answer for what does not exist.
for _file in sorted(_STATIC.glob("*.*")):
    if _file.name != "index.html":
        blueprint.add_url_rule(
            f"/{_file.name}",
            endpoint="beside_page",
            view_func=beside_page,
            defaults={"name": _file.name},
        )
