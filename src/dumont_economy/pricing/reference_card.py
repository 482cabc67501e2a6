"""The reference rate card: rates per GPU-hour that an operator publishes; not list prices."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from dumont_economy.data.shipped_rows import shipped_rows
from dumont_economy.pricing.gpu_identity import shipped_identifier
from dumont_economy.pricing.gpu_model import shipped_gpu_models
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


@cache
def shipped_reference_card() -> ReferenceCard:
    """Return the reference rate card that the package ships."""
    rows = [row for row in shipped_rows("reference_rate_card.csv") if row["provider"] != "dumont"]
    rates: dict[ComparisonProvider, dict[str, Fraction]] = {}
    for row in rows:
        provider = ComparisonProvider(row["provider"])
        rates.setdefault(provider, {})[row["gpu"]] = Fraction(row["usd_per_gpu_hour"])
    models = shipped_gpu_models()
    gpu_of_chip = {}
    for gpu in {row["gpu"] for row in rows}:
        identity = shipped_identifier().identify(gpu)
        if identity is not None:
            gpu_of_chip[models[identity.gpu_model].chip] = gpu
    return ReferenceCard(
        source=rows[0]["source"],
        published=rows[0]["published"],
        usd_per_gpu_hour=rates,
        gpu_of_chip=gpu_of_chip,
    )
