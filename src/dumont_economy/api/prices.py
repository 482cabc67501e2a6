"""The price book: what was on offer, the past of one SKU, and why a GPU is compared as it is."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import Blueprint
from pydantic import BaseModel, ConfigDict

from dumont_economy.api.api_error import ApiError
from dumont_economy.api.asked import asked
from dumont_economy.api.cursor import CursorParameter, bad_cursor, decode_cursor, encode_cursor
from dumont_economy.api.instances import RatioInfo
from dumont_economy.api.operation import operation, principal, services
from dumont_economy.api.parameters import (
    GpuCountParameter,
    InstantParameter,
    LimitParameter,
    MemoryParameter,
    PolicyVersionParameter,
    ProviderParameter,
    RegionParameter,
    TextParameter,
    is_plain_text,
)
from dumont_economy.api.reasons import (
    DoubtCodeField,
    ReasonParameters,
    RejectionCodeField,
    WhyNotCodeField,
)
from dumont_economy.errors import FieldProblem, InvalidInputError
from dumont_economy.instant import from_microseconds, instant_text, to_microseconds
from dumont_economy.metering.usage_event import CpuArchitecture
from dumont_economy.pricing.equivalence import Grade, Reach
from dumont_economy.pricing.gpu_identity import GpuIdentity, shipped_identifier
from dumont_economy.pricing.match_timeline import RequestedGpu, UnpricedReason, ask
from dumont_economy.pricing.policy import Basis, Policy, Substitutes
from dumont_economy.pricing.rate import PricingModel, Rate
from dumont_economy.pricing.sku import ComparisonProvider, ProviderLabel
from dumont_economy.services.explain_prices import Inquiry, explain_prices
from dumont_economy.services.explanation_fields import explanation_fields
from dumont_economy.services.look_up_rates import provider_label, provider_named, rates_on_offer
from dumont_economy.services.rate_fields import CURRENCY, age_days, rate_fields
from dumont_economy.services.read_price_history import PriceHistory, read_price_history

blueprint = Blueprint("prices", __name__, url_prefix="/api/v1")

_PAGE = 100
_LONGEST_SKU = 128


class PricesQuery(BaseModel):
    """Parameters of the list of prices; what is left out is the account's policy, and now."""

    provider: TextParameter | None = None
    region: RegionParameter | None = None
    pricing_model: PricingModel | None = None
    gpu: TextParameter | None = None
    at: InstantParameter | None = None
    as_of: InstantParameter | None = None
    limit: LimitParameter = _PAGE
    cursor: CursorParameter | None = None


class PriceHistoryQuery(BaseModel):
    """Parameters of the past of one SKU."""

    provider: TextParameter | None = None
    region: RegionParameter | None = None
    pricing_model: PricingModel | None = None
    as_of: InstantParameter | None = None


class ExplainQuery(BaseModel):
    """What is to be explained; what is left out is the account's policy, and now."""

    gpu: TextParameter
    count: GpuCountParameter = 1
    provider: ProviderParameter = ComparisonProvider.AWS
    memory_gib: MemoryParameter | None = None
    arch: CpuArchitecture = CpuArchitecture.X86_64
    region: RegionParameter | None = None
    basis: Basis | None = None
    pricing_model: PricingModel | None = None
    at: InstantParameter | None = None
    as_of: InstantParameter | None = None
    policy_version: PolicyVersionParameter | None = None


class _Exact(BaseModel):
    """An answer whose fields are made elsewhere, so that none is added there unseen."""

    model_config = ConfigDict(extra="forbid")


class RateInfo(_Exact):
    """A list price. `gpu_count` is a text where the machine has a slice of a GPU.

    A price that is known from snapshots was first seen on `first_seen`, and the one before it last
    on `previous_last_seen`; both are null where the source dates its price itself.
    """

    provider: str
    region: str
    instance_type: str
    gpu_type: str
    gpu_count: int | str
    pricing_model: PricingModel
    price_per_instance_hour: str
    price_per_gpu_hour: str
    currency: str
    effective_from: str
    published_at: str
    retrieved_at: str
    first_seen: str | None
    previous_last_seen: str | None
    source: str
    source_url: str | None
    age_days: int


class PricesAnswer(BaseModel):
    """A page of the prices on offer at `at`, as they were known at `as_of`."""

    at: str
    as_of: str
    pricing_model: PricingModel
    gpu_type: str | None
    variant_assumed: bool
    prices: list[RateInfo]
    next_cursor: str | None


