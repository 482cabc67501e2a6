"""A price correction that is killed while usage flows: all of it holds, or nothing does (M8)."""

import json
import shutil
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import count, product
from pathlib import Path
from random import Random
from signal import SIGKILL
from threading import Event

from tests.faults.altered import FATAL_STEP, STEPS_FILE
from tests.faults.harness import (
    Client,
    FaultyServer,
    Json,
    event,
    expected_totals,
    say,
    seeded,
    send_while,
    size,
    ten_decimals,
)

_KILLS = size(10, 20)
_NEVER = 0
# A contract that changes the prices of two GPUs together. The notes make each file another one.
_CORRECTION = """\
provider,region,instance_type,gpu_model,gpu_count,gpu_memory_gib,vcpus,memory_gib,\
on_demand_usd_per_hour,spot_usd_per_hour,as_of,source,note
aws,us-east-1,p5.48xlarge,H100-80GB-SXM,8,80,192,2048,50,,2026-08-20,our contract,{note}
aws,us-east-1,g6.xlarge,L4,1,24,4,16,0.82,,2026-08-20,our contract,{note}
"""
# Each GPU, the machine whose share it is compared with, and what it costs after the correction.
_GPUS = {
    "H100 SXM": ("p5.48xlarge", Fraction(50, 8)),
    "L4": ("g6.xlarge", Fraction("0.82")),
}
# The file itself is kept in a transaction of its own, before anything is learned from it.
_KNOWN = "SELECT (SELECT count(*) FROM provider_pricing), (SELECT count(*) FROM price_import)"
_AFTER_THE_CORRECTION = datetime(2026, 9, 1, tzinfo=UTC)
_DAYS = 60
_INSTANCES = size(5, 50)
_SESSIONS_A_DAY = size(5, 17)
_LINES = len(_GPUS) * _INSTANCES * _DAYS * _SESSIONS_A_DAY
_MOST_EVENTS = 1_000
# A hundredth of an hour: prices have few decimals, so no amount has over ten.
_STEP_SECONDS = 36
_TOTALS = "/api/v1/ledger/totals?group_by=day&provider=AWS&timezone=UTC"

_notes = count(1)

Known = tuple[int, ...]
Prices = tuple[str, ...]
# The used seconds of each GPU on each day.
Used = dict[date, Counter[str]]
Days = dict[str, str]


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


def _use_corrected_gpus(client: Client, random: Random, instances: int = _INSTANCES) -> Used:
    """Report finished sessions of each GPU that the correction is about, on each of 60 days."""
    used: Used = {}
    events = []
    for gpu, number, day, turn in product(
        _GPUS, range(instances), range(_DAYS), range(_SESSIONS_A_DAY)
    ):
        begins = _AFTER_THE_CORRECTION + timedelta(days=day, hours=turn)
        seconds = random.randrange(2, 90) * _STEP_SECONDS
        instance, name = f"{gpu} {number}", f"{gpu} {number} {day} {turn}"
        shape = {"provider": "vast", "gpu": gpu, "gpu_count": 1, "rate": "0.5"}
        events += [
            event("start", instance, begins, f"start {name}", **shape),
            event("stop", instance, begins + timedelta(seconds=seconds), f"stop {name}"),
        ]
        used.setdefault(begins.date(), Counter())[gpu] += seconds
    for first in range(0, len(events), _MOST_EVENTS):
        client.push_until_acknowledged(events[first : first + _MOST_EVENTS])
    return used


def _expected(used: Used, price_of: Mapping[str, Fraction]) -> Days:
    """Return what the use of each day costs elsewhere: seconds times prices, by hand."""
    return {
        day.isoformat(): ten_decimals(
            sum((seconds * price_of[gpu] / 3600 for gpu, seconds in of_day.items()), Fraction(0))
        )
        for day, of_day in used.items()
    }


def _compared(days: Iterable[Json]) -> Days:
    """Return what an answer says that the use of each day costs elsewhere."""
    return {one["date"]: one["comparison"] for one in days}


def _book_price(server: FaultyServer, instance_type: str) -> Fraction:
    """Return what the shipped book asks for a GPU of a machine an hour."""
    machine = ("--provider", "aws", "--region", "us-east-1", "--instance-type", instance_type)
    told = json.loads(server.economy("prices", "rate", *machine, "--json"))
    return Fraction(told["price_per_gpu_hour"])


def _prices(client: Client) -> Prices:
    """Return what the use of each corrected GPU costs elsewhere, by the newest prices."""
    groups = client.read("/api/v1/instances?group_by=gpu")["groups"]
    return tuple(sorted(group["lifetime"]["comparison_cost"] for group in groups))


