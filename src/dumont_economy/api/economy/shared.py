"""What the five endpoints share: the view that is asked for, and the members of every answer."""

from collections.abc import Callable
from datetime import date
from fractions import Fraction
from typing import Any

from flask import Blueprint, Response
from pydantic import BaseModel

from dumont_economy.api.conditional import answer_conditionally
from dumont_economy.api.operation import principal, services
from dumont_economy.api.parameters import ComparisonQuery
from dumont_economy.api.published_number import (
    HOURLY_RATE_PLACES,
    LIVE_PER_SECOND_PLACES,
    MONEY_PLACES,
    hours,
    published,
    published_or_none,
)
from dumont_economy.instant import instant_text
from dumont_economy.money import AMOUNT_DECIMALS, amount_text
from dumont_economy.pricing.equivalence import Grade
from dumont_economy.pricing.match_timeline import ComparisonQuestion, ask
from dumont_economy.pricing.policy import Policy, RateCardName
from dumont_economy.savings.totals import Totals
from dumont_economy.services.account_view import AccountView
from dumont_economy.services.notices import Notice, notices_on

_COVERAGE_PLACES = 4

blueprint = Blueprint("economy", __name__, url_prefix="/api/v1/economy")


class Live(BaseModel):
    """A saving and its exact slope per second, as decimal strings to tick from."""

    value: str
    per_second: str


class ComparisonInfo(BaseModel):
    """What the figures compare with; `region` is null on the reference card."""

    rate_card: str
    pricing_model: str
    basis: str
    substitutes: str
    region: str | None
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
    """Something that the figures leave out or assume, in words."""

    code: str
    message: str


class EconomyAnswer(BaseModel):
    """What all five answers carry."""

    success: bool = True
    provider: str
    comparison: ComparisonInfo
    as_of: str
    valid_until: str
    notices: list[NoticeInfo]


class CoveredAnswer(EconomyAnswer):
    """An answer over usage, with what of it is covered."""

    coverage: Coverage
    oldest_price_retrieved_at: date | None


def question_of(query: ComparisonQuery) -> ComparisonQuestion:
    """Return the question that a query asks under the account's policy."""
    return ask(
        Policy(),
        query.provider,
        rate_card=query.rate_card,
        pricing_model=query.pricing_model,
        basis=query.basis,
    )


def open_view(query: ComparisonQuery) -> AccountView:
    """Return the caller's account beside the provider that the query names."""
    return services().views.open(principal().account, question_of(query))


def versions_of(view: AccountView) -> tuple[object, ...]:
    """Return everything but time and query that an answer depends on."""
    return (
        view.account,
        view.ledger.version,
        view.question.policy_version,
        view.market.version,
    )


def answer(view: AccountView, build: Callable[[], BaseModel]) -> Response:
    """Return a live answer, or 304 where the client's still holds."""
    return answer_conditionally(versions_of(view), view.valid_until, view.as_of, build)


def common(view: AccountView) -> dict[str, Any]:
    """Return what an answer compares with, for which instant it is, and what it leaves out."""
    return {
        "provider": view.question.provider.label,
        "comparison": comparison_info(view.question, region=view.question.region),
        "as_of": instant_text(view.as_of),
        "valid_until": instant_text(view.valid_until),
        "notices": notices_of(notices_on(view)),
    }


def covered(view: AccountView, totals: Totals) -> dict[str, Any]:
    """Return the members that all answers over usage carry."""
    return {
        **common(view),
        "coverage": coverage_of(totals),
        "oldest_price_retrieved_at": totals.oldest_price,
    }


def live(value: Fraction, per_second: Fraction) -> Live:
    """Return a saving and its slope as the decimal strings of the contract."""
    return Live(
        value=amount_text(value, AMOUNT_DECIMALS),
        per_second=amount_text(per_second, LIVE_PER_SECOND_PLACES),
    )


def comparison_info(question: ComparisonQuestion, *, region: str | None) -> ComparisonInfo:
    """Return what a question compares with; the reference card knows no region."""
    is_list = question.rate_card is RateCardName.LIST
    return ComparisonInfo(
        rate_card=question.rate_card,
        pricing_model=question.pricing_model,
        basis=question.basis,
        substitutes=question.substitutes,
        region=region if is_list else None,
        policy_version=question.policy_version,
    )


def coverage_of(totals: Totals) -> Coverage:
    """Return what of some totals is covered."""
    grades = {grade.value: hours(totals.gpu_by_grade[grade]) for grade in Grade}
    return Coverage(
        gpu_time=published(totals.gpu_time_coverage, _COVERAGE_PLACES),
        cost=published(totals.cost_coverage, _COVERAGE_PLACES),
        grades=GradeHours(**grades),
        unpriced=[
            UnpricedGpu(gpu_type=gpu, gpu_hours=hours(used))
            for gpu, used in sorted(totals.gpu_unpriced.items())
        ],
        substitutes_saving=amount_text(totals.substitutes_saving),
    )


def notices_of(notices: list[Notice]) -> list[NoticeInfo]:
    """Return notices as they are answered."""
    return [NoticeInfo(code=one.code, message=one.message) for one in notices]


def money(value: Fraction) -> float:
    """Return a cost or saving as the JSON number of the contract."""
    return published(value, MONEY_PLACES)


def money_or_none(value: Fraction | None) -> float | None:
    """Return a cost or saving as a JSON number; what is not known stays null."""
    return published_or_none(value, MONEY_PLACES)


def hourly(value: Fraction | None) -> float | None:
    """Return a rate per hour as a JSON number; what is not known stays null."""
    return published_or_none(value, HOURLY_RATE_PLACES)
