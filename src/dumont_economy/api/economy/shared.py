"""What the five endpoints share: the view that is asked for, and the members of every answer."""

from collections.abc import Callable
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from flask import Blueprint, Response
from pydantic import BaseModel, ConfigDict, Field

from dumont_economy.api.asked import asked
from dumont_economy.api.conditional import Tagged, answer_at_hand, answer_conditionally
from dumont_economy.api.operation import at_hand, principal, services
from dumont_economy.api.parameters import ComparisonQuery, ProviderQuery
from dumont_economy.api.published_number import (
    HOURLY_RATE_PLACES,
    LIVE_PER_SECOND_PLACES,
    MONEY_PLACES,
    hours,
    published,
    published_or_none,
)
from dumont_economy.api.reasons import (
    NAMED_DESCRIPTION,
    NoticeCodeField,
    ReasonParameters,
    reason_parameters,
)
from dumont_economy.instant import instant_text
from dumont_economy.metering.gpu_session import InstanceState, InstanceStatus
from dumont_economy.money import AMOUNT_DECIMALS, amount_text, exact_text
from dumont_economy.pricing.equivalence import Grade
from dumont_economy.pricing.match_timeline import ComparisonQuestion, ask
from dumont_economy.pricing.policy import Basis, RateCardName, Substitutes
from dumont_economy.pricing.rate import PricingModel
from dumont_economy.pricing.sku import ProviderLabel
from dumont_economy.savings.totals import Totals
from dumont_economy.services.account_view import AccountState, AccountView
from dumont_economy.services.notice import Notice
from dumont_economy.services.notices import notices_on
from dumont_economy.services.price_health import FeedHealth, PriceHealth
from dumont_economy.services.price_notices import lateness
from dumont_economy.storage.account_versions import AccountVersions
from dumont_economy.storage.price_imports import ImportOutcome

_COVERAGE_PLACES = 4

blueprint = Blueprint("economy", __name__, url_prefix="/api/v1/economy")


class Live(BaseModel):
    """An amount and its exact slope per second, as decimal strings to tick from."""

    value: str
    per_second: str


class ComparisonInfo(BaseModel):
    """What the figures compare with; `region` and `discount` are null on the reference card.

    `discount` is the share that the policy takes off list prices, from 0 up to 1.
    """

    rate_card: RateCardName
    pricing_model: PricingModel
    basis: Basis
    substitutes: Substitutes
    region: str | None
    discount: str | None
    policy_version: int


class GradeHours(BaseModel):
    """GPU-hours by grade."""

    A: float
    B: float
    C: float
    D: float
    N: float
    R: float


class UnpricedGpu(BaseModel):
    """GPU-hours without a comparison; `gpu_type` as it was reported."""

    gpu_type: str
    gpu_hours: float


class Coverage(BaseModel):
    """The share of GPU time and of cost that has a counterfactual price, from 0 to 1."""

    gpu_time: float
    cost: float
    grades: GradeHours
    unpriced: list[UnpricedGpu]
    substitutes_saving: str


class NoticeInfo(BaseModel):
    """Something that the figures leave out or assume: as a code, and in words."""

    code: NoticeCodeField
    message: str
    parameters: ReasonParameters
    named: list[ReasonParameters] = Field(description=NAMED_DESCRIPTION)


class EconomyAnswer(BaseModel):
    """What all five answers carry."""

    # What is always answered is so in the OpenAPI document too.
    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    success: bool = True
    provider: ProviderLabel
    comparison: ComparisonInfo
    as_of: str
    valid_until: str
    notices: list[NoticeInfo]


class FeedInfo(BaseModel):
    """How the newest reading of a price feed ended: taken, refused or failed, with its code."""

    source: str
    region: str | None
    outcome: ImportOutcome
    code: str | None
    tried_at: str
    last_good_at: str | None


