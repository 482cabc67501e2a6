"""The guard: which prices are refused outright, and which are doubted until a person decides.

Invariants: what is refused or doubted never becomes a rate; a doubt names the price that it is
about and the one it was held against.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from dumont_economy.money import amount_text, exact_text
from dumont_economy.pricing.peers import Kinship, Peers
from dumont_economy.pricing.price_claim import PriceClaim
from dumont_economy.pricing.rate import PricingModel
from dumont_economy.pricing.sku import Sku

CURRENCY = "USD"
# No machine that anybody rents out costs more; USD per instance-hour.
MOST_PER_HOUR = Decimal(100_000)
# Two sources agree within this share of the greater price; beyond it they are in conflict.
AGREEMENT = Fraction(2, 100)
# A doubted price that a second source states within this share needs no person.
CONFIRMATION = Fraction(1, 100)

_SHOWN_PLACES = 2
# How near a ratio must be to the number of GPUs to be taken for a mix-up of the two units: also
# within the bounds, where a machine with two GPUs would cost half.
_MIX_UP_TOLERANCE = Fraction(1, 50)


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least and the greatest multiple of the price before that a price may be."""

    least: Fraction
    most: Fraction

    def hold(self, ratio: Fraction) -> bool:
        """Say whether a ratio lies within; the bounds themselves do."""
        return self.least <= ratio <= self.most


_LISTED = Bounds(Fraction(1, 2), Fraction(2))
_SPOT = Bounds(Fraction(1, 5), Fraction(5))
# Of one type in several regions: nearer than half, so that the price of one of two GPUs stands out.
_SAME_TYPE = Bounds(Fraction(3, 4), Fraction(4, 3))


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a claim is not taken, whatever else is known. `code` is stable."""

    code: str
    message: str


class DoubtCode(StrEnum):
    """Why a price waits for a person."""

    CONFLICT = "conflict"
    PRICE_JUMP = "price_jump"
    PER_GPU_CONFUSION = "per_gpu_confusion"
    UNLIKE_SAME_GPU = "unlike_same_gpu"


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a price waits for a person, and the price per instance-hour it was held against."""

    code: DoubtCode
    message: str
    last_price: Decimal | None


def why_refused(claim: PriceClaim) -> Refusal | None:
    """Return why a claim cannot be a price in our book, None where it can."""
    price = claim.price_per_instance_hour
    if claim.currency != CURRENCY:
        message = f"The price is in {claim.currency}; prices are kept in {CURRENCY}."
        return Refusal("currency_changed", message)
    if price == 0:
        return Refusal("zero_price", "A price of 0 for a machine that is not free.")
    if price < 0:
        return Refusal("negative_price", f"A price of {exact_text(price)}.")
    if price > MOST_PER_HOUR:
        message = f"{exact_text(price)} USD per hour is more than any machine costs."
        return Refusal("absurd_price", message)
    return None


def doubt_beside_last(claim: PriceClaim, sku: Sku, last: Decimal) -> Doubt | None:
    """Return why a price is doubted beside the last one of the same SKU, None where it is not."""
    ratio = Fraction(claim.price_per_instance_hour) / Fraction(last)
    bounds, is_mix_up = _bounds(claim.pricing_model), _is_mix_up(ratio, sku)
    if bounds.hold(ratio) and not is_mix_up:
        return None
    said = (
        f"{exact_text(claim.price_per_instance_hour)} is {amount_text(ratio, _SHOWN_PLACES)} times "
        f"the last price, {exact_text(last)}"
    )
    if is_mix_up:
        message = f"{said}: as with the price of one GPU taken for that of {sku.gpu_count}."
        return Doubt(DoubtCode.PER_GPU_CONFUSION, message, last)
    return Doubt(DoubtCode.PRICE_JUMP, f"{said}; {_shown(bounds)} is allowed.", last)


def doubt_beside_peers(claim: PriceClaim, sku: Sku, peers: Peers) -> Doubt | None:
    """Return why the first price of a SKU is doubted beside those of others with its GPU."""
    bounds = _bounds_beside(peers.kinship, claim.pricing_model)
    least, most = peers.least * bounds.least, peers.most * bounds.most
    per_gpu = Fraction(claim.price_per_instance_hour) / sku.gpu_count
    if least <= per_gpu <= most:
        return None
    said = (
        f"{exact_text(per_gpu)} per {sku.gpu_model}-hour; {peers.kinship} cost "
        f"{exact_text(peers.least)} to {exact_text(peers.most)}"
    )
    if any(least <= other <= most for other in (per_gpu * sku.gpu_count, per_gpu / sku.gpu_count)):
        message = f"{said}: as with the price of one GPU taken for that of {sku.gpu_count}."
        return Doubt(DoubtCode.PER_GPU_CONFUSION, message, None)
    return Doubt(DoubtCode.UNLIKE_SAME_GPU, f"{said}.", None)


def doubt_parameters(
    code: DoubtCode, price: Decimal, last: Decimal | None, sku: Sku, pricing_model: PricingModel
) -> Mapping[str, str]:
    """Return what the sentence of a kept doubt names: prices per instance-hour, ratio and bounds.

    Beside peers there was no last price, and what they cost is kept in words only.
    """
    found = {"price": exact_text(price)}
    if code is DoubtCode.PER_GPU_CONFUSION:
        found["gpus"] = str(sku.gpu_count)
    if last is not None:
        found["other_price"] = exact_text(last)
        if code is DoubtCode.PRICE_JUMP:
            bounds = _bounds(pricing_model)
            found["ratio"] = amount_text(Fraction(price) / Fraction(last), _SHOWN_PLACES)
            found["least"] = amount_text(bounds.least, _SHOWN_PLACES)
            found["most"] = amount_text(bounds.most, _SHOWN_PLACES)
    return found


def agree(one: Decimal, other: Decimal, within: Fraction = AGREEMENT) -> bool:
    """Say whether two prices differ by at most a share of the greater one."""
    greater = Fraction(max(one, other))
    return abs(Fraction(one) - Fraction(other)) <= greater * within


def _bounds(pricing_model: PricingModel) -> Bounds:
    return _SPOT if pricing_model is PricingModel.SPOT else _LISTED


def _bounds_beside(kinship: Kinship, pricing_model: PricingModel) -> Bounds:
    if kinship is Kinship.SAME_KIND or pricing_model is PricingModel.SPOT:
        return _SPOT
    return _SAME_TYPE if kinship is Kinship.SAME_TYPE else _LISTED


def _is_mix_up(ratio: Fraction, sku: Sku) -> bool:
    if sku.gpu_count == 1:
        return False
    return any(
        abs(ratio / multiple - 1) <= _MIX_UP_TOLERANCE
        for multiple in (sku.gpu_count, 1 / sku.gpu_count)
    )


def _shown(bounds: Bounds) -> str:
    least, most = (amount_text(one, _SHOWN_PLACES) for one in (bounds.least, bounds.most))
    return f"{least} to {most} times"
