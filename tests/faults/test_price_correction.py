"""A price correction that is killed while usage flows: all of it holds, or nothing does (M8)."""

import shutil
import sqlite3
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from signal import SIGKILL
from threading import Event

from tests.faults.altered import FATAL_STEP, STEPS_FILE
from tests.faults.harness import (
    Client,
    FaultyServer,
    event,
    expected_totals,
    say,
    seeded,
    send_while,
    size,
)

_KILLS = size(10, 100)
_NEVER = 0
# A contract that changes the prices of two GPUs together. The notes make each file another one.
_CORRECTION = """\
provider,region,instance_type,gpu_model,gpu_count,gpu_memory_gib,vcpus,memory_gib,\
on_demand_usd_per_hour,spot_usd_per_hour,as_of,source,note
aws,us-east-1,p5.48xlarge,H100-80GB-SXM,8,80,192,2048,50,,2026-08-20,our contract,{note}
aws,us-east-1,g6.xlarge,L4,1,24,4,16,0.82,,2026-08-20,our contract,{note}
"""
_GPUS = ("H100 SXM", "L4")
# The file itself is kept in a transaction of its own, before anything is learned from it.
_KNOWN = "SELECT (SELECT count(*) FROM provider_pricing), (SELECT count(*) FROM price_import)"
_AFTER_THE_CORRECTION = datetime(2026, 9, 1, tzinfo=UTC)

_notes = count(1)

Known = tuple[int, ...]
Prices = tuple[str, ...]


def _import(folder: Path, database: Path, *alterations: str, fatal_step: int) -> int:
    """Import the correction in a process that dies before a step; return its exit code."""
    file = folder / "prices.csv"
    file.write_text(_CORRECTION.format(note=next(_notes)))
    told = {FATAL_STEP: str(fatal_step), STEPS_FILE: str(folder / "steps")}
    command = FaultyServer(
        database, alterations=",".join((*alterations, "dies_at_step")), told=told
    )
    return subprocess.run(
        [*command.program, "prices", "import", str(file)],
        env=command.environment,
        check=False,
        timeout=60,
    ).returncode


def _steps_of_an_import(folder: Path, database: Path, *alterations: str) -> int:
    """Return how many steps an import has that nothing stops, on a copy of a database."""
    copy = folder / "copy.db"
    shutil.copy(database, copy)
    assert _import(folder, copy, *alterations, fatal_step=_NEVER) == 0
    return int((folder / "steps").read_text())


def _known(database: Path) -> Known:
    """Return how many prices, imports and parts of files a database knows."""
    with closing(sqlite3.connect(database)) as connection:
        found: Known = connection.execute(_KNOWN).fetchone()
        return found


def _use_corrected_gpus(client: Client) -> None:
    """Report a finished session of each GPU that the correction is about."""
    ends = _AFTER_THE_CORRECTION + timedelta(hours=10)
    for gpu in _GPUS:
        shape = {"provider": "vast", "gpu": gpu, "gpu_count": 1, "rate": "0.5"}
        start = event("start", gpu, _AFTER_THE_CORRECTION, f"start {gpu}", **shape)
        client.push_until_acknowledged([start, event("stop", gpu, ends, f"stop {gpu}")])


def _prices(client: Client) -> Prices:
    """Return what the use of each corrected GPU costs elsewhere, by the newest prices."""
    groups = client.read("/api/v1/instances?group_by=gpu")["groups"]
    return tuple(sorted(group["lifetime"]["comparison_cost"] for group in groups))


def _watch(running: Event, client: Client) -> set[Prices]:
    """Ask for the prices again and again until told to stop; return all answers."""
    seen = set()
    while running.is_set():
        seen.add(_prices(client))
        time.sleep(0.05)
    return seen


def test_a_killed_correction_leaves_nothing_behind(tmp_path: Path) -> None:
    """Whatever step it dies at, prices are the old ones; figures never mix old and new."""
    random = seeded("tests/faults/test_price_correction.py -k leaves_nothing")
    server = FaultyServer(tmp_path / "economy.db")
    fleet = Client(server.port, server.new_token("fleet"))
    contract = Client(server.port, server.new_token("contract"))
    watcher = Client(server.port, contract.token)
    steps = _steps_of_an_import(tmp_path, server.database)
    # The last step is the commit: once, it dies right before that.
    fatal_steps = [steps, *random.choices(range(1, steps), k=_KILLS - 1)]
    running = Event()
    running.set()
    with server.running(), ThreadPoolExecutor(2) as pool:
        _use_corrected_gpus(contract)
        before, old = _known(server.database), _prices(contract)
        sending = pool.submit(send_while, running, fleet, Random(random.random()), per_second=2)
        watching = pool.submit(_watch, running, watcher)
        try:
            left = []
            for fatal_step in fatal_steps:
                assert _import(tmp_path, server.database, fatal_step=fatal_step) == -SIGKILL
                left.append((_known(server.database), _prices(contract)))
            assert _import(tmp_path, server.database, fatal_step=_NEVER) == 0
            after, new = _known(server.database), _prices(contract)
        finally:
            running.clear()
        sent, seen = sending.result(), watching.result()
        totals = fleet.totals()

    say(kills=_KILLS, steps=steps, events=len(sent), prices_seen=seen)
    assert left == [(before, old)] * _KILLS
    assert [now - then for now, then in zip(after, before, strict=True)] == [2, 1]
    assert all(one != other for one, other in zip(old, new, strict=True))
    assert seen <= {old, new}
    assert old in seen
    assert totals == expected_totals(sent)
    assert set(fleet.acknowledged) == {one["id"] for one in sent}


def test_a_correction_in_several_commits_would_be_noticed(tmp_path: Path) -> None:
    """Control: where each statement is committed on its own, a kill leaves half a correction."""
    server = FaultyServer(tmp_path / "economy.db")
    server.new_token()
    steps = _steps_of_an_import(tmp_path, server.database, "commits_each_statement")
    before, after = _known(server.database), _known(tmp_path / "copy.db")
    left = set()
    for fatal_step in range(steps - 3, steps + 1):
        copy = tmp_path / f"killed-{fatal_step}.db"
        shutil.copy(server.database, copy)
        died = _import(tmp_path, copy, "commits_each_statement", fatal_step=fatal_step)
        assert died == -SIGKILL
        left.add(_known(copy))

    say(before=before, after=after, left=left)
    assert left - {before, after}
