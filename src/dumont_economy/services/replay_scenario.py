"""Replays a scenario file through the rating core, without a database."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from dumont_economy.instant import (
    MICROSECONDS_PER_SECOND,
    instant_text,
    microseconds_between,
)
from dumont_economy.ledger.line_item import BilledSpan, LineItem, Window
from dumont_economy.ledger.rating import RatingTerms, rate_session
from dumont_economy.metering.gpu_session import InstanceTimeline, Shape, replay
from dumont_economy.metering.usage_event import UsageEvent, without_voided
from dumont_economy.money import PERCENT_DECIMALS, amount_text, cost, exact_text
from dumont_economy.pricing.billing_rule import BillingRule, BillingRules, per_second_rule
from dumont_economy.pricing.equivalence import Equivalent, Grade, Reach
from dumont_economy.pricing.match_timeline import (
    ALWAYS,
    MatchSegment,
    Unpriced,
    UnpricedReason,
)
from dumont_economy.savings.local_day import day_start, local_date
from dumont_economy.savings.totals import Totals, total_of
from dumont_economy.services.scenario import Query, Scenario, as_number

Answer = dict[str, Any]

_UNPRICED = Unpriced(UnpricedReason.NO_PRICE_AT_THAT_TIME, "The price book has no price.")


@dataclass(frozen=True)
class _Replayed:
    """What a query's usage comes to at one `as_of` and `now`."""

    timelines: list[InstanceTimeline]
    lines: list[LineItem]
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
    totals = total_of(replayed.lines, window)
    percent = totals.saving_percent
    answer: Answer = {
        "used_seconds": _seconds(totals.used),
        "billed_seconds": {
            "actual": _seconds(sum(_billed(line, "actual", window) for line in replayed.lines)),
            "comparison": _seconds(
                sum(_billed(line, "comparison", window) for line in replayed.lines)
            ),
        },
        "unpriced_seconds": _seconds(
            sum(
                line.used_microseconds(window)
                for line in replayed.lines
                if line.comparison_rate is None
            )
        ),
        "actual": amount_text(totals.actual.total()),
        "comparable_actual": amount_text(totals.comparable.total()),
        "comparison": amount_text(totals.counterfactual.total()),
        "saving": amount_text(totals.saving),
        "saving_pct": None if percent is None else amount_text(percent, PERCENT_DECIMALS),
        "noticed": {
            "duplicate": replayed.duplicates,
            "conflict": replayed.conflicts,
            "orphan_stop": sum(one.orphan_stops for one in replayed.timelines),
            "start_while_running": sum(one.starts_while_running for one in replayed.timelines),
        },
        "lines": _lines(replayed.lines, window, query.currency),
    }
    if query.by_day:
        answer["days"] = [_day(day, replayed.lines) for day in _days(query)]
    if query.adjustment_since is not None:
        earlier = _replay(scenario, query, query.adjustment_since, query.adjustment_since)
        answer["adjustment"] = _adjustment(query, earlier.lines, replayed.lines)
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
    lines = [
        line
        for timeline in timelines
        for session in timeline.sessions
        for line in rate_session(session, terms, now)
    ]
    return _Replayed(timelines, lines, duplicates, conflicts)


def _terms(scenario: Scenario, query: Query, as_of: datetime) -> RatingTerms:
    rules = BillingRules(scenario.billing_rules)

    def rule_of(party: str, at: datetime) -> BillingRule:
        return rules.in_force(party, at, as_of) or per_second_rule(party, at)

    return RatingTerms(
        currency=query.currency,
        matches_of=lambda shape: _segments(scenario, query, as_of, shape),
        actual_rule=rule_of,
        comparison_rule=lambda at: rule_of(query.cloud, at),
    )