class PricesInfo(BaseModel):
    """How well the list prices compared with are known.

    The age, in days, is that of the oldest price in the totals, since its source was last seen to
    state it. Quarantined prices wait for a person, conflicts among them because two sources
    differ. On the reference card none of them concern a figure, so none are told.
    """

    oldest_retrieved_at: date | None
    oldest_age_days: int | None
    quarantined: int
    conflicts: int
    feeds: list[FeedInfo]


class CoveredAnswer(EconomyAnswer):
    """An answer over usage, with what of it is covered."""

    coverage: Coverage
    prices: PricesInfo
    oldest_price_retrieved_at: date | None


def open_view(query: ComparisonQuery) -> AccountView:
    """Return the caller's account beside the provider that the query names."""
    return view_of(open_state(query), query)


def open_state(query: ComparisonQuery) -> AccountState:
    """Return the state of the caller's account, now or as it was known at `as_of`.

    It stays at hand until the request has been answered.

    Raises:
        ApiError: 422 for an `as_of` that lies ahead.
    """
    views, account = services().views, principal().account
    if query.as_of is None:
        return at_hand(views.read(account, query.policy_version))
    as_of = asked(None, query.as_of, services().clock.now()).as_of
    return at_hand(views.read_past(account, query.policy_version, as_of=as_of))


def view_of(state: AccountState, query: ProviderQuery) -> AccountView:
    """Return the view of a state beside the provider that the query names."""
    return state.view(_question(state, query))


def _question(state: AccountState, query: ProviderQuery) -> ComparisonQuestion:
    return ask(
        state.policy,
        query.provider,
        rate_card=query.rate_card,
        pricing_model=query.pricing_model,
        basis=query.basis,
    )


def answer(query: ComparisonQuery, build: Callable[[AccountView], BaseModel]) -> Response:
    """Return a live answer, or 304 where the client's still holds."""

    def tagged(view: AccountView) -> Tagged:
        return Tagged(build(view), view.as_of, view.valid_until, view.valid_until)

    return answer_tagged(query, tagged)


def answer_tagged(
    query: ComparisonQuery, build: Callable[[AccountView], Tagged], zone: str = ""
) -> Response:
    """Return an answer that may depend on a time zone too, and holds as long as it says."""
    at_hand = _answer_at_hand(query, zone)
    if at_hand is not None:
        return at_hand
    state = open_state(query)
    question = _question(state, query)
    versions = AccountVersions(
        state.ledger.version, state.policy.version, state.market.version, state.health.version
    )
    return answer_conditionally(
        _dependencies(versions, state.health, state.now, zone),
        state.now,
        lambda: build(state.view(question)),
    )


def _answer_at_hand(query: ComparisonQuery, zone: str) -> Response | None:
    """Return the answer where what was read with the credential tells that it is at hand."""
    seen = versions_seen(query.policy_version)
    health = None if seen is None else services().views.held_health(seen.price_health)
    if seen is None or health is None or query.as_of is not None:
        return None
    now = services().clock.now()
    return answer_at_hand(_dependencies(seen, health, now, zone), now)


def versions_seen(policy_version: int | None) -> AccountVersions | None:
    """Return what was read with the credential, where it is of the policy that is asked for."""
    seen = principal().versions
    return None if seen is None or policy_version not in (None, seen.policy) else seen


def _dependencies(
    versions: AccountVersions, health: PriceHealth, now: datetime, zone: str
) -> tuple[object, ...]:
    """Return all but time and the query that an answer depends on."""
    # An answer is for this second or for a moment in it, so what is late in it is so at the next.
    late = lateness(health, now.replace(microsecond=0))
    return (principal().account, versions, late, zone)


def common(view: AccountView) -> dict[str, Any]:
    """Return what an answer compares with, for which instant it is, and what it leaves out."""
    return {
        "provider": view.question.provider.label,
        "comparison": comparison_info(view.question),
        "as_of": instant_text(view.as_of),
        "valid_until": instant_text(view.valid_until),
        "notices": notices_of(notices_on(view)),
    }


def covered(view: AccountView, totals: Totals) -> dict[str, Any]:
    """Return the members that all answers over usage carry."""
    return {
        **common(view),
        "coverage": coverage_of(totals),
        "prices": prices_info(view, totals.oldest_price),
        "oldest_price_retrieved_at": totals.oldest_price,
    }


