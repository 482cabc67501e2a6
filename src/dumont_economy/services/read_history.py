"""Reads an account's costs and savings by local day."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise, starmap
from zoneinfo import ZoneInfo

from dumont_economy.ledger.line_item import Window
from dumont_economy.savings.local_day import day_start, local_date
from dumont_economy.savings.totals import Totals
from dumont_economy.services.account_view import AccountView


@dataclass(frozen=True)
class History:
    """The days with use, cost or a comparison, newest first, and the exact totals of all."""

    days: list[tuple[date, Totals]]
    totals: Totals
    today_ends_at: datetime

    def valid_until(self, view: AccountView) -> datetime:
        """Return until when the days stay as they are, without an open session or a new event."""
        next_event_at = view.ledger.next_event_at
        return min(self.today_ends_at, next_event_at or self.today_ends_at)


def read_history(view: AccountView, days: int, zone: ZoneInfo) -> History:
    """Return the last `days` local days, today included."""
    today = local_date(view.as_of, zone)
    first = today - timedelta(days=days - 1)
    borders = [
        day_start(first + timedelta(days=number), zone)
        for number in range((today - first).days + 2)
    ]
    of_day: dict[int, Totals] = {}
    for day, window in enumerate(starmap(Window, pairwise(borders))):
        ended = view.ended.by_key(window)
        if ended:
            of_day[day] = Totals()
            for of_key in ended.values():
                of_day[day].merge(of_key)
    for day, still_open in view.open_totals_by_day(tuple(borders)).items():
        of_day.setdefault(day, Totals()).merge(still_open)
    totals = Totals()
    for of_one in of_day.values():
        of_one.settle()
        totals.merge(of_one)
    found = [
        (first + timedelta(days=day), of_day[day])
        for day in sorted(of_day, reverse=True)
        if _is_anything(of_day[day])
    ]
    return History(found, totals, borders[-1])


def _is_anything(totals: Totals) -> bool:
    # A disk may cost nothing where it is and something elsewhere.
    return bool(totals.used or totals.actual.total() or totals.counterfactual.total())
