"""GET /prices/compared: what every known GPU is compared with, at each provider."""

from datetime import datetime

from flask import Blueprint
from pydantic import BaseModel

from dumont_economy.api.operation import at_hand, operation, principal, services
from dumont_economy.api.parameters import GpuCountParameter, PolicyVersionParameter
from dumont_economy.api.reasons import ReasonParameters, unpriced_code, unpriced_parameters
from dumont_economy.instant import instant_text
from dumont_economy.money import exact_text
from dumont_economy.pricing.equivalence import Equivalent, Grade, Reach
from dumont_economy.pricing.match_timeline import Match, UnpricedReason
from dumont_economy.pricing.policy import Basis
from dumont_economy.pricing.rate import PricingModel
from dumont_economy.pricing.sku import ComparisonProvider, ProviderLabel
from dumont_economy.services.rate_fields import CURRENCY, age_days
from dumont_economy.services.read_compared_prices import ComparedGpu, read_compared_prices

blueprint = Blueprint("compared_prices", __name__, url_prefix="/api/v1")


class ComparedQuery(BaseModel):
    """How many of each GPU are meant; the policy is the account's, in force unless told."""

    count: GpuCountParameter = 1
    policy_version: PolicyVersionParameter | None = None


class ComparedPriceInfo(BaseModel):
    """A comparison; USD per hour, after the policy's discount. All is null where grade is N.

    `price_per_hour` is of all the GPUs, `counted` whether totals count it; `reason` says why there
    is none, and so does its code with what the sentence names. /prices/explain has everything that
    was weighed.
    """

    provider: ProviderLabel
    grade: Grade
    counted: bool | None
    how: Reach | None
    sku: str | None
    compared_gpu_type: str | None
    region: str | None
    price_per_gpu_hour: str | None
    price_per_hour: str | None
    effective_from: str | None
    retrieved_at: str | None
    age_days: int | None
    reason: str | None
    reason_code: UnpricedReason | None
    reason_parameters: ReasonParameters | None


class ComparedGpuInfo(BaseModel):
    """One GPU model, compared with each provider."""

    gpu_type: str
    memory_gib: str
    compared: list[ComparedPriceInfo]


class ComparedAnswer(BaseModel):
    """Every known GPU model, in order of its name."""

    as_of: str
    currency: str
    count: int
    pricing_model: PricingModel
    basis: Basis
    policy_version: int
    gpus: list[ComparedGpuInfo]


@operation(
    blueprint,
    "GET",
    "/prices/compared",
    summary="What every known GPU is compared with, at each provider",
    scope="read",
    query=ComparedQuery,
    answer=ComparedAnswer,
)
def compared_prices(query: ComparedQuery) -> ComparedAnswer:
    """Answer the whole price book at a glance, under the account's policy."""
    state = at_hand(services().views.read(principal().account, query.policy_version))
    policy = state.policy
    gpus = read_compared_prices(state.market, policy, count=query.count, at=state.as_of)
    return ComparedAnswer(
        as_of=instant_text(state.as_of),
        currency=CURRENCY,
        count=query.count,
        pricing_model=policy.pricing_model,
        basis=policy.basis,
        policy_version=policy.version,
        gpus=[_gpu_info(gpu, state.as_of) for gpu in gpus],
    )


def _gpu_info(gpu: ComparedGpu, as_of: datetime) -> ComparedGpuInfo:
    return ComparedGpuInfo(
        gpu_type=gpu.model.name,
        memory_gib=exact_text(gpu.model.memory_gib),
        compared=[_price_info(provider, match, as_of) for provider, match in gpu.matches.items()],
    )


def _price_info(provider: ComparisonProvider, match: Match, as_of: datetime) -> ComparedPriceInfo:
    found = dict.fromkeys(ComparedPriceInfo.model_fields)
    if not isinstance(match, Equivalent) or match.rate is None:
        reason = None if isinstance(match, Equivalent) else match.message
        none = {
            **found,
            "provider": provider.label,
            "grade": Grade.N,
            "reason": reason,
            "reason_code": unpriced_code(match),
            "reason_parameters": unpriced_parameters(match),
        }
        return ComparedPriceInfo.model_validate(none)
    rate = match.rate
    return ComparedPriceInfo.model_validate(
        {
            **found,
            "provider": provider.label,
            "grade": match.grade,
            "counted": match.is_counted,
            "how": match.reach,
            "sku": rate.sku.instance_type,
            "compared_gpu_type": match.gpu_model,
            "region": rate.sku.region,
            "price_per_gpu_hour": exact_text(match.usd_per_gpu_hour),
            "price_per_hour": exact_text(match.usd_per_hour),
            "effective_from": instant_text(rate.effective_from),
            "retrieved_at": rate.retrieved_at.isoformat(),
            "age_days": age_days(rate, as_of),
        }
    )
