"""Measures the screen against its budgets, in Chromium on the demo account.

    make bench-web               sizes, loads, ticking, and memory over half an hour
    make bench-web MINUTES=2     the same with a shorter run for memory

Everything comes from Chromium itself: paints and long tasks from its tracing, time of processors
and memory from its protocol. A load is one of a browser that has nothing in its cache and that
nobody is attached to: for whoever debugs a page the engine reads scripts again at each error that
is made, which was half of the longest task. Tasks are long by the clock; the processor's time
stands beside it, and where the two lie far apart, others kept the machine busy. Ticking is what the
page's process takes in seconds without an answer; the demo's fleet reports every few seconds, far
more often than a fleet would, so what new answers take is told apart, and without a budget.
"""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote, urlsplit

from playwright.sync_api import (
    Browser,
    CDPSession,
    Page,
    Playwright,
    Request,
    StorageState,
    ViewportSize,
    sync_playwright,
)

from scripts.screenshot import ARGUMENTS, CHROMIUM, running_demo, sign_in

PAGES = {"": "dashboard", "savings": "savings", "embed/widget": "widget alone"}
LOADS = 7
SECONDS_OF_TICKING = 120
# After so long a page has twice thought over how often it draws.
PACE_SECONDS = 22
# So long after a request its answer may still be drawn.
ANSWER_SECONDS = 2
MINUTES = 30
SETTLE_SECONDS = 3
# So long a load is traced.
LOAD_SECONDS = 6
# So long Chromium is busy with the window around a page that was opened.
WINDOW_SECONDS = 3
LONG_TASK_MS = 50
PAINT_MS = 1_000
TICKING_PERCENT = 2.0
# What collecting garbage leaves differs a little from time to time.
GROWTH_PERCENT = 2.0
_TRACED = (
    "blink.user_timing,loading,devtools.timeline,disabled-by-default-devtools.timeline,toplevel"
)
# What belongs to the browser that wrote it, and what a browser that never saw the page has not.
_NOT_COPIED = shutil.ignore_patterns("Singleton*", "*Cache")
_TRACE_SECONDS = 60
# What a page asks for once it knows who is signed in.
_FIGURES = "/api/v1/economy/savings"
_DAY_SECONDS = 86_400
# The kinds of a heap snapshot that are no objects of scripts.
_NOT_OBJECTS = ("code", "native", "hidden", "synthetic")
_VIEWPORT: ViewportSize = {"width": 1440, "height": 900}
_NPM = Path(__file__).with_name("npm.py")

Metrics = dict[str, float]


@dataclass(frozen=True)
class Measured:
    """A figure with its unit, and the most that it may be, where it has a budget."""

    name: str
    value: float
    unit: str
    budget: float | None = None
    note: str = ""

    @property
    def is_missed(self) -> bool:
        """Say whether the figure is beyond its budget."""
        return self.budget is not None and self.value > self.budget


def main(minutes: float) -> int:
    """Measure everything, print it beside its budgets, and say whether all are reached."""
    found = [*sizes()]
    with (
        running_demo() as login,
        sync_playwright() as playwright,
        TemporaryDirectory() as profile,
    ):
        session = _sign_in(playwright, Path(profile), login)
        for path in PAGES:
            found += loads(Path(profile), login["address"] + path)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for path in PAGES:
            found += ticking(browser, session, login["address"] + path)
        found += memory(browser, session, login["address"], minutes)
        browser.close()
    _print(found)
    return int(any(one.is_missed for one in found))


