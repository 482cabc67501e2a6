"""Rows of a few factors in which every two values that fit each other occur together."""

from collections import Counter
from collections.abc import Hashable, Sequence
from itertools import combinations
from typing import TypeVar

Pair = tuple[tuple[int, Hashable], tuple[int, Hashable]]
Row = TypeVar("Row", bound=tuple[Hashable, ...])


def pairs_of(row: tuple[Hashable, ...]) -> frozenset[Pair]:
    """Return each two values of a row with the factors that they are of."""
    return frozenset(combinations(enumerate(row), 2))


def pairwise(rows: Sequence[Row]) -> list[Row]:
    """Choose rows until every pair that occurs in any row occurs in a chosen one.

    Greedy: always the row with the most pairs that are still missing; of equals the one whose pairs
    were seen least, then the first, so the same rows are chosen each time.
    """
    pairs = {row: pairs_of(row) for row in rows}
    missing = frozenset[Pair]().union(*pairs.values())
    seen = Counter[Pair]()
    chosen = []
    while missing:
        best = max(
            rows,
            key=lambda row: (len(pairs[row] & missing), -sum(seen[pair] for pair in pairs[row])),
        )
        chosen.append(best)
        missing -= pairs[best]
        seen.update(pairs[best])
    return chosen
