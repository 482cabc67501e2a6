"""Many writers on SQLite: none is turned away, and the log does not grow for ever (D5)."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from tests.faults.harness import (
    BATCH,
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

_PROCESSES = 4
_READY_SECONDS = 60
_WORKERS = ("--workers", str(_PROCESSES))
_CLIENTS = 16
_SECONDS = size(6, 300)
_MOST_SECONDS = 60
# Small, so that none waits long for its turn on a slow machine either.
_SLICE = 20
_LOCKED = "database is locked"
_MOST_LOG_BYTES = 64 << 20


@dataclass
class _Machine:
    """One of many that report and ask at the same time; it never sends anything twice."""

    client: Client
    # Of the same fleet for all machines: runs of which each ends in the batch that it begins in.
    fleet: Iterator[Batch]
    batches: list[Batch] = field(default_factory=list)
    refusals: list[Answer] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def work(self, until: float) -> None:
        """Report and ask in turn, until a moment of the monotonic clock."""
        while time.monotonic() < until:
            whole = next(self.fleet)
            for begins in range(0, BATCH, _SLICE):
                self._report(whole[begins : begins + _SLICE])
                self.client.read("/api/v1/economy/savings")

    def _report(self, batch: Batch) -> None:
        self.batches.append(batch)
        begun = time.monotonic()
        answer = self.client.push(batch)
        self.seconds.append(time.monotonic() - begun)
        if answer.status != 200:
            self.refusals.append(answer)


def _largest_log(log: Path, workers: Sequence[Future[None]]) -> int:
    """Return how large the write-ahead log became until all have done their work."""
    largest = 0
    while True:
        unfinished = wait(workers, timeout=0.05).not_done
        largest = max(largest, log.stat().st_size)
        if not unfinished:
            return largest


class _Shared(Iterator[Batch]):
    """What a fleet reports, to be taken by several threads."""

    def __init__(self, batches: Iterator[Batch]) -> None:
        self._batches = batches
        self._taking = Lock()

    def __next__(self) -> Batch:
        with self._taking:
            return next(self._batches)


def _work_at_once(
    server: FaultyServer, token: str, fleet: Iterator[Batch], seconds: float
) -> tuple[list[_Machine], int]:
    """Let many machines report and ask at once; return them, and the log's largest size."""
    machines = [_Machine(Client(server.port, token), fleet) for _ in range(_CLIENTS)]
    until = time.monotonic() + seconds
    with ThreadPoolExecutor(_CLIENTS) as pool:
        work = [pool.submit(machine.work, until) for machine in machines]
        largest = _largest_log(Path(f"{server.database}-wal"), work)
        for done in work:
            done.result()
    return machines, largest


def _wait_for_all_workers(server: FaultyServer) -> None:
    """Wait until four processes serve: the first one alone makes the server ready."""
    deadline = time.monotonic() + _READY_SECONDS
    while len(server.workers()) < _PROCESSES:
        assert time.monotonic() < deadline, server.said()
        time.sleep(0.1)


def test_no_writer_is_turned_away(tmp_path: Path) -> None:
    """Four processes serve sixteen machines: every answer is 200, and each event counts once."""
    random = seeded("tests/faults/test_many_writers.py -k turned_away")
    server = FaultyServer(tmp_path / "economy.db", options=_WORKERS)
    token = server.new_token()
    with server.running():
        _wait_for_all_workers(server)
        machines, largest_log = _work_at_once(server, token, _Shared(usage(random)), _SECONDS)
        totals = Client(server.port, token).totals()

    sent = [event for machine in machines for batch in machine.batches for event in batch]
    seconds = sorted(one for machine in machines for one in machine.seconds)
    say(
        batches=len(seconds),
        requests_a_second=f"{2 * len(seconds) / _SECONDS:.0f}",
        slowest_write=f"{seconds[-1]:.2f} s",
        p99=f"{seconds[len(seconds) * 99 // 100]:.2f} s",
        largest_log=f"{largest_log / 2**20:.1f} MiB",
    )
    assert [machine.refusals for machine in machines] == [[]] * _CLIENTS
    assert _LOCKED not in server.said()
    assert {status for machine in machines for status in machine.client.statuses} == {200}
    assert 0 < largest_log < _MOST_LOG_BYTES
    assert loss([event["id"] for event in sent], server.stored_ids()) == NO_LOSS
    assert totals == expected_totals(sent)


def test_a_lock_that_is_upgraded_would_be_noticed(tmp_path: Path) -> None:
    """Control: where a writer begins as a reader does, another's commit turns it away."""
    random = seeded("tests/faults/test_many_writers.py -k upgraded")
    server = FaultyServer(tmp_path / "economy.db", options=_WORKERS, alterations="begins_deferred")
    token = server.new_token()
    fleet, reports = _Shared(usage(random)), 0
    refusals: list[Answer] = []
    until = time.monotonic() + _MOST_SECONDS
    with server.running():
        _wait_for_all_workers(server)
        # A process that is there may take a while until it serves; one alone is in nobody's way.
        while not refusals and time.monotonic() < until:
            machines, _ = _work_at_once(server, token, fleet, seconds=1)
            refusals = [answer for machine in machines for answer in machine.refusals]
            reports += sum(len(machine.batches) for machine in machines)

    say(refusals=len(refusals), of=reports)
    assert refusals
    assert {answer.status for answer in refusals} == {503}
    assert _LOCKED in server.said()


def test_a_log_that_is_never_emptied_would_be_noticed(tmp_path: Path) -> None:
    """Control: without checkpoints the log passes what it may take."""
    random = seeded("tests/faults/test_many_writers.py -k never_emptied")
    server = FaultyServer(
        tmp_path / "economy.db", options=_WORKERS, alterations="never_checkpoints"
    )
    client = Client(server.port, server.new_token())
    with server.running():
        log = Path(f"{server.database}-wal")
        for batch in usage(random):
            client.push_until_acknowledged(batch)
            if log.stat().st_size > _MOST_LOG_BYTES:
                break
            assert len(client.acknowledged) < 10_000 * BATCH

    say(batches=len(client.acknowledged) // BATCH)