def sizes() -> Iterator[Measured]:
    """Measure the built files, as size-limit does in every run of the tests."""
    ran = subprocess.run(
        [sys.executable, str(_NPM), "run", "--silent", "size", "--", "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    for one in json.loads(ran.stdout):
        yield Measured(one["name"], one["size"] / 1000, "kB", one["sizeLimit"] / 1000, "gzip")


def loads(profile: Path, address: str) -> Sequence[Measured]:
    """Measure loads of a page in browsers that never saw it, whose profile is signed in."""
    paints, longest, processor = [], [], []
    for _ in range(LOADS):
        paint, tasks = _paint_and_tasks(_traced_load(profile, address), address)
        paints.append(paint)
        longest.append(max(clock for clock, _ in tasks))
        processor.append(max(tasks)[1])
    name = _name_of(address)
    return [
        Measured(f"{name}: first contentful paint", median(paints), "ms", PAINT_MS),
        Measured(
            f"{name}: longest task of a load",
            median(longest),
            "ms",
            LONG_TASK_MS,
            f"{median(processor):.0f} ms of the processor; {min(longest):.0f} to "
            f"{max(longest):.0f} in {LOADS} loads",
        ),
    ]


def _traced_load(profile: Path, address: str) -> Sequence[dict[str, Any]]:
    """Open a page in a Chromium of its own and return the events that it traced."""
    # The window comes to rest before the page is opened.
    rest = f"<script>setTimeout(() => location = '{address}', {WINDOW_SECONDS * 1000})</script>"
    # Chromium's helpers write to its profile for a moment after it has ended.
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        trace = Path(folder) / "trace.json"
        copy = shutil.copytree(profile, Path(folder) / "profile", ignore=_NOT_COPIED)
        chromium = subprocess.Popen(
            [
                CHROMIUM,
                *ARGUMENTS,
                "--headless",
                "--password-store=basic",
                f"--user-data-dir={copy}",
                f"--window-size={_VIEWPORT['width']},{_VIEWPORT['height']}",
                f"--trace-startup={_TRACED}",
                "--trace-startup-format=json",
                f"--trace-startup-file={trace}",
                f"--trace-startup-duration={WINDOW_SECONDS + LOAD_SECONDS}",
                f"data:text/html,{quote(rest)}",
            ],
            stderr=subprocess.DEVNULL,
        )
        try:
            return _written_events(trace)
        finally:
            chromium.terminate()
            chromium.wait()


def _written_events(trace: Path) -> Sequence[dict[str, Any]]:
    """Wait until Chromium has written its trace, and return the events in it."""
    until = time.monotonic() + _TRACE_SECONDS
    while time.monotonic() < until:
        # It has its last brace when it is complete.
        with suppress(FileNotFoundError, json.JSONDecodeError):
            events: list[dict[str, Any]] = json.loads(trace.read_text())["traceEvents"]
            return events
        time.sleep(0.5)
    message = f"Chromium wrote no trace within {_TRACE_SECONDS} seconds."
    raise RuntimeError(message)


def _paint_and_tasks(
    events: Sequence[dict[str, Any]], address: str
) -> tuple[float, Sequence[tuple[float, float]]]:
    """Return when a page first painted, and how long its main thread's tasks were, in ms."""
    begun = next(
        event
        for event in events
        if event["name"] == "navigationStart"
        and event["args"].get("data", {}).get("documentLoaderURL") == address
    )
    paint = next(
        event["ts"]
        for event in events
        if event["name"] == "firstContentfulPaint"
        and event["pid"] == begun["pid"]
        and event["ts"] >= begun["ts"]
    )
    if not any(
        event["name"] == "ResourceSendRequest" and _FIGURES in event["args"]["data"]["url"]
        for event in events
    ):
        message = "The page asked for no figures: it was not signed in."
        raise RuntimeError(message)
    tasks = [
        (event["dur"] / 1000, event.get("tdur", 0) / 1000)
        for event in events
        if (event["name"], event["ph"]) == ("RunTask", "X")
        and (event["pid"], event["tid"]) == (begun["pid"], begun["tid"])
        and event["ts"] >= begun["ts"]
    ]
    return (paint - begun["ts"]) / 1000, tasks


def ticking(browser: Browser, session: StorageState, address: str) -> Sequence[Measured]:
    """Measure what a page takes of a core while its figures tick."""
    asked = 0.0

    def note_request(request: Request) -> None:
        nonlocal asked
        if request.resource_type == "fetch":
            asked = time.monotonic()

    quiet, quiet_seconds = 0.0, 0.0
    with _opened(browser, session) as page:
        page.goto(address)
        _settle(page)
        page.on("request", note_request)
        page.wait_for_timeout(PACE_SECONDS * 1000)
        tab = page.context.new_cdp_session(page)
        tab.send("Performance.enable", {"timeDomain": "threadTicks"})
        first, began = _metrics(tab), time.monotonic()
        last, seen = first, began
        while seen - began < SECONDS_OF_TICKING:
            page.wait_for_timeout(1000)
            before, since = last, seen
            last, seen = _metrics(tab), time.monotonic()
            if since - asked > ANSWER_SECONDS and seen - asked > ANSWER_SECONDS:
                quiet += last["ProcessTime"] - before["ProcessTime"]
                quiet_seconds += seen - since
    took = seen - began
    main = 100 * (last["TaskDuration"] - first["TaskDuration"]) / took
    name = _name_of(address)
    return [
        Measured(
            f"{name}: ticking, of one core",
            100 * quiet / quiet_seconds,
            "%",
            TICKING_PERCENT,
            f"in {quiet_seconds:.0f} of {took:.0f} s, those without an answer",
        ),
        Measured(
            f"{name}: ticking and new answers, of one core",
            100 * (last["ProcessTime"] - first["ProcessTime"]) / took,
            "%",
            None,
            f"main thread {main:.1f} %",
        ),
    ]


def _metrics(tab: CDPSession) -> Metrics:
    return {one["name"]: one["value"] for one in tab.send("Performance.getMetrics")["metrics"]}


def memory(
    browser: Browser,
    session: StorageState,
    address: str,
    minutes: float,
) -> Iterator[Measured]:
    """Measure what the dashboard keeps while it ticks, each time after collecting garbage."""
    held: list[Metrics] = []
    with _opened(browser, session) as page:
        page.goto(address)
        _settle(page)
        tab = page.context.new_cdp_session(page)
        tab.send("Performance.enable")
        ends = time.monotonic() + minutes * 60
        while time.monotonic() < ends:
            page.wait_for_timeout(min(minutes * 60_000 / 12, 60_000))
            objects = _bytes_of_objects(tab)
            held.append({**_metrics(tab), "objects": objects})
    # The first third is for what fills once: caches, compiled code, the table of events.
    third = len(held) // 3
    middle, last = held[third : 2 * third], held[2 * third :]
    for name, what, unit, scale, budget in (
        ("objects", "scripts' objects", " MB", 1e6, GROWTH_PERCENT),
        ("Nodes", "nodes", "", 1, GROWTH_PERCENT),
        ("JSEventListeners", "listeners", "", 1, GROWTH_PERCENT),
        ("JSHeapUsedSize", "the heap with compiled code", " MB", 1e6, None),
    ):
        # The least of each third: a fleet of which more runs is more to show, and no leak.
        before, after = (min(one[name] for one in part) / scale for part in (middle, last))
        yield Measured(
            f"dashboard: growth of {what} in the last of {minutes:g} minutes",
            100 * (after / before - 1),
            "%",
            budget,
            f"{before:.2f} → {after:.2f}{unit}" if unit else f"{before:.0f} → {after:.0f}",
        )


def _bytes_of_objects(tab: CDPSession) -> float:
    """Return what the page's scripts hold, after collecting garbage.

    Without what the engine compiles of them, which grows for as long as functions get hot, and
    what the browser keeps for whoever watches it, as this benchmark does.
    """
    pieces: list[str] = []

    def take(event: dict[str, str]) -> None:
        pieces.append(event["chunk"])

    tab.on("HeapProfiler.addHeapSnapshotChunk", take)
    tab.send("HeapProfiler.collectGarbage")
    tab.send("HeapProfiler.takeHeapSnapshot", {"reportProgress": False})
    tab.remove_listener("HeapProfiler.addHeapSnapshotChunk", take)
    taken = json.loads("".join(pieces))
    meta, nodes = taken["snapshot"]["meta"], taken["nodes"]
    fields = meta["node_fields"]
    names = meta["node_types"][fields.index("type")]
    types = nodes[fields.index("type") :: len(fields)]
    sizes = nodes[fields.index("self_size") :: len(fields)]
    held: float = sum(
        size for kind, size in zip(types, sizes, strict=True) if names[kind] not in _NOT_OBJECTS
    )
    return held


def _settle(page: Page) -> None:
    """Wait until a page shows everything; its stream of changes never ends."""
    page.locator(".skeleton").first.wait_for(state="detached")
    page.locator('[data-figure="lifetime-saving"]').first.wait_for()
    page.wait_for_timeout(SETTLE_SECONDS * 1000)


def _name_of(address: str) -> str:
    return PAGES[urlsplit(address).path.removeprefix("/")]


@contextmanager
def _opened(browser: Browser, session: StorageState) -> Iterator[Page]:
    """Return a page of a browser that is signed in and has seen nothing."""
    context = browser.new_context(storage_state=session, viewport=_VIEWPORT)
    page = context.new_page()
    page.wait_for_timeout(WINDOW_SECONDS * 1000)
    yield page
    context.close()


def _sign_in(playwright: Playwright, profile: Path, login: dict[str, str]) -> StorageState:
    """Sign in to the demo, in a profile that a browser may be started with, and return how."""
    context = playwright.chromium.launch_persistent_context(
        profile, executable_path=CHROMIUM, args=ARGUMENTS
    )
    sign_in(context.new_page(), login)
    kept = context.storage_state()
    # The session's cookie ends with its browser, and each load has another.
    expires = time.time() + _DAY_SECONDS
    context.add_cookies(
        [
            {
                "name": one["name"],
                "value": one["value"],
                "domain": one["domain"],
                "path": one["path"],
                "httpOnly": one["httpOnly"],
                "expires": expires,
            }
            for one in kept["cookies"]
        ]
    )
    context.close()
    return kept


def _print(found: Sequence[Measured]) -> None:
    print(f"{'':62}{'measured':>12}{'budget':>10}")
    for one in found:
        verdict = "" if one.budget is None else "MISSED" if one.is_missed else "reached"
        budget = "" if one.budget is None else f"{one.budget:g}"
        value = f"{one.value:.1f} {one.unit}"
        print(f"{one.name:62}{value:>12}{budget:>10}  {verdict:8} {one.note}".rstrip())


if __name__ == "__main__":
    raise SystemExit(main(float(sys.argv[1]) if len(sys.argv) > 1 else MINUTES))
