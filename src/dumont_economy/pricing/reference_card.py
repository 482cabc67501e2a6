"""The reference rate card: rates per GPU-hour that an operator publishes; not list prices."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from dumont_economy.pricing.sku import ComparisonProvider


@dataclass(frozen=True)
class ReferenceCard:
    """A published card, in force for all time, without a minimum (grade R).

    `usd_per_gpu_hour` is keyed by provider and GPU as the card spells it; the card tells chips
    apart, not their variants, so `gpu_of_chip` leads from a chip to the card's spelling.
    """

    source: str
    published: str
    usd_per_gpu_hour: Mapping[ComparisonProvider, Mapping[str, Fraction]]
    gpu_of_chip: Mapping[str, str]

    def rate_for(self, provider: ComparisonProvider, chip: str) -> tuple[str, Fraction] | None:
        """Return the card's spelling and USD per GPU-hour for a chip, None where it has no row."""
        gpu = self.gpu_of_chip.get(chip)
        rate = self.usd_per_gpu_hour.get(provider, {}).get(gpu or "")
        return None if gpu is None or rate is None else (gpu, rate)
