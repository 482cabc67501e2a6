"""Exchange rates: what one currency is worth in another, dated like prices (R-FX)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from dumont_economy.pricing.dated_fact import ALWAYS, in_force_from

_ONE = Fraction(1)


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """From `effective_from` on, one unit of `currency` is worth `rate` units of `into`."""

    currency: str
    into: str
    rate: Decimal
    effective_from: datetime
    published_at: datetime
    source: str
    source_url: str | None
    retrieved_at: date


@dataclass(frozen=True, slots=True)
class ExchangeSegment:
    """From `since` until the next segment, amounts are multiplied by `factor`.

    `factor` is None where no rate is known. `rate` is the fact that it rests on, None for an
    amount that is in the right currency already.
    """

    since: datetime
    factor: Fraction | None
    rate: ExchangeRate | None = None


UNCHANGED = (ExchangeSegment(ALWAYS, _ONE),)


class ExchangeRates:
    """All exchange rates known. A rate is used as it was stated: never inverted, never chained."""

    def __init__(self, rates: Iterable[ExchangeRate]) -> None:
        of_pair: dict[tuple[str, str], list[ExchangeRate]] = {}
        for rate in rates:
            of_pair.setdefault((rate.currency, rate.into), []).append(rate)
        self._timelines = {pair: _timeline(known) for pair, known in of_pair.items()}

    def timeline(self, currency: str, into: str) -> tuple[ExchangeSegment, ...]:
        """Return what amounts are multiplied by at each instant, the first since `ALWAYS`."""
        if currency == into:
            return UNCHANGED
        return self._timelines.get((currency, into), (ExchangeSegment(ALWAYS, None),))


def _timeline(rates: Iterable[ExchangeRate]) -> tuple[ExchangeSegment, ...]:
    known = in_force_from(rates)
    stated = [ExchangeSegment(since, Fraction(rate.rate), rate) for since, rate in known.items()]
    return (ExchangeSegment(ALWAYS, None), *stated)
