"""Serves the built screen: its pages, and the files they are made of."""

from importlib.resources import files
from pathlib import Path

from flask import Blueprint, Response, send_from_directory

from dumont_economy.api.error_responses import ApiError

blueprint = Blueprint("screen", __name__)

# The pages that the screen knows; any other address shows its "not found" page with 404.
_PAGES = ("/", "/login", "/setup", "/savings")
_STATIC = Path(str(files("dumont_economy"))) / "static"
_A_YEAR = 31_536_000


def _page(status: int) -> Response:
    if not (_STATIC / "index.html").is_file():
        detail = "The screen is not built in this installation; the API under /api/v1 works."
        raise ApiError(404, "screen_not_built", detail)
    response = send_from_directory(_STATIC, "index.html")
    response.status_code = status
    response.headers["Cache-Control"] = "no-cache"
    return response


def page() -> Response:
    """Return the screen, which shows the page that the address names."""
    return _page(200)


for _rule in _PAGES:
    blueprint.add_url_rule(_rule, endpoint="page", view_func=page)


@blueprint.get("/assets/<path:name>")
def asset(name: str) -> Response:
    """Return a built file; its name changes with its content, so it may be kept for ever."""
    response = send_from_directory(_STATIC / "assets", name)
    response.headers["Cache-Control"] = f"public, max-age={_A_YEAR}, immutable"
    return response


@blueprint.get("/<path:name>")
def file_or_not_found(name: str) -> Response:
    """Return a file beside the page, such as its icon; else the page that says there is none."""
    is_plain = "/" not in name and (_STATIC / name).is_file()
    if name.startswith("api/"):
        detail = "There is nothing at this address. /api/v1/openapi.json lists what there is."
        raise ApiError(404, "not_found", detail)
    return send_from_directory(_STATIC, name) if is_plain else _page(404)