def _watch(running: Event, client: Client) -> tuple[set[Prices], list[float]]:
    """Ask for the prices again and again until told to stop; return all answers, and how long."""
    seen, seconds = set(), []
    while running.is_set():
        begun = time.monotonic()
        seen.add(_prices(client))
        seconds.append(time.monotonic() - begun)
        time.sleep(0.05)
    return seen, sorted(seconds)


def test_a_killed_correction_leaves_nothing_behind(tmp_path: Path) -> None:
    """Whatever step it dies at, prices are the old ones; figures never mix old and new.

    Once it is through, the use of 60 days is rated anew, and the adjustment of each is new - old.
    """
    random = seeded("tests/faults/test_price_correction.py -k leaves_nothing")
    server = FaultyServer(tmp_path / "economy.db")
    fleet = Client(server.port, server.new_token("fleet"))
    contract = Client(server.port, server.new_token("contract"))
    watcher = Client(server.port, contract.token)
    steps = _steps_of_an_import(tmp_path, server.database)
    # The last step is the commit: once, it dies right before that.
    fatal_steps = [steps, *random.choices(range(1, steps), k=_KILLS - 1)]
    price_of = {gpu: _book_price(server, machine) for gpu, (machine, _) in _GPUS.items()}
    difference = _difference(server)
    running = Event()
    running.set()
    with server.running(), ThreadPoolExecutor(2) as pool:
        used = _use_corrected_gpus(contract, random)
        before, old, old_days = _known(server.database), _prices(contract), contract.read(_TOTALS)
        sending = pool.submit(send_while, running, fleet, Random(random.random()), per_second=2)
        watching = pool.submit(_watch, running, watcher)
        try:
            left = []
            for fatal_step in fatal_steps:
                assert _import(tmp_path, server.database, fatal_step=fatal_step) == -SIGKILL
                left.append((_known(server.database), _prices(contract)))
            assert _import(tmp_path, server.database, fatal_step=_NEVER) == 0
            after, new = _known(server.database), _prices(contract)
            new_days = contract.read(f"{_TOTALS}&adjustment_since={old_days['as_of']}")
        finally:
            running.clear()
        sent, (seen, seconds) = sending.result(), watching.result()
        totals = fleet.totals()

    say(
        kills=_KILLS,
        steps=steps,
        lines=_LINES,
        events=len(sent),
        prices_seen=seen,
        answers=len(seconds),
        p95=f"{seconds[len(seconds) * 95 // 100]:.3f} s",
        slowest=f"{seconds[-1]:.2f} s",
    )
    assert left == [(before, old)] * _KILLS
    assert [now - then for now, then in zip(after, before, strict=True)] == [2, 1]
    assert all(one != other for one, other in zip(old, new, strict=True))
    assert seen <= {old, new}
    assert old in seen
    corrected = {gpu: price for gpu, (_, price) in _GPUS.items()}
    assert len(used) == _DAYS
    assert _compared(old_days["days"]) == _expected(used, price_of)
    assert _compared(new_days["days"]) == _expected(used, corrected)
    assert _compared(new_days["adjustment"]) == _expected(used, difference)
    assert {one["actual"] for one in new_days["adjustment"]} == {"0.0000000000"}
    assert totals == expected_totals(sent)
    assert set(fleet.acknowledged) == {one["id"] for one in sent}


def _difference(server: FaultyServer) -> dict[str, Fraction]:
    """Return what an hour of each GPU costs more by the correction."""
    return {gpu: price - _book_price(server, machine) for gpu, (machine, price) in _GPUS.items()}


def test_prices_without_a_date_of_knowledge_would_be_noticed(tmp_path: Path) -> None:
    """Control: where the past is rated with what was learned later, nothing is adjusted."""
    random = seeded("tests/faults/test_price_correction.py -k date_of_knowledge")
    server = FaultyServer(tmp_path / "economy.db", alterations="knows_prices_always")
    client = Client(server.port, server.new_token())
    difference = _difference(server)
    with server.running():
        used = _use_corrected_gpus(client, random, instances=1)
        as_of = client.read(_TOTALS)["as_of"]
        assert _import(tmp_path, server.database, fatal_step=_NEVER) == 0
        adjustment = client.read(f"{_TOTALS}&adjustment_since={as_of}")["adjustment"]

    say(days_adjusted=len(adjustment), of=len(used))
    assert _compared(adjustment) != _expected(used, difference)


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
