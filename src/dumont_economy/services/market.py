"""The market as this installation knows it: price book, matches and billing rules."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection

from dumont_economy.ledger.rating import RatingTerms
from dumont_economy.metering.gpu_session import Shape
from dumont_economy.pricing.billing_rule import BillingRule, BillingRules, per_second_rule
from dumont_economy.pricing.gpu_identity import shipped_identifier
from dumont_economy.pricing.gpu_model import shipped_gpu_models
from dumont_economy.pricing.match_timeline import (
    ALWAYS,
    ComparisonQuestion,
    Matcher,
    RequestedGpu,
)
from dumont_economy.pricing.policy import RateCardName
from dumont_economy.pricing.price_book import PriceBook
from dumont_economy.services.shipped_facts import shipped_offer_ends, shipped_reference_card
from dumont_economy.storage import prices

_KNOWN_NOW = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Market:
    """One state of all price facts; a new state is a new market with another `version`."""

    version: int
    matcher: Matcher
    billing_rules: BillingRules

    def terms(self, question: ComparisonQuestion, currency: str) -> RatingTerms:
        """Return what an account's usage is rated with to answer a question."""
        reference_rule = per_second_rule(question.provider, ALWAYS)

        def comparison_rule(at: datetime) -> BillingRule:
            if question.rate_card is RateCardName.REFERENCE:
                return reference_rule
            return self.billing_rule(question.provider, at)

        return RatingTerms(
            currency=currency,
            matches_of=lambda shape: self.matcher.timeline(requested_gpu(shape), question),
            actual_rule=self.billing_rule,
            comparison_rule=comparison_rule,
        )

    def billing_rule(self, provider: str, at: datetime) -> BillingRule:
        """Return a provider's billing rule in effect at `at`; per second where none is known."""
        known = self.billing_rules.in_force(provider, at, _KNOWN_NOW)
        return known or per_second_rule(provider, at)

    def has_billing_rule(self, provider: str) -> bool:
        """Say whether any billing rule of a provider is known."""
        return self.billing_rules.in_force(provider, _KNOWN_NOW, _KNOWN_NOW) is not None


def requested_gpu(shape: Shape) -> RequestedGpu:
    """Return what a shape asks of the price book."""
    return RequestedGpu(shape.gpu, shape.gpu_memory_gib, shape.gpu_count, shape.arch.value)


class MarketReader:
    """Reads the market from the database, again only when a price has been learned."""

    def __init__(self) -> None:
        self._market: Market | None = None

    def current(self, connection: Connection) -> Market:
        """Return the market as the database knows it now."""
        version = prices.price_facts_version(connection)
        if self._market is None or self._market.version != version:
            self._market = market_known_at(connection, None, version)
        return self._market


def market_known_at(connection: Connection, as_of: datetime | None, version: int) -> Market:
    """Return the market as it was known at an instant; None stands for everything known."""
    book = PriceBook(prices.rates_known(connection, as_of), shipped_offer_ends(), version)
    rules = prices.all_billing_rules(connection)
    known_rules = [rule for rule in rules if as_of is None or rule.published_at <= as_of]
    return Market(
        version=version,
        matcher=Matcher(book, shipped_gpu_models(), shipped_identifier(), shipped_reference_card()),
        billing_rules=BillingRules(known_rules),
    )
