"""Figures open into lines that add up to them, the chart has a way through, previews come true."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Response, Route, expect

from tests.e2e.live_server import EMAIL, PASSWORD, LiveServer, Reporter

SAVING = '[data-figure="why-saving"]'


@pytest.fixture
def fleet(reporter: Reporter) -> Reporter:
    """Return a reporter whose fleet runs, stopped, costs more, and holds an unknown GPU."""

    def ago(hours: int) -> datetime:
        return datetime.now(UTC) - timedelta(hours=hours)

    running = {"provider": "vast", "gpu_count": 1}
    reporter.push("start", "rack/7", ago(50), gpu="H100 SXM", rate="2.20", **running)
    reporter.push("price_change", "rack/7", ago(40), rate="2.60")
    reporter.push("start", "4090", ago(30), gpu="RTX 4090", rate="0.40", **running)
    reporter.push("stop", "4090", ago(4))
    reporter.push("start", "dear", ago(3), gpu="T4", rate="1.00", **running)
    reporter.push("start", "unknown", ago(2), gpu="Foo 9000", rate="1.00", **running)
    return reporter


@pytest.fixture
def looking(browser: Browser, server: LiveServer) -> Iterator[Any]:
    """Return how to open pages of a look; what one says on the console fails the test."""
    del server  # It outlives the pages, whose stream would be lost with it.
    said: list[str] = []
    contexts = []

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            said.append(f"{message.type}: {message.text}")

    def look(theme: Literal["light", "dark"], locale: str, width: int) -> Page:
        context = browser.new_context(
            color_scheme=theme, locale=locale, viewport={"width": width, "height": 900}
        )
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        contexts.append(context)
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: said.append(f"page error: {error}"))
        return page

    yield look
    for context in contexts:
        context.close()
    assert said == []


def sign_in(page: Page, server: LiveServer) -> None:
    """Sign in as the owner, in any language."""
    page.goto(f"{server.url}/")
    page.locator("input[name=email]").fill(EMAIL)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("button[type=submit]").click()
    expect(page.locator('[data-figure="lifetime-saving"]').first).to_be_visible()


def amount(found: Locator) -> Decimal:
    """Return an amount in dollars, with all of its digits."""
    text = found.first.inner_text().splitlines()[0]
    return Decimal(text.replace("$", "").replace(",", ""))


def test_a_figure_opens_into_lines_that_add_up_to_it(
    looking: Any,  # noqa: ANN401  a fixture's function
    server: LiveServer,
    fleet: Reporter,
) -> None:
    """And its link shows the same figure later, to the last digit, whatever comes meanwhile."""
    page = looking("light", "en-US", 1440)
    sign_in(page, server)
    page.locator('[data-figure="lifetime-saving"]').first.click()

    expect(page.get_by_role("dialog", name="Why? Saved · All time")).to_be_visible()
    expect(page.locator('[data-figure="adds-up"]')).to_have_attribute("data-proven", "true")
    shown = amount(page.locator(SAVING))
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    as_of = link.split("why.as_of=")[1].replace("%3A", ":")
    assert shown == Decimal(fleet.read(f"/api/v1/ledger/totals?as_of={as_of}")["totals"]["saving"])

    fleet.push(
        "start",
        "late",
        datetime.now(UTC) - timedelta(hours=9),
        provider="vast",
        gpu="A100",
        gpu_count=8,
        rate="1.00",
    )
    page.goto(link)
    expect(page.locator('[data-figure="adds-up"]')).to_have_attribute("data-proven", "true")
    assert amount(page.locator(SAVING)) == shown
    page.goto(f"{server.url}/?why=usage")
    expect(page.locator('[data-figure="adds-up"]')).to_have_attribute("data-proven", "true")
    assert amount(page.locator(SAVING)) > shown


def test_a_proof_whose_script_cannot_be_had_says_so_and_opens_when_it_can(
    browser: Browser, server: LiveServer, fleet: Reporter
) -> None:
    """The page around it stands: a server may be lost before the script was asked for."""
    del fleet
    # A page of its own: what the browser says of the failed request is what is wanted here.
    page = browser.new_context().new_page()
    script = "**/assets/why-panel-*.js"
    page.route(script, lambda route: route.abort())
    sign_in(page, server)

    page.locator('[data-figure="lifetime-saving"]').first.click()
    panel = page.get_by_role("dialog")
    expect(panel.get_by_text("The server does not answer")).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    page.locator('[data-figure="lifetime-saving"]').first.click()
    expect(panel.get_by_text("The server does not answer")).to_be_visible()

    page.unroute(script)
    panel.get_by_role("button", name="Try again").click()
    expect(page.locator(SAVING)).to_be_visible()
    page.context.close()


@pytest.mark.parametrize(
    ("link", "script", "shown"),
    [
        ("Prices", "prices-page", "Price book"),
        ("Settings", "settings-page", "API tokens"),
        ("rack/7", "instance-page", "Sessions and rates"),
        ("Savings", "history-chart", "Save PNG"),
    ],
)
def test_a_page_whose_script_cannot_be_had_says_so_and_opens_when_it_can(
    browser: Browser, server: LiveServer, fleet: Reporter, link: str, script: str, shown: str
) -> None:
    """What is around it stands, and so do the other pages."""
    del fleet
    page = browser.new_context().new_page()
    page.route(f"**/assets/{script}-*.js", lambda route: route.abort())
    sign_in(page, server)

    page.get_by_role("link", name=link, exact=True).first.click()
    failure = page.get_by_text("The server does not answer")
    expect(failure).to_be_visible()
    expect(page.get_by_text(shown, exact=True)).to_have_count(0)
    page.get_by_role("link", name="Dashboard", exact=True).click()
    expect(failure).to_have_count(0)
    expect(page.locator('[data-figure="lifetime-saving"]').first).to_be_visible()
    page.get_by_role("link", name=link, exact=True).first.click()
    expect(failure).to_be_visible()

    page.unroute(f"**/assets/{script}-*.js")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text(shown, exact=True).first).to_be_visible()
    page.context.close()


def test_the_session_and_its_parts_are_the_same_figure(
    looking: Any,  # noqa: ANN401  a fixture's function
    server: LiveServer,
    fleet: Reporter,
) -> None:
    """From the running session to one instance, to the lines of its GPU time alone."""
    page = looking("dark", "en-US", 768)
    sign_in(page, server)
    page.goto(f"{server.url}/?why=session")
    panel = page.get_by_role("dialog")
    expect(panel.get_by_text("No comparison, so it is in no saving.")).to_be_visible()

    panel.get_by_role("listitem").filter(has_text="rack/7").get_by_role("link").first.click()

    expect(page.locator('[data-figure="adds-up"]')).to_have_attribute("data-proven", "true")
    now = fleet.read("/api/v1/instances/rack%2F7")["instance"]["session"]["saving"]
    # It saves a few dollars an hour, and a minute may have passed.
    assert abs(amount(page.locator(SAVING)) - Decimal(now)) < Decimal("0.1")


# Notes what is written on canvases, and where from the left in pixels.
NOTE_WRITING = """
window.written = []
const write = CanvasRenderingContext2D.prototype.fillText
CanvasRenderingContext2D.prototype.fillText = function (text, x, ...more) {
  const { a, e } = this.getTransform()
  window.written.push([text, a * x + e])
  return write.call(this, text, x, ...more)
}
"""
DAYS_SHOWN = 30


def test_the_chart_writes_each_day_beneath_its_bar(
    looking: Any,  # noqa: ANN401  a fixture's function
    server: LiveServer,
    fleet: Reporter,
) -> None:
    """Where labels are left out too: thirty days, as wide as two labels say, fill the chart."""
    del fleet
    page = looking("light", "en-US", 1440)
    page.add_init_script(NOTE_WRITING)
    sign_in(page, server)
    page.goto(f"{server.url}/savings")
    expect(page.get_by_role("slider")).to_be_visible()
    page.wait_for_function("written.some(([text]) => /^[0-9]+ [A-Z]/.test(text))")

    today = datetime.now(UTC).date()
    places: dict[int, float] = {}
    for text, place in page.evaluate("written"):
        if re.fullmatch(r"\d+ [A-Z][a-z]{2,3}", text):
            days = (f"{today - timedelta(days=ago):%-d %b}" for ago in range(366))
            ago = next(ago for ago, day in enumerate(days) if text.startswith(day))
            places[ago] = place
    assert max(places) == DAYS_SHOWN - 1
    oldest, next_one = sorted(places, reverse=True)[:2]
    a_day = (places[next_one] - places[oldest]) / (oldest - next_one)
    ends_at = places[oldest] + (DAYS_SHOWN - 0.5) * a_day
    width = page.locator("canvas").first.evaluate("(canvas) => canvas.width")
    assert 0.95 * width < ends_at < 1.01 * width


def test_a_way_through_the_chart_by_keyboard(
    looking: Any,  # noqa: ANN401  a fixture's function
    server: LiveServer,
    fleet: Reporter,
) -> None:
    """The arrows say each day, Enter opens it, Escape comes back to it; pictures are saved."""
    del fleet
    page = looking("light", "en-US", 1440)
    sign_in(page, server)
    page.goto(f"{server.url}/savings")
    chart = page.get_by_role("slider")
    chart.focus()
    today = chart.get_attribute("aria-valuetext")

    page.keyboard.press("ArrowLeft")

    expect(chart).not_to_have_attribute("aria-valuetext", str(today))
    page.keyboard.press("Home")
    expect(chart).to_have_attribute("aria-valuenow", "0")
    assert str(chart.get_attribute("aria-valuetext")).endswith(": no use")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.locator('[data-figure="adds-up"]')).to_have_attribute("data-proven", "true")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(chart).to_be_focused()

    for name, beginning in (("Save PNG", b"\x89PNG"), ("Save SVG", b"<svg ")):
        with page.expect_download() as saved:
            page.get_by_role("button", name=name).click()
        assert Path(saved.value.path()).read_bytes().startswith(beginning)


def test_a_picture_of_sample_data_says_so(
    looking: Any,  # noqa: ANN401  a fixture's function
    server: LiveServer,
    fleet: Reporter,
) -> None:
    """It is shown where no band stands above it: in the reader's language, also by its name."""
    del fleet
    page = looking("light", "pt-BR", 1440)
    sign_in(page, server)

    def as_sample(route: Route) -> None:
        me = route.fetch().json()
        route.fulfill(json={**me, "account": {**me["account"], "sample_data": True}})

    page.route("**/api/v1/auth/me", as_sample)
    page.goto(f"{server.url}/savings")
    expect(page.get_by_role("complementary", name="Dados de exemplo")).to_be_visible()

    with page.expect_download() as saved:
        page.get_by_role("button", name="Salvar SVG").click()

    assert saved.value.suggested_filename == "sample-data-history-aws.svg"
    assert ">Dados de exemplo</text>" in Path(saved.value.path()).read_text(encoding="utf-8")
    page.unroute_all(behavior="wait")


