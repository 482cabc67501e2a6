"""The counter in a real Chromium: each frame is held against the ledger, whatever clocks do."""

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.live_server import EMAIL, PASSWORD, LiveServer, Reporter
from tests.e2e.traffic import wait_for_quiet, watch_traffic

SESSION = '[data-figure="session-saving"]'
# Where drawing is dear the meter draws once a second; a frame of a busy machine is late.
SLOWEST_BEAT = Decimal(1)
LATE = Decimal("0.12")
FRAME = SLOWEST_BEAT + LATE
LAST_DIGIT = Decimal("0.0001")
MOST_ASKED = 6

# A client whose clock is forty minutes fast, and can be set: only `Date` is wrong, as in life.
# Beside it a recorder that notes what is shown at each frame, by the right time.
_PAGE = """
const rightTime = Date.now.bind(Date)
const RightDate = Date
window.wrongBy = 40 * 60_000
class WrongDate extends RightDate {
  constructor(...parts) {
    if (parts.length === 0) super(rightTime() + window.wrongBy)
    else super(...parts)
  }
  static now() { return rightTime() + window.wrongBy }
}
globalThis.Date = WrongDate
window.frames = []
const note = () => {
  const shown = document.querySelector('[data-figure="session-saving"] .ticking')
  if (shown) window.frames.push([rightTime(), shown.textContent])
  requestAnimationFrame(note)
}
requestAnimationFrame(note)
window.asked = () =>
  performance.getEntriesByType('resource')
    .filter(({ name }) => name.includes('/api/v1/'))
    .map(({ name, requestStart, responseEnd }) => [name, responseEnd - requestStart])
"""


@dataclass(frozen=True)
class Line:
    """What the server says: a value, its slope, and until when."""

    value: Decimal
    per_second: Decimal
    as_of: datetime
    valid_until: datetime

    def at(self, moment: datetime) -> Decimal:
        """Return what is exact at a moment."""
        since = min(moment, self.valid_until) - self.as_of
        return self.value + self.per_second * Decimal(since // timedelta(microseconds=1)) / 10**6


@dataclass(frozen=True)
class Frame:
    """What a frame showed."""

    at: datetime
    shown: Decimal


def line(reporter: Reporter) -> Line:
    """Return what the session's saving is now, and how it goes on."""
    answer = reporter.read("/api/v1/economy/savings")
    live = answer["live"]["session"]
    as_of, until = (datetime.fromisoformat(answer[name]) for name in ("as_of", "valid_until"))
    return Line(Decimal(live["value"]), Decimal(live["per_second"]), as_of, until)


def frames(page: Page) -> list[Frame]:
    """Return the frames since the last call."""
    noted: list[Any] = page.evaluate("frames.splice(0)")
    return [
        Frame(
            datetime.fromtimestamp(at / 1000, UTC),
            Decimal(text.replace("$", "").replace(",", "")),
        )
        for at, text in noted
    ]


def latency(page: Page) -> Decimal:
    """Return how long the fastest answer took, in seconds: all are placed by it."""
    return Decimal(str(min(took for _, took in page.evaluate("asked()")))) / 1000


def asked(page: Page) -> int:
    """Return how many answers the page has asked for."""
    return len(page.evaluate("asked()"))


def furthest_off(seen: list[Frame], truth: Line) -> Decimal:
    """Return how far a frame was from the ledger at most."""
    return max(abs(frame.shown - truth.at(frame.at)) for frame in seen)


def beat(seen: list[Frame]) -> Decimal:
    """Return how far apart the meter drew, in seconds: the page chooses, up to the slowest."""
    drawn = [later.at for frame, later in pairwise(seen) if later.shown != frame.shown]
    apart = (Decimal(str((later - at).total_seconds())) for at, later in pairwise(drawn))
    return min(max(apart, default=SLOWEST_BEAT), SLOWEST_BEAT)


def is_exact(seen: list[Frame], truth: Line, behind: Decimal) -> None:
    """Hold each frame against the ledger, and against the one before: it never goes back."""
    assert len(seen) > 10
    allowed = behind + beat(seen) + LATE
    assert furthest_off(seen, truth) <= truth.per_second * allowed + LAST_DIGIT
    assert all(later.shown >= frame.shown for frame, later in pairwise(seen))


@contextmanager
def asleep(page: Page) -> Iterator[None]:
    """Stop every process that draws pages."""
    browser = page.context.browser
    assert browser is not None
    control = browser.new_browser_cdp_session()
    processes = control.send("SystemInfo.getProcessInfo")["processInfo"]
    renderers = [one["id"] for one in processes if one["type"] == "renderer"]
    try:
        for renderer in renderers:
            os.kill(renderer, signal.SIGSTOP)
        yield
    finally:
        for renderer in renderers:
            os.kill(renderer, signal.SIGCONT)


@pytest.fixture
def fast(reporter: Reporter) -> Reporter:
    """Return a reporter whose instance saves some cents a second, so that each digit counts."""
    reporter.push(
        "start",
        "big",
        datetime.now(UTC) - timedelta(hours=1),
        provider="vast",
        gpu="H100 SXM",
        gpu_count=8,
        rate="1.00",
    )
    return reporter


@pytest.fixture
def wrong_page(browser: Browser, server: LiveServer, fast: Reporter) -> Iterator[Page]:
    """Return a signed-in page of a browser whose clock is wrong."""
    del fast
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.add_init_script(_PAGE)
    watch_traffic(context)
    page = context.new_page()
    page.goto(f"{server.url}/")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(SESSION).first).to_be_visible()
    wait_for_quiet(page)
    yield page
    context.close()


