"""Replays a scenario file through the rating core, without a database."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from itertools import pairwise
from typing import Any, TypeVar

from dumont_economy.instant import MICROSECONDS_PER_SECOND, instant_text
from dumont_economy.ledger.ledger_entry import component_of, entries_of
from dumont_economy.ledger.line_item import Line, Window
from dumont_economy.ledger.rating import RatingTerms, in_effect, rate_disk, rate_session
from dumont_economy.metering.gpu_session import InstanceTimeline, Shape, replay
from dumont_economy.metering.usage_event import UsageEvent, without_voided
from dumont_economy.money import PERCENT_DECIMALS, amount_text, exact_text
from dumont_economy.pricing.billing_rule import BillingRule, BillingRules, per_second_rule
from dumont_economy.pricing.dated_fact import ALWAYS, in_force_from
from dumont_economy.pricing.disk_price import NOT_COMPARED, DiskPrices, DiskSegment
from dumont_economy.pricing.equivalence import Equivalent, Grade, Reach
from dumont_economy.pricing.exchange_rate import ExchangeRates, ExchangeSegment
from dumont_economy.pricing.match_timeline import (
    MatchSegment,
    Unpriced,
    UnpricedReason,
)
from dumont_economy.savings.ledger_figures import (
    Adjustment,
    DayFigures,
    adjustments_of,
    figures_by_day,
    figures_of,
)
from dumont_economy.savings.local_day import LocalDay, local_days
from dumont_economy.services.scenario import Query, Scenario, as_number

Answer = dict[str, Any]

_Fact = TypeVar("_Fact")

# What is asked for a disk is stated without a currency (RATING.md, section 3).
_DISK_CURRENCY = "USD"

_UNPRICED = Unpriced(UnpricedReason.NO_PRICE_AT_THAT_TIME, "The price book has no price.")


@dataclass(frozen=True)
class _Replayed:
    """What a query's usage comes to at one `as_of` and `now`."""

    timelines: list[InstanceTimeline]
    lines: list[Line]
    duplicates: int
    conflicts: int


def answer_scenario(scenario: Scenario) -> list[Answer]:
    """Return the answer to each query of a scenario, in the spelling of RATING.md."""
    return [
        {"scenario": scenario.id, "query": query.name, **_answer(scenario, query)}
        for query in scenario.queries
    ]


def differences(answer: object, expected: object, path: str = "") -> list[str]:
    """Return where an answer differs from what was expected; decimals compare as numbers.

    Lines may be cut or merged otherwise as long as every figure is equal, so they do not count.
    """
    if isinstance(expected, Mapping):
        if not isinstance(answer, Mapping):
            return [f"{path or 'answer'}: {answer!r}, expected an object"]
        return [
            found
            for name, value in expected.items()
            if name != "lines"
            for found in differences(answer.get(name), value, f"{path}.{name}".lstrip("."))
        ]
    if isinstance(expected, list):
        if not isinstance(answer, list) or len(answer) != len(expected):
            return [f"{path}: {answer!r}, expected {expected!r}"]
        return [
            found
            for number, value in enumerate(expected)
            for found in differences(answer[number], value, f"{path}[{number}]")
        ]
    wanted, given = as_number(expected), as_number(answer)
    is_equal = given == wanted if wanted is not None else answer == expected
    return [] if is_equal else [f"{path}: {answer!r}, expected {expected!r}"]