def test_what_came_after_a_closing_stands_over_its_day(
    looking: Any,  # noqa: ANN401  a fixture's function
    server: LiveServer,
    reporter: Reporter,
) -> None:
    """A day was closed, then a use of it was reported: the chart and its table say so."""
    noon = (datetime.now(UTC) - timedelta(days=1)).replace(hour=12)
    use = {"provider": "vast", "gpu": "T4", "gpu_count": 1, "rate": "0.15"}
    reporter.push("start", "early", noon - timedelta(hours=3), **use)
    reporter.push("stop", "early", noon - timedelta(hours=2))
    page = looking("dark", "en-US", 1440)
    sign_in(page, server)
    page.goto(f"{server.url}/savings")
    expect(page.get_by_role("slider")).to_be_visible()
    expect(page.get_by_text("Adjusted after closing")).to_have_count(0)

    server.economy("close", noon.date().isoformat(), "--account", "acme")
    reporter.push("start", "late", noon - timedelta(hours=2), **use)
    reporter.push("stop", "late", noon)
    page.reload()

    expect(page.get_by_text("Adjusted after closing")).to_be_visible()
    page.get_by_text("Show as table").click()
    expect(page.get_by_text("saving +$0.75 since it was closed")).to_be_visible()
    page.get_by_role("slider").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("slider")).to_have_attribute(
        "aria-valuetext", re.compile(r"saving \+\$0\.75 since it was closed")
    )


