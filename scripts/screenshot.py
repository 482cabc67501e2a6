"""Make the README's picture from the demo: the savings page, as a person sees it."""

import re
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

_CHROMIUM = "/usr/bin/chromium"
_PORT = "8799"
_PICTURE = Path(__file__).parent.parent / "docs" / "screenshot.png"
_WIDTH, _HEIGHT = 1280, 960
_SETTLE_MS = 4_000


def main() -> int:
    """Start the demo, sign in as it says, take the picture, and end the demo."""
    demo = subprocess.Popen(
        [str(Path(sys.executable).parent / "economy"), "demo", "--port", _PORT],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        login = _read_login(demo)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=_CHROMIUM,
                args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
            )
            page = browser.new_page(
                viewport={"width": _WIDTH, "height": _HEIGHT}, color_scheme="dark"
            )
            _sign_in(page, login)
            page.goto(f"{login['address']}savings")
            page.wait_for_timeout(_SETTLE_MS)
            page.screenshot(path=_PICTURE)
            browser.close()
    finally:
        demo.terminate()
        demo.wait()
    print(f"wrote {_PICTURE.name}")
    return 0


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


def _sign_in(page: Page, login: dict[str, str]) -> None:
    page.goto(login["address"])
    page.get_by_label("E-mail").fill(login["e-mail"])
    page.get_by_label("Password").fill(login["password"])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Savings", exact=True).wait_for()


if __name__ == "__main__":
    raise SystemExit(main())
