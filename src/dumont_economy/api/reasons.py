"""Reasons in answers: a code that stays, and what the sentence of a code names."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from dumont_economy.pricing.match_timeline import Unpriced, UnpricedReason
from dumont_economy.pricing.price_guard import DoubtCode
from dumont_economy.pricing.reason import SENTENCES, RejectionCode, WhyNotCode


def _is_not_named(value: object) -> bool:
    return value is None


def _described(codes: type[StrEnum]) -> str:
    return "; ".join(f"`{code}`: {SENTENCES[code]}" for code in codes)


Parameter = Annotated[str | None, Field(exclude_if=_is_not_named)]
RejectionCodeField = Annotated[RejectionCode, Field(description=_described(RejectionCode))]
WhyNotCodeField = Annotated[WhyNotCode, Field(description=_described(WhyNotCode))]
DoubtCodeField = Annotated[
    DoubtCode,
    Field(
        description=(
            "`conflict`: {price} is more than 2 % from {other_price}, which another source states; "
            "`price_jump`: {price} is {ratio} times the last price, {other_price}, and {least} to "
            "{most} times is allowed; `per_gpu_confusion`: {price} is as if the price of one GPU "
            "were taken for that of {gpus}, beside {other_price} where there is a last price; "
            "`unlike_same_gpu`: {price} is unlike what machines with the same GPU cost"
        )
    ),
]


class ReasonParameters(BaseModel):
    """What the sentence of a code names; the rest is left out. Prices are per instance-hour."""

    model_config = ConfigDict(extra="forbid")

    architecture: Parameter = None
    chosen_grade: Parameter = None
    currency: Parameter = None
    first_on: Parameter = None
    gpu: Parameter = None
    gpus: Parameter = None
    grade: Parameter = None
    into: Parameter = None
    least: Parameter = None
    most: Parameter = None
    offered: Parameter = None
    other_price: Parameter = None
    price: Parameter = None
    pricing_model: Parameter = None
    provider: Parameter = None
    ratio: Parameter = None
    region: Parameter = None
    since: Parameter = None
    wanted: Parameter = None


def reason_parameters(named: Mapping[str, str]) -> ReasonParameters:
    """Return what a sentence names, as it is answered."""
    return ReasonParameters.model_validate(named)


def unpriced_code(match: object) -> UnpricedReason | None:
    """Return the code of why there is no comparison, None where there is one."""
    return match.reason if isinstance(match, Unpriced) else None


def unpriced_parameters(match: object) -> ReasonParameters | None:
    """Return what its sentence names, None where there is a comparison."""
    return reason_parameters(match.parameters) if isinstance(match, Unpriced) else None