def _previews_an_eighth_off(response: Response) -> bool:
    asked = response.request.post_data or ""
    return response.url.endswith("/policy/preview") and '"AWS":"0.125"' in asked


def test_a_previewed_policy_comes_true(
    looking: Any,  # noqa: ANN401  a fixture's function
    server: LiveServer,
    fleet: Reporter,
) -> None:
    """The lifetime saving after the change is what the preview said, before anything was saved."""
    fleet.push("stop", "rack/7")
    fleet.push("stop", "dear")
    fleet.push("stop", "unknown")
    page = looking("light", "en-US", 768)
    sign_in(page, server)
    page.goto(f"{server.url}/settings")

    page.get_by_role("button", name="Leave out").click()
    with page.expect_response(_previews_an_eighth_off) as previewing:
        page.get_by_label("AWS discount, %").fill("12.5")

    told = Decimal(previewing.value.json()["effects"]["AWS"]["after"]["lifetime_savings"])
    previewed = told.quantize(Decimal("0.01"), ROUND_HALF_EVEN)
    after = page.locator('[data-figure="preview-after:AWS"]')
    expect(after).to_contain_text(f"${previewed}")
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    assert amount(after) == previewed
    assert fleet.read("/api/v1/policy")["version"] == 1
    page.get_by_role("button", name="Make version").click()
    expect(page.get_by_text("Version 2 is in force.")).to_be_visible()
    saved = fleet.read("/api/v1/policy")
    assert (saved["substitutes"], saved["discounts"]["AWS"]) == ("exclude", "0.125")
    page.get_by_role("link", name="Dashboard", exact=True).click()
    expect(page.locator('[data-figure="lifetime-saving"]').first).to_contain_text(f"${previewed}")
