"""The ends of offers: from when on a provider does not sell an instance type any more."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from functools import cache

from dumont_economy.data.shipped_rows import shipped_rows
from dumont_economy.pricing.rate import PricingModel
from dumont_economy.pricing.sku import Sku

_ALL_PRICING_MODELS = "*"


@dataclass(frozen=True, slots=True)
class OfferEnd:
    """From `not_offered_from` on, a provider does not sell types of this pattern."""

    provider: str
    instance_type_pattern: str
    pricing_model: PricingModel | None
    not_offered_from: datetime
    reason: str

    def ends(self, sku: Sku, pricing_model: PricingModel) -> bool:
        """Say whether this concerns the SKU under the pricing model (None stands for all)."""
        return (
            self.provider == sku.provider
            and self.pricing_model in (None, pricing_model)
            and fnmatchcase(sku.instance_type, self.instance_type_pattern)
        )


@cache
def shipped_offer_ends() -> tuple[OfferEnd, ...]:
    """Return which instance types providers do not sell any more, from when on."""
    return tuple(
        OfferEnd(
            provider=row["provider"],
            instance_type_pattern=row["instance_type_pattern"],
            pricing_model=None
            if row["pricing_model"] == _ALL_PRICING_MODELS
            else PricingModel(row["pricing_model"]),
            not_offered_from=datetime.combine(
                date.fromisoformat(row["not_offered_from"]), datetime.min.time(), UTC
            ),
            reason=row["reason"],
        )
        for row in shipped_rows("not_offered.csv")
    )
