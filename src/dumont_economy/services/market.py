"""The market as this installation knows it: price book, matches and billing rules."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from threading import Lock

from sqlalchemy import Connection

from dumont_economy.ledger.rating import RatingTerms
from dumont_economy.metering.gpu_session import Shape
from dumont_economy.pricing.billing_rule import BillingRule, BillingRules, per_second_rule
from dumont_economy.pricing.dated_fact import ALWAYS, KNOWN_NOW, DatedFact
from dumont_economy.pricing.disk_price import NOT_COMPARED, DiskPrices, DiskSegment
from dumont_economy.pricing.exchange_rate import ExchangeRates
from dumont_economy.pricing.gpu_identity import shipped_identifier
from dumont_economy.pricing.gpu_model import shipped_gpu_models
from dumont_economy.pricing.match_timeline import (
    ComparisonQuestion,
    Matcher,
    RequestedGpu,
)
from dumont_economy.pricing.matching_rules import newest_matching_rules
from dumont_economy.pricing.offer_end import shipped_offer_ends
from dumont_economy.pricing.policy import RateCardName
from dumont_economy.pricing.price_book import PriceBook
from dumont_economy.pricing.reference_card import shipped_reference_card
from dumont_economy.services.follow_usage import CacheTerms, cache_terms
from dumont_economy.storage import disk_prices, exchange_rates, prices

_MAX_PAST = 4


@dataclass(frozen=True)
class Market:
    """One state of all price facts; a new state is a new market with another `version`.

    `newest_fact_at` is when the newest of them became known, None where there are none.
    `cache_terms` are what the caches of usage that this market rates are made with.
    """

    version: int
    matcher: Matcher
    billing_rules: BillingRules
    exchange_rates: ExchangeRates
    disk_prices: DiskPrices
    newest_fact_at: datetime | None
    cache_terms: CacheTerms

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
            exchange_of=lambda paid_in: self.exchange_rates.timeline(paid_in, currency),
            disk_prices=self._disk_prices(question),
        )

    def _disk_prices(self, question: ComparisonQuestion) -> tuple[DiskSegment, ...]:
        """Return what disks are compared with; the reference card has none."""
        if question.rate_card is RateCardName.REFERENCE:
            return NOT_COMPARED
        return self.disk_prices.timeline(question.provider, question.region, question.discount)

    def billing_rule(self, provider: str, at: datetime) -> BillingRule:
        """Return a provider's billing rule in effect at `at`; per second where none is known."""
        known = self.billing_rules.in_force(provider, at, KNOWN_NOW)
        return known or per_second_rule(provider, at)

    def has_billing_rule(self, provider: str) -> bool:
        """Say whether any billing rule of a provider is known."""
        return self.billing_rules.in_force(provider, KNOWN_NOW, KNOWN_NOW) is not None


def requested_gpu(shape: Shape) -> RequestedGpu:
    """Return what a shape asks of the price book."""
    return RequestedGpu(shape.gpu, shape.gpu_memory_gib, shape.gpu_count, shape.arch.value)


class MarketReader:
    """Reads the market from the database, again only when a price has been learned.

    What a book is made of is checked each time. Prices that it passes over, as others of the same
    source have replaced them, are checked once: damage might have made them pass for such.
    """

    def __init__(self) -> None:
        self._market: Market | None = None
        self._checked_up_to = 0
        self._past: OrderedDict[tuple[int, ...], Market] = OrderedDict()
        self._lock = Lock()

    def current(self, connection: Connection) -> Market:
        """Return the market as the database knows it now.

        Raises:
            DamagedFactError: a price or a billing rule is not what was written.
        """
        version = prices.price_facts_version(connection)
        if self._market is None or self._market.version != version:
            self._check_new_prices(connection)
            self._market = market_known_at(connection, None, version)
        return self._market

    def known_at(self, connection: Connection, as_of: datetime) -> Market:
        """Return the market as it was known at an instant, a few of which are kept.

        Raises:
            DamagedFactError: a price or a billing rule is not what was written.
        """
        known = prices.facts_known(connection, as_of)
        if known == prices.facts_known(connection):
            return self.current(connection)
        with self._lock:
            held = self._past.get(known)
        if held is None:
            self._check_new_prices(connection)
        # Numbered below zero: no present market has such a version.
        market = held or market_known_at(connection, as_of, -sum(known))
        with self._lock:
            self._past[known] = market
            self._past.move_to_end(known)
            while len(self._past) > _MAX_PAST:
                self._past.popitem(last=False)
        return market

    def _check_new_prices(self, connection: Connection) -> None:
        for number, _ in prices.every_price(connection, after=self._checked_up_to):
            self._checked_up_to = number


def market_known_at(connection: Connection, as_of: datetime | None, version: int) -> Market:
    """Return the market as it was known at an instant; None stands for everything known."""
    rates = prices.rates_known(connection, as_of)
    known_rules = [
        rule
        for rule in prices.every_billing_rule(connection)
        if as_of is None or rule.published_at <= as_of
    ]
    exchange = exchange_rates.exchange_rates_known(connection, as_of)
    disks = disk_prices.disk_prices_known(connection, as_of)
    facts: chain[DatedFact] = chain(rates, known_rules, exchange, disks)
    return Market(
        version=version,
        matcher=matcher_over(PriceBook(rates, shipped_offer_ends(), version)),
        billing_rules=BillingRules(known_rules),
        exchange_rates=ExchangeRates(exchange),
        disk_prices=DiskPrices(disks),
        newest_fact_at=max((fact.published_at for fact in facts), default=None),
        cache_terms=cache_terms(known_rules),
    )


def matcher_over(book: PriceBook) -> Matcher:
    """Return what finds matches in a price book, by the facts and rules that are shipped."""
    return Matcher(
        book,
        shipped_gpu_models(),
        shipped_identifier(),
        shipped_reference_card(),
        newest_matching_rules(),
    )
