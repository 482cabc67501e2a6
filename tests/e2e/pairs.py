"""Rows of a few factors in which every two values that fit each other occur together."""

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from itertools import combinations, product
from typing import TypeVar

Row = tuple[Hashable, ...]
Pair = tuple[tuple[int, Hashable], tuple[int, Hashable]]
R = TypeVar("R", bound=Row)


def pairs_of(row: Row) -> frozenset[Pair]:
    """Return each two values of a row with the factors that they are of."""
    return frozenset(combinations(enumerate(row), 2))


def all_rows(factors: Sequence[Sequence[Hashable]], fits: Callable[[Row], bool]) -> list[Row]:
    """Return the full product, without the rows that do not fit."""
    return [row for row in product(*factors) if fits(row)]


def pairwise(rows: Sequence[R]) -> list[R]:
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
