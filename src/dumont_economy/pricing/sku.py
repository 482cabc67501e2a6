"""SKUs: what a provider sells (provider, region, instance type), running Linux."""

from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Literal

from dumont_economy.errors import UnknownProviderError

ProviderLabel = Literal["AWS", "GCP", "Azure"]


class ComparisonProvider(StrEnum):
    """A cloud that usage is compared with."""

    AWS = "aws"
    GCP = "gcp"
    AZURE = "azure"

    @property
    def label(self) -> ProviderLabel:
        """Return the name as the answers spell it."""
        return _LABELS[self]


_LABELS: dict[ComparisonProvider, ProviderLabel] = {
    ComparisonProvider.AWS: "AWS",
    ComparisonProvider.GCP: "GCP",
    ComparisonProvider.AZURE: "Azure",
}


def is_compared(provider: str) -> bool:
    """Say whether a provider is one that usage is compared with; others rent GPUs out."""
    return provider in _LABELS


def parse_provider(text: str) -> ComparisonProvider:
    """Return the provider that a text names, in any case.

    Raises:
        UnknownProviderError: it names none of the three.
    """
    try:
        return ComparisonProvider(text.lower() if text.isascii() else text)
    except ValueError as error:
        raise UnknownProviderError(text) from error


@dataclass(frozen=True, slots=True)
class Sku:
    """One instance type in one region.

    `gpu_count` is a fraction below 1 where the type rents out a slice of a GPU. `vcpus` and
    `memory_gib` are None where the source does not say. `cpu_architecture` is x86_64 or arm64.
    """

    provider: str
    region: str
    instance_type: str
    gpu_model: str
    gpu_count: Fraction
    cpu_architecture: str
    # Described, not told apart by: two sources may round them differently.
    vcpus: Fraction | None = field(default=None, compare=False)
    memory_gib: Fraction | None = field(default=None, compare=False)

    def __str__(self) -> str:
        """Return provider, region and instance type."""
        return f"{self.provider} {self.region} {self.instance_type}"

    @property
    def whole_gpus(self) -> int | None:
        """Return the number of whole GPUs, or None for a slice of one."""
        return self.gpu_count.numerator if self.gpu_count.denominator == 1 else None