class HeldRateInfo(RateInfo):
    """A price that was in force until `until`; null where no other has taken over."""

    until: str | None


class StatementInfo(RateInfo):
    """A price as a source stated it; of equal dates the first kind of source is in force."""

    source_kind: str


class PriceHistoryAnswer(BaseModel):
    """What was in force when, and everything that was ever stated, oldest knowledge first."""

    sku: str
    provider: str
    region: str
    pricing_model: PricingModel
    gpu_type: str
    gpu_count: int | str
    currency: str
    as_of: str
    not_offered_from: str | None
    timeline: list[HeldRateInfo]
    statements: list[StatementInfo]


class WayInfo(_Exact):
    """One way to get the GPUs. Prices in USD per hour, after the policy's discount.

    `price_per_hour` is of all the GPUs; `price_smallest_instance` is the least that must really be
    rented to have them. All but grade and region are null where there is no comparison.
    """

    grade: Grade
    how: Reach | None
    counted: bool | None
    sku: str | None
    compared_gpu_type: str | None
    region: str | None
    machines: str | None
    price_per_gpu_hour: str | None
    price_per_hour: str | None
    price_smallest_instance: str | None
    smallest_instance_sku: str | None
    ratios: RatioInfo | None
    effective_from: str | None
    published_at: str | None
    retrieved_at: str | None
    first_seen: str | None
    previous_last_seen: str | None
    source: str | None
    source_url: str | None
    age_days: int | None


class CandidateInfo(WayInfo):
    """One way that was weighed, and why it was not chosen; null for the chosen one."""

    why_not: str | None
    why_not_code: WhyNotCodeField | None
    why_not_parameters: ReasonParameters | None


class RejectedInfo(_Exact):
    """A GPU that had a price and was no candidate, and why."""

    gpu_type: str
    reason: str
    code: RejectionCodeField
    parameters: ReasonParameters


class ConflictInfo(_Exact):
    """Another price of the chosen SKU, which waits for a person and is not used."""

    number: int
    price_per_instance_hour: str
    source: str
    source_url: str | None
    code: DoubtCodeField
    detail: str
    parameters: ReasonParameters
    seen_on: str
    since: str


class PriceRangeInfo(_Exact):
    """List prices of the chosen SKU per instance-hour: lowest stated, in force, highest stated."""

    low: str
    expected: str
    high: str


class ExplanationAnswer(WayInfo):
    """What GPUs are compared with, and everything that was weighed, best first."""

    gpu: str
    gpu_count: int
    gpu_type: str | None
    gpu_fraction: str | None
    variant_assumed: bool
    provider: ProviderLabel
    pricing_model: PricingModel
    basis: Basis
    substitutes: Substitutes
    discount: str
    policy_version: int
    matching_rules_version: int
    at: str
    as_of: str
    currency: str
    reason: str | None
    reason_code: UnpricedReason | None
    reason_parameters: ReasonParameters | None
    price_range: PriceRangeInfo | None
    conflicts: list[ConflictInfo]
    candidates: list[CandidateInfo]
    rejected: list[RejectedInfo]


@operation(
    blueprint,
    "GET",
    "/prices",
    summary="The list prices on offer at an instant, as they were known at another",
    scope="read",
    query=PricesQuery,
    answer=PricesAnswer,
    errors=(400,),
)
def prices(query: PricesQuery) -> PricesAnswer:
    """Answer a page of prices, in order of provider, region, GPU and instance type."""
    start, now = _place_of(query.cursor)
    policy, identity = _policy(), _identity(query.gpu)
    instants = asked(query.at, query.as_of, now)
    found = rates_on_offer(
        services().database,
        provider=_provider(query.provider),
        region=query.region,
        regions=policy.regions,
        pricing_model=query.pricing_model or policy.pricing_model,
        at=instants.at,
        as_of=instants.as_of,
        gpu_model=None if identity is None else identity.gpu_model,
    )
    end = start + query.limit
    return PricesAnswer(
        at=instant_text(instants.at),
        as_of=instant_text(instants.as_of),
        pricing_model=query.pricing_model or policy.pricing_model,
        gpu_type=None if identity is None else identity.gpu_model,
        variant_assumed=identity is not None and identity.variant_assumed,
        prices=[RateInfo.model_validate(_rate(rate, instants.as_of)) for rate in found[start:end]],
        next_cursor=encode_cursor(end, to_microseconds(now)) if found[end:] else None,
    )


