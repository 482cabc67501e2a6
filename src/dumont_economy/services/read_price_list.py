"""Reads what each provider asks per GPU: the cheapest SKU of every model, in one region."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction

from dumont_economy.pricing.match_timeline import ComparisonQuestion
from dumont_economy.pricing.policy import RateCardName
from dumont_economy.pricing.rate import Rate
from dumont_economy.services.market import Market

STALE_AFTER = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class ListedPrice:
    """What one GPU costs an hour at a provider, and the SKU that it is a share of, if one."""

    gpu: str
    usd_per_gpu_hour: Fraction
    rate: Rate | None
    source: str


@dataclass(frozen=True)
class PriceList:
    """One provider's prices by GPU; `newest_retrieval` is None on a card and without a price."""

    question: ComparisonQuestion
    prices: list[ListedPrice]
    newest_retrieval: date | None

    def is_stale(self, at: datetime) -> bool:
        """Say whether even the newest price was retrieved over 180 days ago."""
        newest = self.newest_retrieval
        return newest is not None and at.date() - newest > STALE_AFTER


def read_price_list(market: Market, question: ComparisonQuestion, at: datetime) -> PriceList:
    """Return what a provider asks per GPU at an instant, whole GPUs only."""
    if question.rate_card is RateCardName.REFERENCE:
        card = market.matcher.card
        listed = [
            ListedPrice(gpu, rate, None, card.source)
            for gpu, rate in sorted(card.usd_per_gpu_hour[question.provider].items())
        ]
        return PriceList(question, listed, None)
    book = market.matcher.book
    offered = book.rates_on_offer(question.provider, question.region, question.pricing_model, at)
    dearest_first = sorted((one for one in offered if one.sku.whole_gpus), key=_order, reverse=True)
    cheapest = {rate.sku.gpu_model: rate for rate in dearest_first}
    listed = [
        ListedPrice(gpu, rate.usd_per_gpu_hour * (1 - question.discount), rate, rate.source)
        for gpu, rate in sorted(cheapest.items())
    ]
    newest = max((rate.retrieved_at for rate in cheapest.values()), default=None)
    return PriceList(question, listed, newest)


def _order(rate: Rate) -> tuple[Fraction, Fraction, str]:
    return (rate.usd_per_gpu_hour, rate.sku.gpu_count, rate.sku.instance_type)
