"""Times how the shipped price book loads and how `economy prices list` starts, with their goals.

    make bench-prices            after the ratios of look-ups and equivalence answers

All but reading the book are whole processes, in turns; what Python and SQLAlchemy take alone says
how quick the machine is. Beside the seconds on the clock stand those of the processor: where they
lie far apart, others kept the machine busy. All figures are medians.
"""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from dumont_economy.pricing.offer_end import shipped_offer_ends
from dumont_economy.pricing.price_book import PriceBook
from dumont_economy.storage.database import Database
from dumont_economy.storage.prices import rates_known

TURNS = 10
SECONDS_TO_LOAD = 2.0
SECONDS_TO_START = 0.5
_LIST = (str(Path(sys.executable).with_name("economy")), "prices", "list")


@dataclass(frozen=True)
class Taken:
    """Seconds that something took, on the clock and of the processor."""

    clock: float
    processor: float


@dataclass(frozen=True)
class Task:
    """Something to time, and how many seconds on the clock it may take, where that is a goal."""

    name: str
    run: Callable[[], object]
    goal: float | None = None


def tasks(folder: Path) -> Sequence[Task]:
    """Return what is timed, in the order in which it is done."""
    kept, new = folder / "kept.db", folder / "new.db"
    on_kept, on_new = _environment(kept, folder), _environment(new, folder)

    def first_start() -> None:
        for path in folder.glob(f"{new.name}*"):
            path.unlink()
        _run(_LIST, on_new)

    return (
        Task("python -c pass", partial(_run, (sys.executable, "-c", "pass"), on_kept)),
        Task(
            "python -c 'import sqlalchemy'",
            partial(_run, (sys.executable, "-c", "import sqlalchemy"), on_kept),
        ),
        Task("economy prices list", partial(_run, _LIST, on_kept), SECONDS_TO_START),
        Task(
            "economy prices list --json",
            partial(_run, (*_LIST, "--json"), on_kept),
            SECONDS_TO_START,
        ),
        Task("the same, learning the shipped book first", first_start, SECONDS_TO_LOAD),
        Task("reading it into a PriceBook", partial(read_book, kept), SECONDS_TO_LOAD),
    )


def _environment(database: Path, folder: Path) -> Mapping[str, str]:
    environment = os.environ | {
        "DUMONT_ECONOMY_DATABASE_URL": f"sqlite:///{database}",
        # What is installed has been compiled; here that is so whatever the environment says.
        "PYTHONPYCACHEPREFIX": str(folder / "compiled"),
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment


def _run(command: Sequence[str], environment: Mapping[str, str]) -> None:
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)


def read_book(path: Path) -> PriceBook:
    """Return the price book that a database holds."""
    database = Database(f"sqlite:///{path}")
    with database.read() as connection:
        book = PriceBook(rates_known(connection), shipped_offer_ends(), 1)
    database.close()
    return book


def timed(task: Task) -> Taken:
    """Return what a task takes, with the processes that it starts."""
    started, used = time.perf_counter(), _processor_seconds()
    task.run()
    return Taken(time.perf_counter() - started, _processor_seconds() - used)


def _processor_seconds() -> float:
    both = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in both)


def main() -> None:
    """Print what each task takes, and whether that reaches its goal."""
    print(f"{'loading and starting':44} {'goal':>14} {'measured':>12} {'processor':>12}")
    with TemporaryDirectory() as name:
        to_time = tasks(Path(name))
        for task in to_time:
            task.run()  # Compiles, and makes the database; not timed.
        turns = [[timed(task) for task in to_time] for _ in range(TURNS)]
    for task, taken in zip(to_time, zip(*turns, strict=True), strict=True):
        clock = median(one.clock for one in taken)
        processor = median(one.processor for one in taken)
        goal = "" if task.goal is None else f"under {task.goal} s"
        reached = "" if task.goal is None else "reached" if clock < task.goal else "MISSED"
        print(
            f"  {task.name:42} {goal:>14} {clock:10.3f} s {processor:10.3f} s  {reached}".rstrip()
        )


if __name__ == "__main__":
    main()
