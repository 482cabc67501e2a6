"""Peers: what other machines with the same GPU cost, to hold the first price of a SKU against."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from dumont_economy.pricing.rate import PricingModel, Rate
from dumont_economy.pricing.sku import Sku, is_compared


class Kinship(StrEnum):
    """How near peers are, in words; the nearest there are count."""

    SAME_TYPE = "that type in its other regions"
    SAME_PROVIDER = "its other machines"
    # Of the clouds that usage is compared with, or of those that GPUs are rented from.
    SAME_KIND = "those of providers of its kind"


@dataclass(frozen=True, slots=True)
class Peers:
    """What machines with one GPU model cost under one pricing model, in USD per GPU-hour."""

    least: Fraction
    most: Fraction
    kinship: Kinship


class Peerage:
    """What machines cost at present: by type, by provider and GPU, and by kind and GPU."""

    def __init__(self, rates: Iterable[Rate]) -> None:
        newest: dict[tuple[object, ...], Rate] = {}
        for rate in rates:
            sku = rate.sku
            key = (sku.provider, sku.region, sku.instance_type, rate.pricing_model)
            held = newest.get(key)
            if held is None or rate.wins_over(held):
                newest[key] = rate
        self._prices: dict[tuple[object, ...], list[Fraction]] = {}
        for rate in newest.values():
            for _, among in _keys(rate.sku, rate.pricing_model):
                self._prices.setdefault(among, []).append(rate.usd_per_gpu_hour)

    def of(self, sku: Sku, pricing_model: PricingModel) -> Peers | None:
        """Return what a SKU's nearest peers cost, None where nobody has its GPU."""
        for kinship, among in _keys(sku, pricing_model):
            prices = self._prices.get(among)
            if prices:
                return Peers(min(prices), max(prices), kinship)
        return None


def _keys(sku: Sku, pricing_model: PricingModel) -> Iterator[tuple[Kinship, tuple[object, ...]]]:
    """Yield where a SKU's peers are found, the nearest first."""
    yield Kinship.SAME_TYPE, (sku.provider, sku.instance_type, pricing_model, "type")
    yield Kinship.SAME_PROVIDER, (sku.provider, sku.gpu_model, pricing_model, "GPU")
    yield Kinship.SAME_KIND, (is_compared(sku.provider), sku.gpu_model, pricing_model, "GPU")
