"""A disk that fills up: refused, not lost, and served again once there is space (D3).

The disk is a small tmpfs, where the tests may mount one. SQLite that is held to a number of pages
takes that for a full disk too.
"""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random

import pytest

from tests.faults.altered import MOST_PAGES_FILE
from tests.faults.harness import (
    NO_LOSS,
    Answer,
    Batch,
    Client,
    FaultyServer,
    expected_totals,
    loss,
    say,
    seeded,
    size,
    usage,
)

_REFUSALS = size(30, 300)
_SPACE = size(4, 40) << 20
_PAGE = 4_096
_PLENTY = 1 << 29


@dataclass(frozen=True)
class SmallDisk:
    """Where a database may lie, and what sets how many bytes there are for it."""

    folder: Path
    set_size: Callable[[int], None]
    alterations: tuple[str, ...]
    told: dict[str, str]


@contextmanager
def _tmpfs(folder: Path) -> Iterator[SmallDisk]:
    """Mount a tmpfs.

    Raises:
        CalledProcessError: that is not allowed here.
    """
    disk = folder / "disk"
    disk.mkdir()

    def mount(options: str) -> None:
        command = ("/bin/mount", "-t", "tmpfs", "-o", options, "tmpfs", str(disk))
        subprocess.run(command, check=True, capture_output=True)

    mount(f"size={_PLENTY}")
    try:
        yield SmallDisk(disk, lambda bytes_: mount(f"remount,size={bytes_}"), (), {})
    finally:
        subprocess.run(("/bin/umount", str(disk)), check=True)


@contextmanager
def _pages(folder: Path) -> Iterator[SmallDisk]:
    """Hold SQLite to a number of pages."""
    told = folder / "most-pages"

    def set_size(bytes_: int) -> None:
        told.write_text(str(bytes_ // _PAGE))

    set_size(_PLENTY)
    yield SmallDisk(folder, set_size, ("few_pages",), {MOST_PAGES_FILE: str(told)})


@pytest.fixture(params=["tmpfs", "pages"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SmallDisk]:
    """Return a disk of either kind; pages where a tmpfs may not be mounted."""
    if request.param == "tmpfs":
        try:
            with _tmpfs(tmp_path) as mounted:
                yield mounted
                return
        except subprocess.CalledProcessError:
            say(tmpfs="not allowed here")
    with _pages(tmp_path) as held:
        yield held


def _server_on(disk: SmallDisk, folder: Path, *alterations: str) -> FaultyServer:
    return FaultyServer(
        disk.folder / "economy.db",
        alterations=",".join((*disk.alterations, *alterations)),
        told=disk.told,
        log=folder / "server.log",
    )


def _fill(client: Client, random: Random, batches: int) -> Iterator[tuple[Batch, Answer]]:
    """Report until so many batches were not taken; yield each batch with its answer."""
    refused = 0
    for batch in usage(random):
        answer = client.push(batch)
        yield batch, answer
        refused += answer.status != 200
        if refused == batches:
            return


def test_a_full_disk_refuses_and_loses_nothing(disk: SmallDisk, tmp_path: Path) -> None:
    """503 with Retry-After; questions are answered; with space, the next report is taken."""
    random = seeded("tests/faults/test_full_disk.py -k loses_nothing")
    server = _server_on(disk, tmp_path)
    client = Client(server.port, server.new_token())
    disk.set_size(server.database.stat().st_size + _SPACE)
    with server.running():
        workers = server.workers()
        answered = list(_fill(client, random, _REFUSALS))
        stored_when_full = loss(client.acknowledged, server.stored_ids())
        meanwhile = client.totals()

        disk.set_size(_PLENTY)
        refused = [batch for batch, answer in answered if answer.status != 200]
        afterwards = [client.push(batch).status for batch in refused]
        totals = client.totals()
        assert server.workers() == workers

    taken = [event for batch, answer in answered if answer.status == 200 for event in batch]
    say(acknowledged_before=len(taken), answers=dict(client.statuses))
    assert taken, "the disk was full from the beginning"
    assert {answer.status for _, answer in answered} == {200, 503}
    retry_after = {answer.headers.get("Retry-After") for _, answer in answered}
    assert retry_after == {None, "5"}
    assert stored_when_full == NO_LOSS
    assert meanwhile == expected_totals(taken)
    assert set(afterwards) == {200}
    assert loss(client.acknowledged, server.stored_ids()) == NO_LOSS
    assert totals == expected_totals(event for batch, _ in answered for event in batch)


def test_an_error_that_is_not_understood_would_be_noticed(disk: SmallDisk, tmp_path: Path) -> None:
    """Control: where errors of the database are passed on as they are, a full disk answers 500."""
    random = seeded("tests/faults/test_full_disk.py -k not_understood")
    server = _server_on(disk, tmp_path, "passes_errors_on")
    client = Client(server.port, server.new_token())
    disk.set_size(server.database.stat().st_size + _SPACE)
    with server.running():
        statuses = {answer.status for _, answer in _fill(client, random, batches=1)}

    assert statuses == {200, 500}


def test_an_answer_before_the_commit_would_be_noticed(disk: SmallDisk, tmp_path: Path) -> None:
    """Control: where a batch is stored after its answer, a full disk loses acknowledged events."""
    random = seeded("tests/faults/test_full_disk.py -k before_the_commit")
    server = _server_on(disk, tmp_path, "answers_before_commit")
    client = Client(server.port, server.new_token())
    disk.set_size(server.database.stat().st_size + (1 << 20))
    with server.running():
        for batch in islice(usage(random), 60):
            client.push(batch)
        # Let it try to store the last of them.
        time.sleep(1)

    found = loss(client.acknowledged, server.stored_ids())
    say(lost=found.lost)
    assert found.lost
