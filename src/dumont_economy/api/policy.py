"""How the account compares: read, changed by a new version, and tried out before that."""

import re
from fractions import Fraction
from typing import Annotated, Generic, TypeVar

from flask import Blueprint
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from dumont_economy.api.economy.shared import Coverage, coverage_of
from dumont_economy.api.operation import operation, principal, services
from dumont_economy.api.parameters import MAX_POLICY_VERSION, PolicyVersionParameter, ZoneParameter
from dumont_economy.instant import instant_text
from dumont_economy.money import amount_text, exact_text
from dumont_economy.pricing.policy import Basis, Substitutes
from dumont_economy.pricing.rate import PricingModel
from dumont_economy.pricing.sku import ComparisonProvider
from dumont_economy.savings.totals import Totals
from dumont_economy.services.policies import PolicyChange, change_policy, in_its_zone, read_policy
from dumont_economy.services.preview_policy import PolicyEffect, preview_policy
from dumont_economy.storage.policies import StoredPolicy

Value = TypeVar("Value")
blueprint = Blueprint("policy", __name__, url_prefix="/api/v1")

_DISCOUNT = r"^0(\.[0-9]{1,4})?$"


def _discount(value: object) -> Fraction:
    if isinstance(value, str) and re.fullmatch(_DISCOUNT, value, re.ASCII):
        return Fraction(value)
    raise PydanticCustomError(
        "invalid_discount",
        "Write a share as text, from 0 up to, not including, 1, with at most 4 decimals: 0.15.",
    )


RegionField = Annotated[str, Field(strict=True, min_length=1, max_length=64)]
DiscountField = Annotated[
    Fraction,
    BeforeValidator(_discount),
    WithJsonSchema({"type": "string", "pattern": _DISCOUNT}),
]


class ByProvider(BaseModel, Generic[Value]):
    """A value for some of the providers."""

    model_config = ConfigDict(extra="forbid")

    AWS: Value | None = None
    GCP: Value | None = None
    Azure: Value | None = None

    def given(self) -> dict[ComparisonProvider, Value]:
        """Return the values that were given."""
        values = zip(ComparisonProvider, (self.AWS, self.GCP, self.Azure), strict=True)
        return {provider: value for provider, value in values if value is not None}


class RegionsBody(ByProvider[RegionField]):
    """The region to compare with at each provider; those left out stay as they are."""


class DiscountsBody(ByProvider[DiscountField]):
    """The share to take off each provider's list prices; those left out stay as they are."""


class PolicyBody(BaseModel):
    """How the account is to compare; `expected_version` is the version that was looked at.

    `timezone` is the IANA name of the zone at whose midnights days are cut; left out, it stays.
    """

    model_config = ConfigDict(extra="forbid")

    pricing_model: PricingModel
    basis: Basis
    substitutes: Substitutes
    regions: RegionsBody = RegionsBody()
    discounts: DiscountsBody = DiscountsBody()
    timezone: ZoneParameter | None = None
    expected_version: Annotated[int, Field(strict=True, ge=1, le=MAX_POLICY_VERSION)] | None = None


class PolicyQuery(BaseModel):
    """Which version; the one in force where it is left out."""

    version: PolicyVersionParameter | None = None


class PolicyAnswer(BaseModel):
    """One version of the policy, known since `created_at`; `versions` is how many there are.

    `author` is null for the default. Discounts are shares of the list price. Days are cut at the
    midnights of `timezone`.
    """

    version: int
    versions: int
    created_at: str
    author: str | None
    pricing_model: PricingModel
    basis: Basis
    substitutes: Substitutes
    regions: dict[str, str]
    discounts: dict[str, str]
    timezone: str


class LifetimeInfo(BaseModel):
    """Lifetime figures, as /economy/savings answers them."""

    lifetime_savings: str
    lifetime_comparable_cost: str
    lifetime_provider_cost: str
    coverage: Coverage


class PolicyEffectInfo(BaseModel):
    """Lifetime figures as they are and as they would be; `change` is that of the saving."""

    before: LifetimeInfo
    after: LifetimeInfo
    change: str


class PolicyPreviewAnswer(BaseModel):
    """What a change would do beside each provider; `version` is the one that it would make."""

    version: int
    currency: str
    as_of: str
    effects: dict[str, PolicyEffectInfo]


@operation(
    blueprint,
    "GET",
    "/policy",
    summary="How the account compares, now or in an older version",
    scope="read",
    query=PolicyQuery,
    answer=PolicyAnswer,
    errors=(404,),
)
def policy(query: PolicyQuery) -> PolicyAnswer:
    """Answer a version of the account's policy."""
    stored, versions = read_policy(services().database, principal().account, query.version)
    return _policy_answer(stored, versions)


@operation(
    blueprint,
    "PUT",
    "/policy",
    summary="Change how the account compares, by a new version",
    scope="owner",
    body=PolicyBody,
    answer=PolicyAnswer,
    errors=(409,),
)
def put_policy(body: PolicyBody) -> PolicyAnswer:
    """Change the account's policy; what changes nothing makes no version."""
    stored = change_policy(
        services().database,
        services().clock,
        services().views.market().matcher.book,
        principal().account,
        _change(body),
        author=principal().reporter,
    )
    return _policy_answer(stored, stored.policy.version)


@operation(
    blueprint,
    "POST",
    "/policy/preview",
    summary="What a change of the policy would do to the lifetime figures",
    scope="read",
    body=PolicyBody,
    answer=PolicyPreviewAnswer,
    errors=(409,),
)
def preview(body: PolicyBody) -> PolicyPreviewAnswer:
    """Answer the figures before and after, and save nothing."""
    found = preview_policy(services().views, principal().account, _change(body))
    return PolicyPreviewAnswer(
        version=found.policy.version,
        currency=principal().account.currency,
        as_of=instant_text(found.as_of),
        effects={one.provider.label: _effect_info(one) for one in found.effects},
    )


def _change(body: PolicyBody) -> PolicyChange:
    return PolicyChange(
        pricing_model=body.pricing_model,
        basis=body.basis,
        substitutes=body.substitutes,
        regions=body.regions.given(),
        discounts=body.discounts.given(),
        timezone=None if body.timezone is None else body.timezone.key,
        expected_version=body.expected_version,
    )


def _policy_answer(stored: StoredPolicy, versions: int) -> PolicyAnswer:
    held = stored.policy
    return PolicyAnswer(
        version=held.version,
        versions=versions,
        created_at=instant_text(stored.created_at),
        author=stored.author,
        pricing_model=held.pricing_model,
        basis=held.basis,
        substitutes=held.substitutes,
        regions={one.label: held.regions[one] for one in ComparisonProvider},
        discounts={one.label: exact_text(held.discounts[one]) for one in ComparisonProvider},
        timezone=in_its_zone(principal().account, held).timezone,
    )


def _effect_info(effect: PolicyEffect) -> PolicyEffectInfo:
    return PolicyEffectInfo(
        before=_lifetime_info(effect.before),
        after=_lifetime_info(effect.after),
        change=amount_text(effect.change),
    )


def _lifetime_info(totals: Totals) -> LifetimeInfo:
    return LifetimeInfo(
        lifetime_savings=amount_text(totals.saving),
        lifetime_comparable_cost=amount_text(totals.comparable.total()),
        lifetime_provider_cost=amount_text(totals.counterfactual.total()),
        coverage=coverage_of(totals),
    )