@pytest.mark.timeout(180)
def test_it_is_exact_whatever_clocks_and_connections_do(
    wrong_page: Page, server: LiveServer, fast: Reporter
) -> None:
    """A clock forty minutes fast, then slow; sleep; a lost server, a late report."""
    is_exact_whatever_the_clock_says(wrong_page, fast)
    is_right_when_the_machine_comes_back(wrong_page, fast)
    stands_when_its_answer_ends_and_says_what_was_wrong(wrong_page, server, fast)


def is_exact_whatever_the_clock_says(page: Page, fast: Reporter) -> None:
    """Where the clock is set it stands until an answer has come that was asked for afterwards."""
    truth = line(fast)
    assert truth.per_second > Decimal("0.01")
    frames(page)
    page.wait_for_timeout(2_500)
    ticked = frames(page)
    is_exact(ticked, truth, latency(page))
    # Control: a figure that was two seconds behind would have been found.
    later_on = replace(truth, value=truth.value + 2 * truth.per_second)
    assert furthest_off(ticked, later_on) > truth.per_second * FRAME + LAST_DIGIT

    before = asked(page)
    page.evaluate("wrongBy = -40 * 60_000")
    page.wait_for_timeout(3_000)

    seen = frames(page)
    assert all(later.shown >= one.shown for one, later in pairwise(seen))
    settled = [one for one in seen if one.at > seen[0].at + timedelta(seconds=2)]
    is_exact(settled, truth, latency(page))
    # Each figure asks once or twice; nothing storms.
    assert 1 <= asked(page) - before <= MOST_ASKED


def is_right_when_the_machine_comes_back(page: Page, fast: Reporter) -> None:
    """What draws the page is stopped, as if asleep; its first drawing afterwards is right."""
    truth, before = line(fast), asked(page)
    with asleep(page):
        fell_asleep = datetime.now(UTC)
        time.sleep(4)
        woke = datetime.now(UTC)
    page.wait_for_timeout(2_500)

    seen = frames(page)
    half_a_second = timedelta(seconds=0.5)
    assert not [one for one in seen if fell_asleep + half_a_second < one.at < woke]
    back = [one for one in seen if one.at >= woke]
    # In its first frame the page wakes, in the next of the meter it is right.
    right = [one for one in back if one.at > back[0].at + timedelta(seconds=float(FRAME))]
    is_exact(right, truth, latency(page))
    assert asked(page) - before <= MOST_ASKED


def stands_when_its_answer_ends_and_says_what_was_wrong(
    page: Page, server: LiveServer, fast: Reporter
) -> None:
    """The server is gone at `valid_until`; a stop before that is known only afterwards."""
    # A minimum of sixty seconds ends soon, and with it what is known of the slope.
    began = datetime.now(UTC) - timedelta(seconds=50)
    fast.push("start", "small", began, provider="vast", gpu="T4", gpu_count=1, rate="0.15")
    # In the second of a report an answer holds for that second only.
    time.sleep(1.1)
    truth = line(fast)
    page.reload()
    expect(page.get_by_text("2 instances active").first).to_be_visible()
    wait_for_quiet(page)
    server.stop(signal.SIGKILL)
    assert datetime.now(UTC) < truth.valid_until
    frames(page)

    time.sleep(max(0.0, (truth.valid_until - datetime.now(UTC)).total_seconds()) + 4)

    seen = frames(page)
    is_exact(seen, truth, latency(page))
    over = {one.shown for one in seen if one.at > truth.valid_until + timedelta(seconds=1)}
    assert len(over) == 1
    expect(page.get_by_text("No new figures since").first).to_be_visible()

    # Reported while the server is away, so that its first answer knows of it.
    stopped = (truth.valid_until - timedelta(seconds=10)).isoformat()
    event = {"id": "late", "source": "test", "type": "stop", "instance": "big", "time": stopped}
    late = server.database.with_name("late.jsonl")
    late.write_text(json.dumps(event))
    server.economy("events", "import", str(late), "--account", "acme")
    server.start()
    expect(page.locator('[data-figure="lifetime-saving"] .correction')).to_contain_text(
        "corrected by -$0.", timeout=25_000
    )
    expect(page.get_by_text("No new figures since")).to_have_count(0)
    expect(page.get_by_text("1 instance active").first).to_be_visible()