def _answer(scenario: Scenario, query: Query) -> Answer:
    replayed = _replay(scenario, query, query.as_of, query.now)
    window = Window(query.starts_at, query.ends_at)
    figures = figures_of(replayed.lines, window)
    totals = figures.totals
    percent = totals.saving_percent
    answer: Answer = {
        "used_seconds": _seconds(totals.used),
        "billed_seconds": {
            "actual": _seconds(figures.billed_actual),
            "comparison": _seconds(figures.billed_comparison),
        },
        "unpriced_seconds": _seconds(figures.unpriced),
        "actual": amount_text(totals.actual.total()),
        "comparable_actual": amount_text(totals.comparable.total()),
        "comparison": amount_text(totals.counterfactual.total()),
        "saving": amount_text(totals.saving),
        "saving_pct": None if percent is None else amount_text(percent, PERCENT_DECIMALS),
        "noticed": {
            "duplicate": replayed.duplicates,
            "conflict": replayed.conflicts,
            "orphan_stop": sum(one.state.orphan_stops for one in replayed.timelines),
            "start_while_running": sum(
                one.state.starts_while_running for one in replayed.timelines
            ),
        },
        "lines": _lines(replayed.lines, window, query.currency),
    }
    if query.by_day:
        answer["days"] = [_day(one) for one in figures_by_day(replayed.lines, window, _days(query))]
    if query.adjustment_since is not None:
        earlier = _replay(scenario, query, query.adjustment_since, query.adjustment_since)
        changes = adjustments_of(earlier.lines, replayed.lines, window, _days(query))
        answer["adjustment"] = [_adjustment(one) for one in changes]
    return answer


def _replay(scenario: Scenario, query: Query, as_of: datetime, now: datetime) -> _Replayed:
    first: dict[tuple[str, str], UsageEvent] = {}
    duplicates = conflicts = 0
    for delivery in scenario.deliveries:
        if delivery.tenant != query.tenant or delivery.received_at > as_of:
            continue
        event = delivery.event
        held = first.setdefault((event.source, event.id), event)
        if held is not event:
            duplicates += held == event
            conflicts += held != event
    of_instance: dict[str, list[UsageEvent]] = {}
    for event in without_voided(first.values()):
        of_instance.setdefault(event.instance or "", []).append(event)
    timelines = [replay(name, events, now) for name, events in sorted(of_instance.items())]
    terms = _terms(scenario, query, as_of)
    runs = [
        line
        for timeline in timelines
        for session in timeline.sessions
        for line in rate_session(session, terms, now)
    ]
    disks = [
        line
        for timeline in timelines
        for line in rate_disk(timeline.state.instance, timeline.disk_spans, terms, now)
    ]
    return _Replayed(timelines, [*runs, *disks], duplicates, conflicts)


def _terms(scenario: Scenario, query: Query, as_of: datetime) -> RatingTerms:
    rules = BillingRules(scenario.billing_rules)
    known = [rate for rate in scenario.exchange_rates if rate.published_at <= as_of]
    exchange = ExchangeRates(known)

    def rule_of(party: str, at: datetime) -> BillingRule:
        return rules.in_force(party, at, as_of) or per_second_rule(party, at)

    return RatingTerms(
        currency=query.currency,
        matches_of=lambda shape: _segments(scenario, query, as_of, shape, exchange),
        actual_rule=rule_of,
        comparison_rule=lambda at: rule_of(query.cloud, at),
        exchange_of=lambda currency: exchange.timeline(currency, query.currency),
        disk_prices=_disk_segments(scenario, query, as_of, exchange),
    )


def _segments(
    scenario: Scenario, query: Query, as_of: datetime, shape: Shape, exchange: ExchangeRates
) -> Sequence[MatchSegment]:
    """Return the matches of a shape: the compared SKU is given by cloud, region and GPU."""
    known = in_force_from(
        price
        for price in scenario.prices
        if (price.cloud, price.region, price.gpu) == (query.cloud, query.region, shape.gpu)
        and price.published_at <= as_of
    )
    segments = [MatchSegment(ALWAYS, _UNPRICED)]
    for since, until, price in _stretches(known):
        for at, factor in _factors(exchange, price.currency, query.currency, since, until):
            match = (
                _UNPRICED
                if factor is None
                else _equivalent(price.price_per_gpu_hour * factor, shape)
            )
            segments.append(MatchSegment(at, match))
    return segments


