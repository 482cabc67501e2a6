"""Reasons in answers: a code that stays, and what the sentence of a code names."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from dumont_economy.api.problem_codes import ProblemCode
from dumont_economy.pricing.match_timeline import Unpriced, UnpricedReason
from dumont_economy.pricing.price_guard import DoubtCode
from dumont_economy.pricing.reason import SENTENCES, RejectionCode, WhyNotCode
from dumont_economy.services.notice import NAMED_SENTENCES, NOTICE_SENTENCES, NoticeCode
from dumont_economy.services.policies import UNKNOWN_REGION


def _is_not_named(value: object) -> bool:
    return value is None


def _described(sentences: Mapping[Any, str]) -> str:
    return "; ".join(f"`{code}`: {sentence}" for code, sentence in sentences.items())


UnpricedCode = (
    UnpricedReason | Literal["disk_rate_unknown", "no_disk_price", "substitute_not_counted"]
)

# The sentences of the codes, as the document tells them; what they name is told beside a code.
UNPRICED_SENTENCES: Mapping[str, str] = {
    UnpricedReason.UNKNOWN_GPU: "the GPU name {gpu} is not known",
    UnpricedReason.NO_PRICE_AT_THAT_TIME: (
        "no {pricing_model} prices of {provider} in {region} are known, where there are later "
        "ones before {first_on}"
    ),
    UnpricedReason.NO_EQUIVALENT: "{provider} sold nothing in {region} that {gpu} compares with",
    UnpricedReason.NOT_ON_REFERENCE_CARD: "the reference rate card has no row for {gpu}",
    UnpricedReason.CURRENCY_NOT_CONVERTED: "paid in {currency}, and no exchange rate is known",
    "disk_rate_unknown": "what the disk costs is not known in the account's currency",
    "no_disk_price": "no price of a disk is known",
    "substitute_not_counted": "{gpu} is a substitute, which the policy keeps out of totals",
}
DOUBT_SENTENCES: Mapping[str, str] = {
    DoubtCode.CONFLICT: "{price} is more than 2 % from {other_price}, which another source states",
    DoubtCode.PRICE_JUMP: (
        "{price} is {ratio} times the last price, {other_price}, and {least} to {most} times is "
        "allowed"
    ),
    DoubtCode.PER_GPU_CONFUSION: (
        "{price} is as if the price of one GPU were taken for that of {gpus}, beside "
        "{other_price} where there is a last price"
    ),
    DoubtCode.UNLIKE_SAME_GPU: "{price} is unlike what machines with the same GPU cost",
}
# Of the codes of refusals, those whose words name what was sent, and what could have been.
REFUSAL_SENTENCES: Mapping[ProblemCode, str] = {ProblemCode.UNKNOWN_REGION: UNKNOWN_REGION}
REFUSALS_THAT_NAME = _described(REFUSAL_SENTENCES)
WHY_NOT_SENTENCES: Mapping[str, str] = {code: SENTENCES[code] for code in WhyNotCode}
REJECTION_SENTENCES: Mapping[str, str] = {code: SENTENCES[code] for code in RejectionCode}

Parameter = Annotated[str | None, Field(exclude_if=_is_not_named)]
UnpricedCodeField = Annotated[UnpricedCode, Field(description=_described(UNPRICED_SENTENCES))]
DoubtCodeField = Annotated[DoubtCode, Field(description=_described(DOUBT_SENTENCES))]
WhyNotCodeField = Annotated[WhyNotCode, Field(description=_described(WHY_NOT_SENTENCES))]
NoticeCodeField = Annotated[
    NoticeCode,
    Field(
        description=(
            f"{_described(NOTICE_SENTENCES)} A part in brackets is said where everything that it "
            "names is told, otherwise what follows its bar."
        )
    ),
]
NAMED_DESCRIPTION = f"What is told of each thing in the list: {_described(NAMED_SENTENCES)}"
RejectionCodeField = Annotated[RejectionCode, Field(description=_described(REJECTION_SENTENCES))]


class ReasonParameters(BaseModel):
    """What the sentence of a code names; the rest is left out. Prices are per instance-hour."""

    model_config = ConfigDict(extra="forbid")

    architecture: Parameter = None
    chosen_grade: Parameter = None
    command: Parameter = None
    currency: Parameter = None
    days: Parameter = None
    detail: Parameter = None
    failure: Parameter = None
    first_on: Parameter = None
    gpu: Parameter = None
    gpu_model: Parameter = None
    gpus: Parameter = None
    grade: Parameter = None
    instance: Parameter = None
    instance_type: Parameter = None
    last_good_at: Parameter = None
    least: Parameter = None
    memory: Parameter = None
    more: Parameter = None
    most: Parameter = None
    offered: Parameter = None
    other_price: Parameter = None
    price: Parameter = None
    prices: Parameter = None
    pricing_model: Parameter = None
    provider: Parameter = None
    ratio: Parameter = None
    refusal: Parameter = None
    region: Parameter = None
    regions: Parameter = None
    rows: Parameter = None
    seconds: Parameter = None
    seen_on: Parameter = None
    since: Parameter = None
    source: Parameter = None
    tried_at: Parameter = None
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
