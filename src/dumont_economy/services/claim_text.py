"""Price claims as text: what waits for a person is kept as it was read, and read back the same."""

import json
from collections.abc import Callable
from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from dumont_economy.instant import instant_text, parse_instant
from dumont_economy.pricing.price_claim import PriceClaim
from dumont_economy.pricing.rate import PricingModel

_READERS: dict[str, Callable[[str], Any]] = {
    "pricing_model": PricingModel,
    "price_per_instance_hour": Decimal,
    "effective_from": parse_instant,
    "seen_on": date.fromisoformat,
    "gpu_count": Fraction,
    "gpu_memory_gib": Decimal,
    "vcpus": Fraction,
    "memory_gib": Fraction,
}


def claim_text(claim: PriceClaim) -> str:
    """Return a claim as JSON; numbers as exact text, what is not known left out."""
    said = {field.name: getattr(claim, field.name) for field in fields(claim)}
    return json.dumps({name: _text(value) for name, value in said.items() if value is not None})


def parse_claim(text: str) -> PriceClaim:
    """Return the claim that `claim_text` wrote."""
    said: dict[str, str] = json.loads(text)
    read: dict[str, Any] = {"effective_from": None, "source_url": None}
    for name, value in said.items():
        read[name] = _READERS[name](value) if name in _READERS else value
    return PriceClaim(**read)


def _text(value: object) -> str:
    if isinstance(value, PricingModel):
        return value.value
    if isinstance(value, datetime):
        return instant_text(value)
    return str(value)
