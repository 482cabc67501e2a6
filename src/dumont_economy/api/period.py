"""The period that a question is about, told by instants or by local days."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field

from dumont_economy.api.api_error import ApiError
from dumont_economy.api.parameters import BorderParameter, ZoneParameter
from dumont_economy.errors import FieldProblem
from dumont_economy.ledger.line_item import Window
from dumont_economy.savings.local_day import day_start, parse_zone
from dumont_economy.storage.accounts import Account


class PeriodQuery(BaseModel):
    """A period `[from, to)`, of which each side may be left open.

    A date is the first instant of a local day in `timezone`, the account's where it is left out.
    """

    starts_at: BorderParameter | None = Field(default=None, alias="from")
    ends_at: BorderParameter | None = Field(default=None, alias="to")
    timezone: ZoneParameter | None = None


def zone_of(query: PeriodQuery, account: Account) -> ZoneInfo:
    """Return the time zone in which days are told."""
    return query.timezone or parse_zone(account.timezone)


def is_told_in_days(query: PeriodQuery) -> bool:
    """Say whether a period depends on the account's time zone."""
    borders = (query.starts_at, query.ends_at)
    return query.timezone is None and any(
        one is not None and not isinstance(one, datetime) for one in borders
    )


def window_of(query: PeriodQuery, account: Account) -> Window:
    """Return the period that a query means.

    Raises:
        ApiError: 422 for one that ends before it has begun.
    """
    zone = zone_of(query, account)
    starts_at, ends_at = _border(query.starts_at, zone), _border(query.ends_at, zone)
    if starts_at is not None and ends_at is not None and starts_at >= ends_at:
        message = "Must lie after from: the period begins at from and ends before to."
        raise ApiError(422, "empty_period", message, [FieldProblem("to", "empty_period", message)])
    return Window(starts_at, ends_at)


def _border(given: datetime | date | None, zone: ZoneInfo) -> datetime | None:
    if given is None or isinstance(given, datetime):
        return given
    return day_start(given, zone)
