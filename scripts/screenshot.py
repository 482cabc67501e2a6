"""Make the README's picture from the demo: the savings page, as a person sees it."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
# Without the network flag Chromium asks its maker's hosts at every start.
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
_PORT = "8799"
_PICTURE = Path(__file__).parent.parent / "docs" / "screenshot.png"
_WIDTH, _HEIGHT = 1280, 960
_SETTLE_MS = 4_000


def main() -> int:
    """Take the picture of the demo."""
    with running_demo() as login, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": _WIDTH, "height": _HEIGHT}, color_scheme="dark")
        sign_in(page, login)
        page.goto(f"{login['address']}savings")
        page.wait_for_timeout(_SETTLE_MS)
        page.screenshot(path=_PICTURE)
        browser.close()
    print(f"wrote {_PICTURE.name}")
    return 0


@contextmanager
def running_demo() -> Iterator[dict[str, str]]:
    """Run the demo on data of its own and return the address and login that it prints."""
    with TemporaryDirectory() as folder:
        demo = subprocess.Popen(
            [str(Path(sys.executable).parent / "economy"), "demo", "--port", _PORT],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "XDG_DATA_HOME": folder},
        )
        try:
            yield _read_login(demo)
        finally:
            demo.terminate()
            demo.wait()


def _read_login(demo: "subprocess.Popen[str]") -> dict[str, str]:
    """Read address, e-mail and password from what the demo prints."""
    login: dict[str, str] = {}
    for line in demo.stdout or ():
        found = re.fullmatch(r"\s+(address|e-mail|password)\s{2,}(.+)\n", line)
        if found:
            login[found[1]] = found[2]
        if len(login) == len(("address", "e-mail", "password")):
            return login
    message = "The demo ended without printing a login."
    raise RuntimeError(message)


def sign_in(page: Page, login: dict[str, str]) -> None:
    """Sign in to the demo and wait for its dashboard."""
    page.goto(login["address"])
    page.get_by_label("E-mail").fill(login["e-mail"])
    page.get_by_label("Password").fill(login["password"])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Savings", exact=True).wait_for()


if __name__ == "__main__":
    raise SystemExit(main())
