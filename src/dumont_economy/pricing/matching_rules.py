"""Matching rules: how much of a GPU another one must have to stand in for it. Versioned data."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cache

from dumont_economy.data.shipped_rows import shipped_rows


@dataclass(frozen=True, slots=True)
class MatchingRules:
    """One version of the rules; each ratio is the least multiple of the original's figure."""

    version: int
    published: date
    min_memory_ratio: Fraction
    min_fp16_ratio: Fraction
    min_bandwidth_ratio: Fraction


@cache
def shipped_matching_rules() -> tuple[MatchingRules, ...]:
    """Return all versions that the package ships, in order; the last one is used."""
    return tuple(
        MatchingRules(
            version=int(row["version"]),
            published=date.fromisoformat(row["published"]),
            min_memory_ratio=Fraction(row["min_memory_ratio"]),
            min_fp16_ratio=Fraction(row["min_fp16_ratio"]),
            min_bandwidth_ratio=Fraction(row["min_bandwidth_ratio"]),
        )
        for row in shipped_rows("matching_rules.csv")
    )


def newest_matching_rules() -> MatchingRules:
    """Return the version that is used."""
    return shipped_matching_rules()[-1]
