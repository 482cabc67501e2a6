"""All figures of an account, as the product tells them and as the model has them."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cache
from typing import TypeVar
from zoneinfo import ZoneInfo

from dumont_economy.ledger.line_item import ALL_TIME
from dumont_economy.savings.ledger_figures import Adjustment, LedgerFigures
from dumont_economy.savings.totals import Totals
from dumont_economy.services.account_view import AccountView
from dumont_economy.services.read_history import read_history
from dumont_economy.services.read_instances import read_instances
from dumont_economy.services.read_ledger import (
    GroupBy,
    LedgerScope,
    group_key,
    lines_in,
    read_adjustments,
    read_groups,
)
from tests.properties.worlds import SECOND_MICROSECONDS, posix
from tests.reference_model import Figures, Piece, Report, World, added, by_day, day_starts, pieces

_MOST_INSTANCES = 100
_NOTHING = Figures()

_Key = TypeVar("_Key")


@dataclass(frozen=True)
class Told:
    """Figures of all use: days in a zone and instances, where they come to anything."""

    lifetime: Figures
    session: Figures
    days: Mapping[date, Figures]
    instances: Mapping[str, Figures]


def told_by_product(view: AccountView, first: date, zone: ZoneInfo) -> Told:
    """Return what the product answers; what it answers in two ways has to be the same."""
    days = (view.as_of.astimezone(zone).date() - first).days + 1
    history = read_history(view, days, zone)
    assert _of_totals(history.totals) == _of_totals(view.lifetime)
    lines = lines_in(view, LedgerScope(ALL_TIME))
    groups = dict(read_groups(lines, ALL_TIME, group_key(view, GroupBy.INSTANCE)))
    rows, _ = read_instances(view, start=0, limit=_MOST_INSTANCES)
    for row in rows:
        of_lines = groups.get(row.state.instance, LedgerFigures()).totals
        assert _of_totals(row.lifetime) == _of_totals(of_lines)
    return Told(
        _of_totals(view.lifetime),
        _of_totals(view.current_session),
        {day: _of_totals(totals) for day, totals in history.days},
        _something({name: of_ledger(figures) for name, figures in groups.items()}),
    )


def told_by_model(
    reports: Sequence[Report], world: World, now: datetime, first: date, zone: ZoneInfo
) -> Told:
    """Return what the model answers of everything that is known."""
    starts = starts_of_days(first, now, zone)
    borders = [Fraction(begins) for begins in starts.values()]
    held = pieces(reports, world, posix(now), borders)
    of_instance: dict[str, list[Piece]] = {}
    for piece in held:
        of_instance.setdefault(piece.instance, []).append(piece)
    return Told(
        _in_totals(_sum(held)),
        _in_totals(_sum(piece for piece in held if piece.is_open_session)),
        {day: _in_totals(one) for day, one in _something(by_day(held, starts)).items()},
        _something({name: _sum(of_one) for name, of_one in of_instance.items()}),
    )


def adjustments_by_product(
    earlier: AccountView, later: AccountView, zone: ZoneInfo
) -> list[Adjustment]:
    """Return by day what the product says that the later figures have more."""
    return read_adjustments(earlier, later, LedgerScope(ALL_TIME), zone)


def of_ledger(figures: LedgerFigures) -> Figures:
    """Return what figures of the ledger say in the model's terms."""
    return replace(
        _of_totals(figures.totals),
        billed_actual=_seconds(figures.billed_actual),
        billed_comparison=_seconds(figures.billed_comparison),
        unpriced=_seconds(figures.unpriced),
    )


def starts_of_days(first: date, now: datetime, zone: ZoneInfo) -> dict[date, int]:
    """Return when each local day begins, from one to the one after today."""
    last = now.astimezone(zone).date() + timedelta(days=1)
    # A month at a time, so that the same are asked for again and again.
    found = _starts(zone, first, last.replace(day=1) + timedelta(days=31))
    return {day: begins for day, begins in found.items() if day <= last}


@cache
def _starts(zone: ZoneInfo, first: date, last: date) -> dict[date, int]:
    return day_starts(zone, first, last)


def midnight_before(now: datetime, first: date, zone: ZoneInfo) -> Fraction:
    """Return when the local day began that it is."""
    begun = list(starts_of_days(first, now, zone).values())
    return Fraction(begun[bisect_right(begun, posix(now)) - 1])


def _of_totals(totals: Totals) -> Figures:
    """Return what totals say in the model's terms; billed seconds are in no total."""
    return Figures(
        used=_seconds(totals.used),
        gpu_used=_seconds(totals.gpu_used),
        gpu_unpriced=_seconds(totals.gpu_used - totals.gpu_priced),
        actual=totals.actual.total(),
        comparable=totals.comparable.total(),
        comparison=totals.counterfactual.total(),
    )


def _in_totals(figures: Figures) -> Figures:
    """Return figures without those that are in no total."""
    none = Fraction(0)
    return replace(figures, billed_actual=none, billed_comparison=none, unpriced=none)


def _something(figures: Mapping[_Key, Figures]) -> dict[_Key, Figures]:
    return {key: one for key, one in figures.items() if one != _NOTHING}


def _sum(held: Iterable[Piece]) -> Figures:
    return added(piece.figures for piece in held)


def _seconds(microseconds: int) -> Fraction:
    return Fraction(microseconds, SECOND_MICROSECONDS)
