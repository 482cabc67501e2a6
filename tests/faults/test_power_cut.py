"""Power cuts: a 2xx means on disk (RELIABILITY.md, D1 and section 5)."""

import shutil
from itertools import islice
from pathlib import Path
from random import Random

from tests.faults.harness import Client, FaultyServer, say, seeded, size, usage
from tests.faults.power_cut import (
    Acknowledge,
    CutResult,
    Step,
    Write,
    cut_at_random,
    steps_of,
    traced,
)

_CUTS = size(400, 5_000)
_CONTROL_CUTS = 100
# Enough for several checkpoints: the log is written from its beginning again after each.
_BATCHES = size(40, 200)
_SLICE = 25


def _cut(
    folder: Path, random: Random, cuts: int, alterations: str = ""
) -> tuple[CutResult, list[Step]]:
    """Report to a traced server, then cut the power at random moments of what it did."""
    log = folder / "strace.log"
    server = FaultyServer(folder / "economy.db", alterations=alterations, prefix=traced(log))
    client = Client(server.port, server.new_token())
    before = folder / "before" / "economy.db"
    before.parent.mkdir()
    shutil.copy(server.database, before)
    slices = [
        batch[start : start + _SLICE]
        for batch in islice(usage(random), _BATCHES)
        for start in range(0, len(batch), _SLICE)
    ]
    with server.running():
        for events in slices:
            client.push_until_acknowledged(events)
        # Strace has to write down all that it saw.
        server.kill_below_prefix()
    steps = list(steps_of(log))
    seen = {name for step in steps if isinstance(step, Acknowledge) for name in step.ids}
    # The client may have the last answer before strace saw that it was sent: a kill falls between.
    last = {event["id"] for event in slices[-1]}
    assert client.acknowledged.keys() - seen <= last, "not every answer was found in the trace"
    assert seen <= client.acknowledged.keys(), "an answer was found that nobody got"
    return cut_at_random(before, steps, cuts, random, folder), steps


def test_what_was_acknowledged_outlives_a_power_cut(tmp_path: Path) -> None:
    """However little of what was not synced survives, no answered event is missing."""
    random = seeded("tests/faults/test_power_cut.py -k outlives")

    result, steps = _cut(tmp_path, random, _CUTS)

    writes = [step for step in steps if isinstance(step, Write)]
    to_log = sum(step.path.endswith("-wal") for step in writes)
    to_database = sum(step.path.endswith(".db") for step in writes)
    say(cuts=_CUTS, lost=result.lost, corrupt=result.corrupt, writes=(to_log, to_database))
    assert to_database > 100, "no checkpoint was cut"
    assert result == CutResult(lost=0, corrupt=0)


def test_a_commit_that_is_not_synced_would_be_noticed(tmp_path: Path) -> None:
    """Control: with `synchronous=NORMAL` power cuts lose acknowledged events."""
    random = seeded("tests/faults/test_power_cut.py -k not_synced")

    result, _ = _cut(tmp_path, random, _CONTROL_CUTS, alterations="synchronous_normal")

    say(cuts=_CONTROL_CUTS, lost=result.lost, corrupt=result.corrupt)
    assert result.lost
    assert not result.corrupt


def test_a_broken_database_would_be_noticed(tmp_path: Path) -> None:
    """Control: with `synchronous=OFF` power cuts leave databases that are not whole."""
    random = seeded("tests/faults/test_power_cut.py -k broken")

    result, _ = _cut(tmp_path, random, _CONTROL_CUTS, alterations="synchronous_off")

    say(cuts=_CONTROL_CUTS, lost=result.lost, corrupt=result.corrupt)
    assert result.corrupt
