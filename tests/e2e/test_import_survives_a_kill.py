"""100,000 events from a file: in one command, counted once, whatever happens in between."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from tests.e2e.live_server import LiveServer

EVENTS = 100_000
# An import takes fifteen seconds of a processor, and tests beside it may leave it little.
_LONGEST_SECONDS = 150
_MAIN = "from dumont_economy.cli.main import main; main()"
# The peak of this program alone: getrusage would count what its parent was when it forked.
_MAIN_THAT_SAYS_ITS_SIZE = """
import atexit, pathlib, re
from dumont_economy.cli.main import main
status = pathlib.Path("/proc/self/status")
peak = lambda: print(re.search(r"VmHWM:\\s+([0-9]+) kB", status.read_text())[1], flush=True)
atexit.register(peak)
main()
"""
_START = datetime(2026, 1, 1, tzinfo=UTC)


def _events(count: int) -> Iterator[dict[str, object]]:
    """Yield starts and stops of a fleet, the same ones each time."""
    random = Random(7)
    for number in range(count // 2):
        instance = f"i-{number % 500}"
        start = _START + timedelta(hours=number // 500, seconds=random.randrange(600))
        common = {"source": "file", "instance": instance}
        yield {
            "id": f"start-{number}",
            "type": "start",
            "time": start.isoformat(),
            "provider": "vast",
            "gpu": random.choice(("RTX 4090", "H100 SXM", "A100 PCIE", "no such card")),
            "gpu_count": random.choice((1, 2, 8)),
            "rate": f"0.{random.randrange(10, 99)}",
            **common,
        }
        stop = start + timedelta(seconds=random.randrange(20, 2400))
        yield {"id": f"stop-{number}", "type": "stop", "time": stop.isoformat(), **common}


def _file_of_events(path: Path, count: int) -> Path:
    path.write_text("".join(f"{json.dumps(event)}\n" for event in _events(count)))
    return path


@contextmanager
def _importing(
    server: LiveServer, path: Path, main: str = _MAIN
) -> Iterator["subprocess.Popen[str]"]:
    """Run an import, which does not outlive the block."""
    with subprocess.Popen(
        [sys.executable, "-c", main, "events", "import", str(path), "--account", "acme", "--json"],
        env=server.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _import(server: LiveServer, path: Path, main: str = _MAIN) -> str:
    """Return what a whole import prints."""
    with _importing(server, path, main) as process:
        printed, _ = process.communicate(timeout=_LONGEST_SECONDS)
        assert process.returncode == 0
    return printed


def _wait_for_events(server: LiveServer) -> None:
    """Wait until some of what is being imported is stored."""
    with closing(sqlite3.connect(f"{server.database.as_uri()}?mode=ro", uri=True)) as database:
        deadline = time.monotonic() + _LONGEST_SECONDS
        while database.execute("SELECT 1 FROM usage_event LIMIT 1").fetchone() is None:
            assert time.monotonic() < deadline, "nothing was stored"
            time.sleep(0.05)


def _figures(server: LiveServer) -> dict[str, object]:
    token = server.economy("token", "create", "--account", "acme", "--scope", "read")
    headers = {"Authorization": f"Bearer {token}"}
    status, answer = server.request("GET", "/api/v1/economy/savings", headers=headers)
    assert status == 200
    return {name: value for name, value in answer.items() if "lifetime" in name}


@pytest.mark.timeout(4 * _LONGEST_SECONDS)
def test_each_event_counts_once_through_a_kill_and_a_second_import(
    server: LiveServer, tmp_path: Path
) -> None:
    """Cut the import in the middle, import again, and once more: nothing lost, nothing doubled."""
    path = _file_of_events(tmp_path / "usage.jsonl", EVENTS)

    with _importing(server, path) as cut_short:
        _wait_for_events(server)
        # In the middle, and not at the edge between two batches.
        time.sleep(1)
        cut_short.send_signal(signal.SIGKILL)
        cut_short.communicate()
    first = _import(server, path)
    figures = _figures(server)
    second = _import(server, path)

    assert cut_short.returncode == -signal.SIGKILL, "the import ended before it was cut"
    counted = json.loads(first)
    assert 0 < counted["duplicate"] < EVENTS, "the cut came too early or too late to show anything"
    assert counted["accepted"] + counted["duplicate"] == EVENTS
    assert json.loads(second)["duplicate"] == EVENTS
    assert _figures(server) == figures
    assert figures["lifetime_savings"] != 0


def test_the_import_of_a_large_file_stays_small(server: LiveServer, tmp_path: Path) -> None:
    """The command reads batch by batch: its memory does not grow with the file."""
    path = _file_of_events(tmp_path / "usage.jsonl", EVENTS // 2)

    printed = _import(server, path, main=_MAIN_THAT_SAYS_ITS_SIZE)

    kilobytes = int(printed.splitlines()[-1])
    assert 10_000 < kilobytes < 300_000