def _disk_segments(
    scenario: Scenario, query: Query, as_of: datetime, exchange: ExchangeRates
) -> Sequence[DiskSegment]:
    """Return what disks are compared with, in the query's currency."""
    known = DiskPrices(one for one in scenario.disk_prices if one.published_at <= as_of)
    stated = known.timeline(query.cloud, query.region)[1:]
    segments = [*NOT_COMPARED]
    for since, until, price in _stretches({one.since: one for one in stated}):
        for at, factor in _factors(exchange, _DISK_CURRENCY, query.currency, since, until):
            paid = price.per_gb_month
            converted = None if factor is None or paid is None else paid * factor
            segments.append(replace(price, since=at, per_gb_month=converted))
    return segments


def _stretches(
    known: Mapping[datetime, _Fact],
) -> Iterable[tuple[datetime, datetime | None, _Fact]]:
    """Return from when until when each of some dated facts holds."""
    return (
        (since, until, fact)
        for (since, until), fact in zip(pairwise([*known, None]), known.values(), strict=True)
        if since is not None
    )


def _factors(
    exchange: ExchangeRates, currency: str, into: str, since: datetime, until: datetime | None
) -> list[tuple[datetime, Fraction | None]]:
    """Return what amounts are multiplied by inside a stretch, and from when on."""
    timeline: Sequence[ExchangeSegment] = exchange.timeline(currency, into)
    later = [one for one in timeline if one.since > since and (until is None or one.since < until)]
    return [(since, in_effect(timeline, since).factor), *((one.since, one.factor) for one in later)]


def _equivalent(price_per_gpu_hour: Fraction, shape: Shape) -> Equivalent:
    return Equivalent(
        grade=Grade.A,
        reach=Reach.WHOLE,
        gpu_model=shape.gpu,
        gpu_count=shape.gpu_count,
        machines=Fraction(shape.gpu_count),
        usd_per_hour=price_per_gpu_hour * shape.gpu_count,
        smallest_instance_usd_per_hour=None,
        ratios=None,
        rate=None,
        source="the scenario's price book",
    )


def _lines(lines: Iterable[Line], window: Window, currency: str) -> list[Answer]:
    """Return the entries that have an amount; what is unpriced has none."""
    return [
        {
            "side": entry.side.value,
            "component": component_of(entry.line).value,
            "instance": entry.line.instance,
            "from": instant_text(entry.starts_at),
            "to": instant_text(entry.ends_at),
            "seconds": _seconds(entry.microseconds),
            "pad_seconds": _seconds(entry.pad_microseconds),
            "units": exact_text(entry.units),
            "unit_price": exact_text(entry.price.price),
            "currency": currency,
            "amount": amount_text(entry.amount),
        }
        for entry in entries_of(lines, window)
        if entry.price is not None and entry.amount is not None
    ]


def _days(query: Query) -> list[LocalDay]:
    return local_days(query.starts_at, query.ends_at, query.zone)


def _day(one: DayFigures) -> Answer:
    totals = one.figures.totals
    return {
        "date": one.day.date.isoformat(),
        "day_starts": instant_text(one.day.starts_at),
        "day_hours": exact_text(one.day.hours),
        "used_seconds": _seconds(totals.used),
        **_money(totals.actual.total(), totals.counterfactual.total(), totals.saving),
    }


def _adjustment(one: Adjustment) -> Answer:
    change = one.change
    return {
        "date": one.date.isoformat(),
        **_money(change.actual, change.counterfactual, change.saving),
    }


def _money(actual: Fraction, comparison: Fraction, saving: Fraction) -> Answer:
    return {
        "actual": amount_text(actual),
        "comparison": amount_text(comparison),
        "saving": amount_text(saving),
    }


def _seconds(microseconds: int) -> str:
    return exact_text(Fraction(microseconds, MICROSECONDS_PER_SECOND))
