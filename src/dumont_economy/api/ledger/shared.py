"""What the ledger's operations share: which part of it is meant, and how figures are told."""

from fractions import Fraction

from flask import Blueprint
from pydantic import BaseModel

from dumont_economy.api.economy.shared import Coverage, coverage_of
from dumont_economy.api.parameters import ComparisonQuery, TextParameter
from dumont_economy.api.period import PeriodQuery, window_of
from dumont_economy.instant import MICROSECONDS_PER_SECOND
from dumont_economy.money import PERCENT_DECIMALS, amount_text, exact_text
from dumont_economy.savings.ledger_figures import Amounts, LedgerFigures
from dumont_economy.services.read_ledger import LedgerScope
from dumont_economy.storage.accounts import Account

blueprint = Blueprint("ledger", __name__, url_prefix="/api/v1/ledger")


class LedgerQuery(PeriodQuery, ComparisonQuery):
    """Which part of the ledger is meant, and with whom it is compared."""

    instance: TextParameter | None = None
    gpu: TextParameter | None = None
    usage_provider: TextParameter | None = None


class BilledSeconds(BaseModel):
    """Billed seconds of each side."""

    actual: str
    comparison: str


class Figures(BaseModel):
    """What lines come to: exact seconds, and amounts that are each rounded once.

    `saving` is `comparison` minus `comparable_actual`, its percentage null without a comparison.
    """

    used_seconds: str
    billed_seconds: BilledSeconds
    unpriced_seconds: str
    actual: str
    comparable_actual: str
    comparison: str
    saving: str
    saving_pct: str | None
    coverage: Coverage


class AdjustedAmounts(BaseModel):
    """What figures have more than they had, each rounded once."""

    used_seconds: str
    actual: str
    comparable_actual: str
    comparison: str
    saving: str


def adjusted_amounts(change: Amounts) -> AdjustedAmounts:
    """Return a difference of figures as it is answered."""
    return AdjustedAmounts(
        used_seconds=seconds(change.used),
        actual=amount_text(change.actual),
        comparable_actual=amount_text(change.comparable),
        comparison=amount_text(change.counterfactual),
        saving=amount_text(change.saving),
    )


def scope_of(query: LedgerQuery, account: Account) -> LedgerScope:
    """Return which part of the ledger a query means.

    Raises:
        ApiError: 422 for a period that ends before it has begun.
    """
    window = window_of(query, account)
    return LedgerScope(window, query.instance, query.gpu, query.usage_provider)


def seconds(microseconds: int | Fraction) -> str:
    """Return a time as exact decimal text in seconds."""
    return exact_text(Fraction(microseconds, MICROSECONDS_PER_SECOND))


def figures_info(figures: LedgerFigures) -> Figures:
    """Return figures as they are answered."""
    totals = figures.totals
    percent = totals.saving_percent
    return Figures(
        used_seconds=seconds(totals.used),
        billed_seconds=BilledSeconds(
            actual=seconds(figures.billed_actual), comparison=seconds(figures.billed_comparison)
        ),
        unpriced_seconds=seconds(figures.unpriced),
        actual=amount_text(totals.actual.total()),
        comparable_actual=amount_text(totals.comparable.total()),
        comparison=amount_text(totals.counterfactual.total()),
        saving=amount_text(totals.saving),
        saving_pct=None if percent is None else amount_text(percent, PERCENT_DECIMALS),
        coverage=coverage_of(totals),
    )
