"""Policies: how an account compares, and where its days begin. A change is a new version."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

from dumont_economy.pricing.rate import PricingModel
from dumont_economy.pricing.sku import ComparisonProvider


class Basis(StrEnum):
    """What a GPU is set beside: its own share, or the whole machine that must be rented."""

    PER_GPU = "per_gpu"
    SMALLEST_INSTANCE = "smallest_instance"


class Substitutes(StrEnum):
    """What happens where a provider does not sell the GPU itself."""

    COUNT = "count"
    APART = "apart"
    EXCLUDE = "exclude"


class RateCardName(StrEnum):
    """Which rates the other side is priced with."""

    LIST = "list"
    REFERENCE = "reference"


BASELINE_REGIONS = {
    ComparisonProvider.AWS: "us-east-1",
    ComparisonProvider.GCP: "us-central1",
    ComparisonProvider.AZURE: "eastus",
}


@dataclass(frozen=True)
class Policy:
    """One version of an account's policy.

    `discounts` are shares of the list price from 0 up to, not including, 1. `timezone` is the IANA
    name of the zone at whose midnights days are cut, None for the one that the account began with.
    """

    version: int = 1
    pricing_model: PricingModel = PricingModel.ON_DEMAND
    basis: Basis = Basis.PER_GPU
    substitutes: Substitutes = Substitutes.COUNT
    regions: Mapping[ComparisonProvider, str] = field(default_factory=lambda: BASELINE_REGIONS)
    discounts: Mapping[ComparisonProvider, Fraction] = field(default_factory=dict)
    timezone: str | None = None