def live(value: Fraction, per_second: Fraction) -> Live:
    """Return an amount and its slope as the decimal strings of the contract."""
    return Live(
        value=amount_text(value, AMOUNT_DECIMALS),
        per_second=slope_text(per_second),
    )


def slope_text(per_second: Fraction) -> str:
    """Return what each second adds as a decimal string, with the digits to tick from."""
    return amount_text(per_second, LIVE_PER_SECOND_PLACES)


def comparison_info(
    question: ComparisonQuestion, *, is_of_all_providers: bool = False
) -> ComparisonInfo:
    """Return what a question compares with; region and discount are of one provider's list."""
    is_one_list = question.rate_card is RateCardName.LIST and not is_of_all_providers
    return ComparisonInfo(
        rate_card=question.rate_card,
        pricing_model=question.pricing_model,
        basis=question.basis,
        substitutes=question.substitutes,
        region=question.region if is_one_list else None,
        discount=exact_text(question.discount) if is_one_list else None,
        policy_version=question.policy_version,
    )


def coverage_of(totals: Totals) -> Coverage:
    """Return what of some totals is covered."""
    return Coverage(
        gpu_time=published(totals.gpu_time_coverage, _COVERAGE_PLACES),
        cost=published(totals.cost_coverage, _COVERAGE_PLACES),
        grades=grade_hours(totals),
        unpriced=[
            UnpricedGpu(gpu_type=gpu, gpu_hours=hours(used))
            for gpu, used in sorted(totals.gpu_unpriced.items())
        ],
        substitutes_saving=amount_text(totals.substitutes_saving),
    )


def grade_hours(totals: Totals) -> GradeHours:
    """Return how sure the comparison of some totals is: their GPU-hours by grade."""
    return GradeHours(**{grade.value: hours(totals.gpu_by_grade[grade]) for grade in Grade})


def prices_info(view: AccountView, oldest: date | None) -> PricesInfo:
    """Return how well the prices that a view compares with are known."""
    question, age = view.question, None if oldest is None else (view.as_of.date() - oldest).days
    if question.rate_card is not RateCardName.LIST:
        return PricesInfo(
            oldest_retrieved_at=oldest, oldest_age_days=age, quarantined=0, conflicts=0, feeds=[]
        )
    health = view.health.of(question.provider, question.region)
    return PricesInfo(
        oldest_retrieved_at=oldest,
        oldest_age_days=age,
        quarantined=len(health.waiting),
        conflicts=len(health.conflicts),
        feeds=[_feed_info(feed) for feed in health.feeds],
    )


def _feed_info(feed: FeedHealth) -> FeedInfo:
    return FeedInfo(
        source=feed.scope.source,
        region=feed.scope.region,
        outcome=feed.outcome,
        code=feed.code or None,
        tried_at=instant_text(feed.tried_at),
        last_good_at=None if feed.last_good_at is None else instant_text(feed.last_good_at),
    )


def notices_of(notices: list[Notice]) -> list[NoticeInfo]:
    """Return notices as they are answered."""
    return [
        NoticeInfo(
            code=one.code,
            message=one.message,
            parameters=reason_parameters(one.parameters),
            named=[reason_parameters(told) for told in one.named],
        )
        for one in notices
    ]


def status_of(state: InstanceState) -> InstanceStatus:
    """Return what an instance is doing, one of which a start is known."""
    return InstanceStatus(str(state.status))


def money(value: Fraction) -> float:
    """Return a cost or saving as the JSON number of the contract."""
    return published(value, MONEY_PLACES)


def money_or_none(value: Fraction | None) -> float | None:
    """Return a cost or saving as a JSON number; what is not known stays null."""
    return published_or_none(value, MONEY_PLACES)


def hourly(value: Fraction | None) -> float | None:
    """Return a rate per hour as a JSON number; what is not known stays null."""
    return published_or_none(value, HOURLY_RATE_PLACES)