def _segments(
    scenario: Scenario, query: Query, as_of: datetime, shape: Shape
) -> Sequence[MatchSegment]:
    """Return the matches of a shape: the compared SKU is given by cloud, region and GPU."""
    known = [
        price
        for price in scenario.prices
        if (price.cloud, price.region, price.gpu) == (query.cloud, query.region, shape.gpu)
        and price.published_at <= as_of
    ]
    known.sort(key=lambda price: (price.effective_from, price.published_at))
    # Of the prices of one instant the one published last holds (R-PRICE).
    in_force = {price.effective_from: price for price in known}
    priced = [
        MatchSegment(since, _equivalent(price.price_per_gpu_hour, shape))
        for since, price in in_force.items()
    ]
    return [MatchSegment(ALWAYS, _UNPRICED), *priced]


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


def _span(line: LineItem, side: str) -> BilledSpan:
    return line.actual if side == "actual" else line.comparison


def _rate(line: LineItem, side: str) -> Fraction | None:
    return line.rate if side == "actual" else line.comparison_rate


def _billed(line: LineItem, side: str, window: Window) -> int:
    if _rate(line, side) is None:
        return 0
    return line.billed_microseconds(_span(line, side), window)


def _lines(lines: Iterable[LineItem], window: Window, currency: str) -> list[Answer]:
    return [
        _line(line, side, rate, window, currency)
        for line in lines
        if window.touches(line.starts_at, line.ends_at)
        for side in ("actual", "comparison")
        if (rate := _rate(line, side)) is not None
    ]


def _line(line: LineItem, side: str, rate: Fraction, window: Window, currency: str) -> Answer:
    units = 1 if side == "actual" else line.shape.gpu_count
    billed = _billed(line, side, window)
    has_pad = window.holds_last_instant_before(line.ends_at)
    return {
        "side": side,
        "component": "compute",
        "instance": line.instance,
        "from": instant_text(max(line.starts_at, window.starts_at or line.starts_at)),
        "to": instant_text(min(line.ends_at, window.ends_at or line.ends_at)),
        "seconds": _seconds(billed),
        "pad_seconds": _seconds(_span(line, side).pad_microseconds if has_pad else 0),
        "units": str(units),
        "unit_price": exact_text(rate / units),
        "currency": currency,
        "amount": amount_text(cost(rate, billed)),
    }


@dataclass(frozen=True)
class _Day:
    date: str
    starts_at: datetime
    hours: Fraction
    window: Window


def _days(query: Query) -> list[_Day]:
    """Return the local days that the query touches, each cut to it."""
    day = local_date(query.starts_at, query.zone)
    days = []
    while (starts_at := day_start(day, query.zone)) < query.ends_at:
        following = day + timedelta(days=1)
        ends_at = day_start(following, query.zone)
        window = Window(max(starts_at, query.starts_at), min(ends_at, query.ends_at))
        length = Fraction(microseconds_between(starts_at, ends_at), 3600 * MICROSECONDS_PER_SECOND)
        if length:
            days.append(_Day(day.isoformat(), starts_at, length, window))
        day = following
    return days


def _day(day: _Day, lines: Iterable[LineItem]) -> Answer:
    totals = total_of(lines, day.window)
    return {
        "date": day.date,
        "day_starts": instant_text(day.starts_at),
        "day_hours": exact_text(day.hours),
        "used_seconds": _seconds(totals.used),
        **_money(totals.actual.total(), totals.counterfactual.total(), totals.saving),
    }


def _adjustment(query: Query, before: list[LineItem], after: list[LineItem]) -> list[Answer]:
    """Return by day of use what the later figure has more; days without a difference left out."""
    adjustments = []
    for day in _days(query):
        old, new = total_of(before, day.window), total_of(after, day.window)
        changes = [b - a for a, b in zip(_amounts(old), _amounts(new), strict=True)]
        if any(changes):
            adjustments.append({"date": day.date, **_money(*changes)})
    return adjustments


def _amounts(totals: Totals) -> tuple[Fraction, Fraction, Fraction]:
    return (totals.actual.total(), totals.counterfactual.total(), totals.saving)


def _money(actual: Fraction, comparison: Fraction, saving: Fraction) -> Answer:
    return {
        "actual": amount_text(actual),
        "comparison": amount_text(comparison),
        "saving": amount_text(saving),
    }


def _seconds(microseconds: int) -> str:
    return exact_text(Fraction(microseconds, MICROSECONDS_PER_SECOND))