@operation(
    blueprint,
    "GET",
    "/prices/<sku>/history",
    summary="The past of one SKU: what was in force when, and what every source stated",
    scope="read",
    query=PriceHistoryQuery,
    answer=PriceHistoryAnswer,
    errors=(400, 404),
)
def price_history(sku: str, query: PriceHistoryQuery) -> PriceHistoryAnswer:
    """Answer the past of an instance type in one region, under one pricing model."""
    if not is_plain_text(sku) or len(sku) > _LONGEST_SKU:
        raise ApiError(404, "not_found", "No instance type is called that.")
    policy = _policy()
    try:
        found = read_price_history(
            services().database,
            sku,
            provider=_provider(query.provider),
            region=query.region,
            regions=policy.regions,
            pricing_model=query.pricing_model or policy.pricing_model,
            as_of=asked(None, query.as_of, services().clock.now()).as_of,
        )
    except InvalidInputError as error:
        raise ApiError(422, error.code, str(error), error.problems) from error
    return _history_answer(sku, found)


@operation(
    blueprint,
    "GET",
    "/prices/explain",
    summary="What a GPU is compared with, and why",
    scope="read",
    query=ExplainQuery,
    answer=ExplanationAnswer,
    errors=(400,),
)
def explain(query: ExplainQuery) -> ExplanationAnswer:
    """Answer the grade, both figures, and everything that was weighed; an unknown GPU is N."""
    instants = asked(query.at, query.as_of, services().clock.now())
    question = ask(
        _policy(query.policy_version),
        query.provider,
        pricing_model=query.pricing_model,
        basis=query.basis,
    )
    if query.region is not None:
        question = replace(question, region=query.region)
    gpu = RequestedGpu(query.gpu, query.memory_gib, query.count, query.arch)
    inquiry = Inquiry(gpu, question, instants.at, instants.as_of)
    explained = explain_prices(services().database, inquiry)
    return ExplanationAnswer.model_validate(explanation_fields(explained))


def _policy(version: int | None = None) -> Policy:
    with services().views.read(principal().account, version) as state:
        return state.policy


def _place_of(cursor: str | None) -> tuple[int, datetime]:
    """Return where a page begins, and the present of its first page, of which all others are."""
    now = services().clock.now()
    if not cursor:
        return 0, now
    start, microseconds = decode_cursor(cursor, 2)
    if microseconds > to_microseconds(now):
        raise bad_cursor()
    return start, from_microseconds(microseconds)


def _provider(name: str | None) -> str | None:
    return None if name is None else provider_named(services().database, name)


def _identity(gpu: str | None) -> GpuIdentity | None:
    identity = None if gpu is None else shipped_identifier().identify(gpu)
    if gpu is not None and identity is None:
        message = "This GPU name is not one that we know."
        problem = FieldProblem("gpu", "unknown_gpu", message)
        raise ApiError(422, "unknown_gpu", f"gpu: {message}", [problem])
    return identity


def _rate(rate: Rate, as_of: datetime) -> dict[str, Any]:
    label = provider_label(rate.sku.provider)
    return {**rate_fields(rate), "provider": label, "age_days": age_days(rate, as_of)}


def _history_answer(sku: str, found: PriceHistory) -> PriceHistoryAnswer:
    newest = found.timeline[-1].rate
    fields = _rate(newest, found.as_of)
    return PriceHistoryAnswer(
        sku=sku,
        provider=fields["provider"],
        region=newest.sku.region,
        pricing_model=newest.pricing_model,
        gpu_type=newest.sku.gpu_model,
        gpu_count=fields["gpu_count"],
        currency=CURRENCY,
        as_of=instant_text(found.as_of),
        not_offered_from=None
        if found.not_offered_from is None
        else instant_text(found.not_offered_from),
        timeline=[
            HeldRateInfo.model_validate(
                {
                    **_rate(held.rate, found.as_of),
                    "until": None if held.until is None else instant_text(held.until),
                }
            )
            for held in found.timeline
        ],
        statements=[
            StatementInfo.model_validate(
                {**_rate(rate, found.as_of), "source_kind": rate.source_kind.value}
            )
            for rate in found.statements
        ],
    )
