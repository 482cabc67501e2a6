"""What the benchmarks measure with, and the table that they print."""

import time
from collections.abc import Callable
from statistics import median

TURNS = 100


def milliseconds(run: Callable[[], object], turns: int = TURNS) -> float:
    """Return the median of some turns on the clock."""
    taken = []
    for _ in range(turns):
        began = time.perf_counter()
        run()
        taken.append(time.perf_counter() - began)
    return median(taken) * 1_000


def say(name: str, measured: str, goal: str = "", *, is_reached: bool | None = None) -> None:
    """Print a line of the table."""
    verdict = {None: "", True: "reached", False: "MISSED"}[is_reached]
    print(f"  {name:58} {measured:>14}  {goal:<16} {verdict}")
