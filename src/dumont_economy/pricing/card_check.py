"""The card check: what a figure of a rate card is beside list prices, and what is wrong with it.

Invariants: every word of a finding follows from prices, never from the row that it is about; a
price counts only while its machine was sold.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction

from dumont_economy.money import amount_text, exact_text, round_amount
from dumont_economy.pricing.equivalence import Equivalent, Grade
from dumont_economy.pricing.match_timeline import (
    ComparisonQuestion,
    Match,
    Matcher,
    RequestedGpu,
    Unpriced,
)
from dumont_economy.pricing.price_book import Offer
from dumont_economy.pricing.rate import Rate

# A figure this near to a price is taken to be meant as that price.
NEAR = Fraction(10, 100)

_X86_64 = "x86_64"
_SHOWN_PLACES = 4
_RATIO_PLACES = 2
_CENT_PLACES = 2
_NAMED = 3


class Verdict(StrEnum):
    """What a figure of a card turns out to be."""

    AGREES = "agrees"
    WHOLE_MACHINE = "whole_machine"
    PAST_PRICE = "past_price"
    PAST_WHOLE_MACHINE = "past_whole_machine"
    TOO_HIGH = "too_high"
    TOO_LOW = "too_low"
    NOT_SOLD = "not_sold"
    UNPRICED = "unpriced"


@dataclass(frozen=True, slots=True)
class CardRow:
    """One figure of a rate card: USD per GPU-hour that it states for a GPU, as it spells it."""

    gpu: str
    usd_per_gpu_hour: Fraction


@dataclass(frozen=True, slots=True)
class CardFinding:
    """What a row is beside the list prices of one provider's region.

    `ratio` is the row's figure as a multiple of the list price per GPU-hour, None without one.
    """

    row: CardRow
    question: ComparisonQuestion
    match: Match
    verdict: Verdict
    ratio: Fraction | None
    sentence: str


@dataclass(frozen=True, slots=True)
class _Stated:
    """A price of a machine from an instant until another; None while it holds."""

    rate: Rate
    until: datetime | None

    @property
    def whole(self) -> Fraction:
        return Fraction(self.rate.usd_per_instance_hour)

    @property
    def machine(self) -> str:
        sku = self.rate.sku
        return f"{sku.instance_type} with {exact_text(sku.gpu_count)} {sku.gpu_model}"

    @property
    def is_of_several(self) -> bool:
        return self.rate.sku.gpu_count > 1


def check_row(
    row: CardRow, question: ComparisonQuestion, matcher: Matcher, at: datetime
) -> CardFinding:
    """Return what a row of a card is beside the list prices at an instant."""
    gpu = RequestedGpu(row.gpu, None, 1, _X86_64)
    match = matcher.match_at(gpu, question, at)
    if isinstance(match, Unpriced):
        return CardFinding(row, question, match, Verdict.UNPRICED, None, match.message)
    ratio = row.usd_per_gpu_hour / match.usd_per_gpu_hour
    offers = matcher.book.offers_in(question.provider, question.region, question.pricing_model)
    stated = list(_stated(offers, at))
    if match.grade is Grade.D:
        verdict, sentence = Verdict.NOT_SOLD, _not_sold(row, question, match, stated)
    else:
        chip = matcher.models[match.gpu_model].chip
        same_chip = [one for one in stated if matcher.models[one.rate.sku.gpu_model].chip == chip]
        verdict, sentence = _judged(row.usd_per_gpu_hour, match, same_chip)
    return CardFinding(row, question, match, verdict, ratio, sentence)


def _stated(offers: Iterable[Offer], at: datetime) -> Iterator[_Stated]:
    """Return every price up to an instant at which a machine with whole GPUs was sold."""
    for offer in offers:
        ends = [*(rate.effective_from for rate in offer.rates[1:]), None]
        for rate, end in zip(offer.rates, ends, strict=True):
            until = min((one for one in (end, offer.ends_at) if one is not None), default=None)
            was_sold = until is None or rate.effective_from < until
            if rate.sku.whole_gpus and rate.effective_from <= at and was_sold:
                yield _Stated(rate, None if until is None or until > at else until)


def _judged(
    figure: Fraction, match: Equivalent, same_chip: Iterable[_Stated]
) -> tuple[Verdict, str]:
    """Return the verdict on a figure for a GPU that is sold; the present goes before the past."""
    now = [one for one in same_chip if one.until is None]
    past = [one for one in same_chip if one.until is not None]
    one_gpu = f"one {match.gpu_model} costs {_usd(match.usd_per_gpu_hour)}"
    if _is_near(figure, match.usd_per_gpu_hour):
        share = "" if match.machines == 1 else "a share of "
        return Verdict.AGREES, f"Agrees: {one_gpu} ({share}{_machine(match)})."
    whole = _nearest(figure, [one for one in now if one.is_of_several])
    if whole is not None and _is_near(figure, whole.whole):
        message = (
            f"Is the price of a whole {whole.machine} ({_usd(whole.whole)} since "
            f"{_day(whole.rate.effective_from)}), not of one GPU: {one_gpu}."
        )
        return Verdict.WHOLE_MACHINE, message
    single = _nearest_per_gpu(figure, past)
    if single is not None and _is_near(figure, single.rate.usd_per_gpu_hour):
        message = (
            f"Was right once: per GPU, a {single.machine} cost "
            f"{_usd(single.rate.usd_per_gpu_hour)} {_period(single)}; now {one_gpu}."
        )
        return Verdict.PAST_PRICE, message
    once = _nearest(figure, [one for one in past if one.is_of_several])
    if once is not None and _is_near(figure, once.whole):
        message = (
            f"Is close to what a whole {once.machine} cost {_period(once)} ({_usd(once.whole)}), "
            f"not one GPU: that was {_usd(once.rate.usd_per_gpu_hour)} then, and "
            f"{one_gpu} now."
        )
        return Verdict.PAST_WHOLE_MACHINE, message
    return _off(figure, match, whole)


def _off(figure: Fraction, match: Equivalent, whole: _Stated | None) -> tuple[Verdict, str]:
    ratio = figure / match.usd_per_gpu_hour
    one_gpu = f"the price of one {match.gpu_model} ({_usd(match.usd_per_gpu_hour)})"
    if ratio < 1:
        return Verdict.TOO_LOW, f"Is {_percent(1 - ratio)} below {one_gpu}."
    sentence = f"Is {_ratio(ratio)} times {one_gpu}."
    if whole is not None and whole.whole < 2 * figure:
        sentence += (
            f" Nearest to it is the price of a whole {whole.machine}, {_usd(whole.whole)}: the "
            f"figure is {_ratio(figure / whole.whole)} times that."
        )
    return Verdict.TOO_HIGH, sentence


def _not_sold(
    row: CardRow, question: ComparisonQuestion, match: Equivalent, stated: Iterable[_Stated]
) -> str:
    ratio = row.usd_per_gpu_hour / match.usd_per_gpu_hour
    sentence = (
        f"{question.provider.label} sells no {row.gpu} in {question.region}. Its substitute is "
        f"{match.gpu_model}, grade D, at {_usd(match.usd_per_gpu_hour)}: the figure is "
        f"{_ratio(ratio)} times that."
    )
    named = _equal_to_the_cent(row.usd_per_gpu_hour, stated)
    if not named:
        return sentence
    return f"{sentence} To the cent it is the price of another GPU: {'; '.join(named[:_NAMED])}."


def _equal_to_the_cent(figure: Fraction, stated: Iterable[_Stated]) -> list[str]:
    """Return which machines, or shares of one, cost exactly so much; the smallest of each GPU."""
    smallest: dict[str, _Stated] = {}
    for one in stated:
        sku = one.rate.sku
        if _cents(one.rate.usd_per_gpu_hour) == _cents(figure):
            held = smallest.get(sku.gpu_model)
            if held is None or _size(one) < _size(held):
                smallest[sku.gpu_model] = one
    return [
        f"one {gpu} in a {one.rate.sku.instance_type} {_period(one)}"
        for gpu, one in sorted(smallest.items())
    ]


def _size(one: _Stated) -> tuple[Fraction, str, datetime]:
    sku = one.rate.sku
    return (sku.gpu_count, sku.instance_type, one.rate.effective_from)


def _nearest(figure: Fraction, stated: Iterable[_Stated]) -> _Stated | None:
    """Return the machine whose whole price is nearest to a figure."""
    return min(stated, key=lambda one: (abs(figure / one.whole - 1), *_size(one)), default=None)


def _nearest_per_gpu(figure: Fraction, stated: Iterable[_Stated]) -> _Stated | None:
    """Return the machine whose price per GPU is nearest to a figure."""
    return min(
        stated,
        key=lambda one: (abs(figure / one.rate.usd_per_gpu_hour - 1), *_size(one)),
        default=None,
    )


def _is_near(figure: Fraction, price: Fraction) -> bool:
    return abs(figure / price - 1) <= NEAR


def _machine(match: Equivalent) -> str:
    return "" if match.rate is None else match.rate.sku.instance_type


def _period(one: _Stated) -> str:
    since = _day(one.rate.effective_from)
    return f"since {since}" if one.until is None else f"from {since} until {_day(one.until)}"


def _day(at: datetime) -> str:
    return at.date().isoformat()


def _usd(price: Fraction) -> str:
    return exact_text(round_amount(price, _SHOWN_PLACES))


def _cents(price: Fraction) -> str:
    return amount_text(price, _CENT_PLACES)


def _ratio(ratio: Fraction) -> str:
    return amount_text(ratio, _RATIO_PLACES)


def _percent(share: Fraction) -> str:
    return f"{amount_text(100 * share, 0)} %"
