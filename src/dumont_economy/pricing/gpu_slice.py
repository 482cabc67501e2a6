"""GPU slices: parts of a GPU that its hardware keeps apart (MIG), told by their profile.

A profile such as `3g.20gb` has three of the GPU's compute slices and 20 GB of its memory.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache

from dumont_economy.data.shipped_rows import shipped_rows

_PROFILE = re.compile(r"([1-9])g\.([1-9][0-9]{0,2})gb", re.ASCII)
# The engines that a slice has beside its processors do not change how much of the GPU it is.
_SLICE = re.compile(
    r"(?P<gpu>.+?)[\s_-]+mig[\s_-]+(?P<profile>[1-9]g\.[1-9][0-9]{0,2}gb)"
    r"(?:[+.](?:me|gfx|me\.all)|-me)?",
    re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class SliceProfile:
    """A kind of slice: compute slices, and memory in GB as its name states it."""

    name: str
    compute_slices: int
    memory_gb: Decimal

    @classmethod
    def parse(cls, name: str) -> "SliceProfile":
        """Return the profile of a name such as `1g.10gb`.

        Raises:
            ValueError: it is no such name.
        """
        match = _PROFILE.fullmatch(name)
        if match is None:
            raise ValueError(name)
        return cls(name, int(match[1]), Decimal(match[2]))


@dataclass(frozen=True, slots=True)
class Slicing:
    """How one GPU model can be sliced: the compute slices of a whole one, and its profiles."""

    compute_slices: int
    profiles: frozenset[SliceProfile]

    def fraction(self, profile: SliceProfile) -> Fraction | None:
        """Return how much of the GPU a profile is, None where it has no such profile.

        By compute slices: slices with more memory than their share are no greater for it, so in
        doubt the comparison is the cheaper one.
        """
        if profile not in self.profiles:
            return None
        return Fraction(profile.compute_slices, self.compute_slices)


def split_slice(spelling: str) -> tuple[str, SliceProfile | None]:
    """Return the GPU that a spelling names, and the profile where it means a slice of one."""
    match = _SLICE.fullmatch(spelling.strip())
    if match is None:
        return spelling, None
    return match["gpu"], SliceProfile.parse(match["profile"].lower())


@cache
def shipped_slicings() -> Mapping[str, Slicing]:
    """Return how the GPU models that the package ships can be sliced, by canonical name."""
    return {
        row["gpu_model"]: Slicing(
            compute_slices=int(row["compute_slices"]),
            profiles=frozenset(SliceProfile.parse(name) for name in row["profiles"].split()),
        )
        for row in shipped_rows("mig_profiles.csv")
    }
