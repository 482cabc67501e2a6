"""GET /economy/pricing: what the providers ask per GPU-hour, and where each price comes from."""

from datetime import datetime
from fractions import Fraction
from typing import Literal

from flask import Response
from pydantic import BaseModel, ConfigDict

from dumont_economy.api.conditional import Tagged, answer_at_hand, answer_conditionally
from dumont_economy.api.economy.shared import (
    ComparisonInfo,
    NoticeInfo,
    blueprint,
    comparison_info,
    notices_of,
    versions_seen,
)
from dumont_economy.api.operation import operation, principal, services
from dumont_economy.api.parameters import PolicyVersionParameter, PricingProviderParameter
from dumont_economy.api.published_number import HOURLY_RATE_PLACES, published
from dumont_economy.instant import instant_text
from dumont_economy.money import exact_text
from dumont_economy.pricing.match_timeline import ask
from dumont_economy.pricing.policy import Basis, RateCardName
from dumont_economy.pricing.rate import PricingModel
from dumont_economy.pricing.sku import ComparisonProvider, ProviderLabel
from dumont_economy.services.account_view import VALID_FOR, AccountState
from dumont_economy.services.price_health import PriceHealth
from dumont_economy.services.price_notices import notices_on_prices
from dumont_economy.services.read_price_list import PriceList, read_price_list


class PricingQuery(BaseModel):
    """Parameters of /pricing; all providers where none is named."""

    provider: PricingProviderParameter = None
    rate_card: RateCardName = RateCardName.LIST
    basis: Basis | None = None
    pricing_model: PricingModel | None = None
    policy_version: PolicyVersionParameter | None = None


class PriceDetail(BaseModel):
    """The rate that a published price comes from; null where the card names no SKU.

    Both prices are what the policy's discount leaves of the list price.
    """

    provider: ProviderLabel
    gpu: str
    sku: str | None
    region: str | None
    price_per_gpu_hour: str
    price_per_instance_hour: str | None
    gpu_count: int | None
    effective_from: str | None
    published_at: str | None
    source: str
    age_days: int | None


class PricingAnswer(BaseModel):
    """GET /economy/pricing."""

    # What is always answered is so in the OpenAPI document too.
    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    success: bool = True
    provider: ProviderLabel | Literal["all"]
    pricing: dict[str, dict[str, float]]
    details: list[PriceDetail]
    currency: str = "USD"
    unit: str = "per_hour"
    last_updated: str | None
    stale: bool
    comparison: ComparisonInfo
    as_of: str
    valid_until: str
    notices: list[NoticeInfo]


@operation(
    blueprint,
    "GET",
    "/pricing",
    summary="What the providers ask per GPU-hour, and where each price comes from",
    scope="read",
    query=PricingQuery,
    answer=PricingAnswer,
    errors=(400,),
    is_conditional=True,
)
def pricing(query: PricingQuery) -> Response:
    """Answer the prices that usage is compared with."""
    seen = versions_seen(query.policy_version)
    at_hand = seen and answer_at_hand(
        (principal().account, seen.policy, seen.price_facts, seen.price_health),
        services().clock.now(),
    )
    if at_hand:
        return at_hand
    with services().views.read(principal().account, query.policy_version) as state:
        return answer_conditionally(
            (state.account, state.policy.version, state.market.version, state.health.version),
            state.now,
            lambda: _tagged(query, state),
        )


def _tagged(query: PricingQuery, state: AccountState) -> Tagged:
    asked = [query.provider] if query.provider else list(ComparisonProvider)
    lists = [
        read_price_list(
            state.market,
            ask(
                state.policy,
                provider,
                rate_card=query.rate_card,
                pricing_model=query.pricing_model,
                basis=query.basis,
            ),
            state.as_of,
        )
        for provider in asked
    ]
    valid_until = state.as_of + VALID_FOR
    model = _pricing_answer(query, lists, state.health, state.as_of, valid_until)
    return Tagged(model, state.as_of, valid_until, valid_until)


def _pricing_answer(
    query: PricingQuery,
    lists: list[PriceList],
    health: PriceHealth,
    at: datetime,
    valid_until: datetime,
) -> PricingAnswer:
    retrievals = [one.newest_retrieval for one in lists if one.newest_retrieval is not None]
    return PricingAnswer(
        provider=query.provider.label if query.provider else "all",
        pricing={
            one.question.provider.label: {
                price.gpu: published(price.usd_per_gpu_hour, HOURLY_RATE_PLACES)
                for price in one.prices
            }
            for one in lists
        },
        details=[detail for one in lists for detail in _price_details(one, at)],
        last_updated=max(retrievals).isoformat() if retrievals else None,
        stale=any(one.is_stale(at) for one in lists),
        comparison=comparison_info(lists[0].question, is_of_all_providers=query.provider is None),
        as_of=instant_text(at),
        valid_until=instant_text(valid_until),
        notices=notices_of(
            [notice for one in lists for notice in notices_on_prices(health, one.question, at)]
        ),
    )


def _price_details(listed: PriceList, at: datetime) -> list[PriceDetail]:
    details = []
    for price in listed.prices:
        rate, share = price.rate, 1 - listed.question.discount
        details.append(
            PriceDetail(
                provider=listed.question.provider.label,
                gpu=price.gpu,
                sku=rate.sku.instance_type if rate else None,
                region=rate.sku.region if rate else None,
                price_per_gpu_hour=exact_text(price.usd_per_gpu_hour),
                price_per_instance_hour=exact_text(Fraction(rate.usd_per_instance_hour) * share)
                if rate
                else None,
                gpu_count=rate.sku.whole_gpus if rate else None,
                effective_from=instant_text(rate.effective_from) if rate else None,
                published_at=instant_text(rate.published_at) if rate else None,
                source=price.source,
                age_days=(at.date() - rate.retrieved_at).days if rate else None,
            )
        )
    return details
